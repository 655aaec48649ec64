import { isObject, objectsOf } from './answer-value.ts';

/** Extensions of Questionnaire items that limit their answers, by short name. */
export const EXTENSION = {
  minLength: 'http://hl7.org/fhir/StructureDefinition/minLength',
  regex: 'http://hl7.org/fhir/StructureDefinition/regex',
  minValue: 'http://hl7.org/fhir/StructureDefinition/minValue',
  maxValue: 'http://hl7.org/fhir/StructureDefinition/maxValue',
  minQuantity: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-minQuantity',
  maxQuantity: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity',
  maxDecimalPlaces: 'http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces',
  mimeType: 'http://hl7.org/fhir/StructureDefinition/mimeType',
  maxSize: 'http://hl7.org/fhir/StructureDefinition/maxSize',
  minOccurs: 'http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs',
  maxOccurs: 'http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs',
  unit: 'http://hl7.org/fhir/StructureDefinition/questionnaire-unit',
  unitOption: 'http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption',
  unitValueSet: 'http://hl7.org/fhir/StructureDefinition/questionnaire-unitValueSet',
  referenceResource: 'http://hl7.org/fhir/StructureDefinition/questionnaire-referenceResource',
  referenceProfile: 'http://hl7.org/fhir/StructureDefinition/questionnaire-referenceProfile',
  optionExclusive: 'http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive',
  targetConstraint: 'http://hl7.org/fhir/StructureDefinition/targetConstraint',
  constraint: 'http://hl7.org/fhir/StructureDefinition/questionnaire-constraint',
  calculated: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression',
  initialExpression: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-initialExpression',
  enableWhenExpression:
    'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression',
} as const;

/** Every extension with the URL. */
export function extensionsOf(holder: unknown, url: string): readonly Record<string, unknown>[] {
  if (!isObject(holder)) return [];
  return objectsOf(holder['extension']).filter((extension) => extension['url'] === url);
}

/** The first extension with the URL. */
export function extensionOf(holder: unknown, url: string): Record<string, unknown> | undefined {
  return extensionsOf(holder, url)[0];
}

/** The first number among an extension's `value[x]`. */
export function numberOf(holder: unknown, url: string): number | undefined {
  const extension = extensionOf(holder, url);
  for (const key of ['valueInteger', 'valueDecimal', 'valuePositiveInt', 'valueUnsignedInt']) {
    const value = extension?.[key];
    if (typeof value === 'number') return value;
  }
  return undefined;
}

/** The texts of every extension with the URL, whichever text type they have. */
export function textsOf(holder: unknown, url: string): readonly string[] {
  return extensionsOf(holder, url).flatMap((extension) =>
    ['valueString', 'valueCode', 'valueCanonical', 'valueUri'].flatMap((key) => {
      const value = extension[key];
      return typeof value === 'string' ? [value] : [];
    }),
  );
}
