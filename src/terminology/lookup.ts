/**
 * What a code system says of a code.
 * @see https://hl7.org/fhir/R4/codesystem-operation-lookup.html
 */
import type { ParametersParameter } from 'fhir/r4';
import { displayIn, isOfLanguage, readLanguages } from './display.ts';
import type { CodeSystemView, Concept, ConceptProperty, Designation } from './types.ts';

export interface LookupOptions {
  readonly displayLanguage?: string;
  /** Property codes, `designation`, `lang.X`; none: everything. */
  readonly properties: readonly string[];
}

/** The `out` parameters of the operation. */
export function describeConcept(
  view: CodeSystemView,
  concept: Concept,
  { displayLanguage, properties }: LookupOptions,
): ParametersParameter[] {
  const wants = (name: string) =>
    properties.length === 0 || properties.includes(name) || properties.includes('*');
  const languages = properties.flatMap((each) => (each.startsWith('lang.') ? [each.slice(5)] : []));
  const designations = concept.designations.filter(
    ({ language }) => wants('designation') || languages.some((each) => isOfLanguage(language, each)),
  );
  const display = displayIn(concept, view.language, readLanguages(displayLanguage));
  return [
    { name: 'name', valueString: view.name },
    ...(view.version === undefined ? [] : [{ name: 'version', valueString: view.version }]),
    { name: 'display', valueString: display ?? concept.code },
    ...designations.map(describeDesignation),
    ...allProperties(view, concept)
      .filter(({ code }) => wants(code))
      .map((each) => describeProperty(view, each)),
  ];
}

function describeDesignation({ language, use, value }: Designation): ParametersParameter {
  return {
    name: 'designation',
    part: [
      ...(language === undefined ? [] : [{ name: 'language', valueCode: language }]),
      ...(use === undefined ? [] : [{ name: 'use', valueCoding: { ...use } }]),
      { name: 'value', valueString: value },
    ],
  };
}

/** Stated properties, and those that every concept has. */
function allProperties(view: CodeSystemView, concept: Concept): readonly ConceptProperty[] {
  const hierarchy = (code: 'parent' | 'child', concepts: readonly Concept[]) =>
    concepts.map((each) => ({ code, member: 'valueCode', value: each.code }));
  const own = concept.properties.filter(({ code }) => code !== 'parent' && code !== 'child');
  const isStated = own.some(({ code }) => code === 'inactive');
  return [
    { code: 'system', member: 'valueUri', value: view.url },
    ...(concept.definition === undefined
      ? []
      : [{ code: 'definition', member: 'valueString', value: concept.definition }]),
    ...(isStated ? [] : [{ code: 'inactive', member: 'valueBoolean', value: concept.inactive }]),
    ...hierarchy('parent', concept.parents),
    ...hierarchy('child', concept.children),
    ...own,
  ];
}

function describeProperty(
  view: CodeSystemView,
  { code, member, value }: ConceptProperty,
): ParametersParameter {
  const description = view.properties.get(code)?.description;
  return {
    name: 'property',
    part: [
      { name: 'code', valueCode: code },
      { name: 'value', [member]: value },
      ...(description === undefined ? [] : [{ name: 'description', valueString: description }]),
    ],
  };
}
