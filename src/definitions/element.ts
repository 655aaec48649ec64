import type { ElementDefinition, ElementDefinitionType, Extension } from 'fhir/r4';
import type { Constraint, Element } from './types.ts';

type Binding = NonNullable<Element['binding']>;

/** What an ElementDefinition states itself; in a differential the rest is the base's. */
export type ElementPart = Pick<Element, 'path' | 'name'> & Partial<Omit<Element, 'path' | 'name'>>;

const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';
const FHIRPATH_TYPES = 'http://hl7.org/fhirpath/';

/**
 * Reads one ElementDefinition into the parts it states.
 * @see https://hl7.org/fhir/R4/elementdefinition.html
 */
export function readElement(definition: ElementDefinition): ElementPart {
  const path = elementPath(definition);
  const { min, max, type, contentReference, binding, constraint, slicing, sliceName } = definition;
  const fixed = readChoice(definition, 'fixed');
  const pattern = readChoice(definition, 'pattern');
  const minValue = readChoice(definition, 'minValue');
  const maxValue = readChoice(definition, 'maxValue');
  return {
    path,
    name: lastName(path),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max: max === '*' ? Number.POSITIVE_INFINITY : Number(max) }),
    ...(type && { types: type.map(readType) }),
    ...(contentReference && { contentReference: contentReference.slice(contentReference.indexOf('#') + 1) }),
    ...(binding?.valueSet && { binding: readBinding(binding, binding.valueSet) }),
    ...(constraint && { constraints: constraint.flatMap(readConstraint) }),
    ...(fixed !== undefined && { fixed }),
    ...(pattern !== undefined && { pattern }),
    ...(definition.maxLength !== undefined && { maxLength: definition.maxLength }),
    ...(minValue !== undefined && { minValue }),
    ...(maxValue !== undefined && { maxValue }),
    ...(sliceName && { sliceName }),
    ...(slicing && {
      slicing: {
        discriminators: (slicing.discriminator ?? []).map((each) => ({ type: each.type, path: each.path })),
        rules: slicing.rules,
        ...(slicing.ordered && { ordered: true }),
      },
    }),
    ...(definition.representation && { representation: definition.representation }),
    ...readXmlExtensions(definition.extension),
    ...(definition.isSummary !== undefined && { summary: definition.isSummary }),
    ...(definition.isModifier !== undefined && { modifier: definition.isModifier }),
  };
}

const ADDITIONAL =
  /^http:\/\/hl7\.org\/fhir\/(?:5\.0\/StructureDefinition\/extension-ElementDefinition\.binding\.additional|tools\/StructureDefinition\/additional-binding)$/;

/** A binding, with the value sets that R5's additional bindings require besides. */
function readBinding(binding: NonNullable<ElementDefinition['binding']>, valueSet: string): Binding {
  const additional = (binding.extension ?? []).flatMap(({ url, extension: parts = [] }) => {
    const part = (name: string) => parts.find((each) => each.url === name);
    // One that holds for some uses only says nothing to those who do not know the use.
    const required = part('purpose')?.valueCode === 'required' && part('usage') === undefined;
    const also = part('valueSet')?.valueCanonical;
    return ADDITIONAL.test(url) && required && also ? [also] : [];
  });
  return { strength: binding.strength, valueSet, ...(additional.length > 0 && { additional }) };
}

const XML_EXTENSION =
  /^http:\/\/hl7\.org\/fhir\/(?:tools\/)?StructureDefinition\/(?:elementdefinition-)?(.+)$/;

/**
 * Reads the extensions by which logical models, CDA's above all, say how they look in XML.
 * @see https://build.fhir.org/ig/FHIR/fhir-tools-ig/extensions.html
 */
export function readXmlExtensions(
  extensions: readonly Extension[] = [],
): Pick<Element, 'xmlName' | 'xmlNamespace' | 'xmlChoiceGroup'> {
  const value = (...names: readonly string[]) =>
    extensions.find((each) => names.includes(XML_EXTENSION.exec(each.url)?.[1] ?? ''));
  const name = value('xml-name');
  const namespace = value('xml-namespace', 'namespace');
  return {
    ...(name?.valueString && { xmlName: name.valueString }),
    ...(namespace?.valueUri && { xmlNamespace: namespace.valueUri }),
    ...(value('xml-choice-group')?.valueBoolean && { xmlChoiceGroup: true }),
  };
}

/** An element of its own: what is not stated has the default of the specification. */
export function completeElement(part: ElementPart): Element {
  return { min: 0, max: 1, types: [], constraints: [], summary: false, modifier: false, ...part };
}

/** The last segment of an element's path, without a slice name. */
export function lastName(path: string): string {
  const segment = path.slice(path.lastIndexOf('.') + 1);
  const colon = segment.indexOf(':');
  return colon < 0 ? segment : segment.slice(0, colon);
}

function elementPath(definition: ElementDefinition): string {
  if (definition.id) return definition.id;
  return definition.sliceName ? `${definition.path}:${definition.sliceName}` : definition.path;
}

function readType(type: ElementDefinitionType): Element['types'][number] {
  return {
    code: typeCode(type),
    ...(type.targetProfile && { targetProfiles: type.targetProfile }),
    ...(type.profile && { profiles: type.profile }),
  };
}

// Ids and primitive values are typed by FHIRPath's system types; the FHIR type is in an extension.
function typeCode(type: ElementDefinitionType): string {
  if (!type.code.startsWith(FHIRPATH_TYPES)) return type.code;
  return type.extension?.find((each) => each.url === FHIR_TYPE)?.valueUrl ?? type.code;
}

function readConstraint(constraint: NonNullable<ElementDefinition['constraint']>[number]): Constraint[] {
  const { key, severity, human, expression } = constraint;
  return expression ? [{ key, severity, human, expression }] : [];
}

function readChoice(
  definition: ElementDefinition,
  prefix: 'fixed' | 'pattern' | 'minValue' | 'maxValue',
): unknown {
  const found = Object.entries(definition).find(([key]) => key.startsWith(prefix) && key !== prefix);
  return found?.[1];
}
