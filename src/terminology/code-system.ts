/**
 * A CodeSystem resource, ready to be asked.
 * @see https://hl7.org/fhir/R4/codesystem.html
 */
import type { CodeSystem, CodeSystemConcept, CodeSystemConceptDesignation, Extension } from 'fhir/r4';
import type { Coding } from '../resource.ts';
import type { CodeSystemView, Concept, ConceptProperty, Designation } from './types.ts';

interface OpenConcept extends Concept {
  readonly designations: Designation[];
  readonly properties: ConceptProperty[];
  readonly parents: OpenConcept[];
  readonly children: OpenConcept[];
}

const CONCEPT_PROPERTIES = 'http://hl7.org/fhir/concept-properties#';
const TRANSLATION = 'http://hl7.org/fhir/StructureDefinition/translation';
const INACTIVE: ReadonlySet<unknown> = new Set(['retired', 'inactive']);

/**
 * @param resource a CodeSystem whose structure is valid
 * @param supplements CodeSystems that add designations and properties to it
 * @returns undefined when the resource holds no concepts of its own: only its name is published
 */
export function openCodeSystem(
  resource: CodeSystem,
  supplements: readonly CodeSystem[] = [],
): CodeSystemView | undefined {
  if (!resource.url || resource.content === 'not-present' || resource.content === 'supplement') {
    return undefined;
  }
  const fold =
    resource.caseSensitive === false ? (code: string) => code.toLowerCase() : (code: string) => code;
  const concepts: OpenConcept[] = [];
  collect(resource.concept ?? [], undefined, meaningsOf(resource), concepts);
  const byCode = new Map(concepts.map((each) => [fold(each.code), each]));
  for (const supplement of supplements) {
    const added: OpenConcept[] = [];
    collect(supplement.concept ?? [], undefined, meaningsOf(supplement), added);
    for (const each of added) enrich(byCode.get(fold(each.code)), each, supplement.language);
  }
  linkStated(concepts, byCode, fold);
  return {
    url: resource.url,
    ...(resource.version !== undefined && { version: resource.version }),
    name: resource.name ?? resource.title ?? resource.url,
    ...(resource.language !== undefined && { language: resource.language }),
    complete: resource.content === 'complete',
    properties: new Map([resource, ...supplements].flatMap(describeProperties)),
    concepts,
    find: (code) => byCode.get(fold(code)),
  };
}

/** Which of its property codes stand for the properties that FHIR defines. */
interface Meanings {
  readonly notSelectable: ReadonlySet<string>;
  readonly inactive: ReadonlySet<string>;
  readonly status: ReadonlySet<string>;
}

function meaningsOf(resource: CodeSystem): Meanings {
  const codes = (name: string) => {
    const stated = (resource.property ?? []).filter(({ uri }) => uri === `${CONCEPT_PROPERTIES}${name}`);
    return new Set([name, ...stated.map(({ code }) => code)]);
  };
  return { notSelectable: codes('notSelectable'), inactive: codes('inactive'), status: codes('status') };
}

function describeProperties(resource: CodeSystem) {
  return (resource.property ?? []).map(
    ({ code, uri, description }) =>
      [
        code,
        { ...(uri !== undefined && { uri }), ...(description !== undefined && { description }) },
      ] as const,
  );
}

function collect(
  stated: readonly CodeSystemConcept[],
  parent: OpenConcept | undefined,
  meanings: Meanings,
  into: OpenConcept[],
): void {
  for (const each of stated) {
    const properties = (each.property ?? []).flatMap(readProperty);
    const has = (codes: ReadonlySet<string>, fits: (value: unknown) => boolean) =>
      properties.some(({ code, value }) => codes.has(code) && fits(value));
    const concept: OpenConcept = {
      code: each.code,
      ...(each.display !== undefined && { display: each.display }),
      ...(each.definition !== undefined && { definition: each.definition }),
      designations: [...(each.designation ?? []).map(readDesignation), ...readTranslations(each)],
      properties,
      parents: parent ? [parent] : [],
      children: [],
      abstract: has(meanings.notSelectable, (value) => value === true),
      inactive:
        has(meanings.inactive, (value) => value === true) ||
        has(meanings.status, (value) => INACTIVE.has(value)),
    };
    parent?.children.push(concept);
    into.push(concept);
    collect(each.concept ?? [], concept, meanings, into);
  }
}

function readProperty(property: NonNullable<CodeSystemConcept['property']>[number]): ConceptProperty[] {
  const found = Object.entries(property).find(([member]) => /^value[A-Z]/.test(member));
  return found ? [{ code: property.code, member: found[0], value: found[1] }] : [];
}

/** A designation of a CodeSystem or of a ValueSet. */
export function readDesignation({ language, use, value }: CodeSystemConceptDesignation): Designation {
  return { ...(language !== undefined && { language }), ...(use && { use: use as Coding }), value };
}

/** Translations may also be said by an extension of the display. */
function readTranslations(concept: CodeSystemConcept): Designation[] {
  return (concept._display?.extension ?? []).flatMap((each: Extension) => {
    if (each.url !== TRANSLATION) return [];
    const language = each.extension?.find(({ url }) => url === 'lang')?.valueCode;
    const value = each.extension?.find(({ url }) => url === 'content')?.valueString;
    return language !== undefined && value !== undefined ? [{ language, value }] : [];
  });
}

function enrich(concept: OpenConcept | undefined, added: Concept, language: string | undefined): void {
  if (!concept) return;
  concept.designations.push(...added.designations);
  if (added.display !== undefined && language !== undefined) {
    concept.designations.push({ language, value: added.display });
  }
  concept.properties.push(...added.properties);
}

/** Hierarchies may be stated by properties as well as by nesting. @see http://hl7.org/fhir/concept-properties */
function linkStated(
  concepts: readonly OpenConcept[],
  byCode: ReadonlyMap<string, OpenConcept>,
  fold: (code: string) => string,
): void {
  const link = (parent: OpenConcept | undefined, child: OpenConcept | undefined) => {
    if (!parent || !child || parent === child || child.parents.includes(parent)) return;
    child.parents.push(parent);
    parent.children.push(child);
  };
  for (const concept of concepts) {
    for (const { code, value } of concept.properties) {
      if (typeof value !== 'string') continue;
      if (code === 'parent' || code === 'subsumedBy') link(byCode.get(fold(value)), concept);
      if (code === 'child') link(concept, byCode.get(fold(value)));
    }
  }
}

/** Whether `above` is the concept itself or anywhere above it. */
export function isWithin(concept: Concept, above: Concept): boolean {
  const seen = new Set<Concept>([concept]);
  for (const each of seen) {
    if (each === above) return true;
    for (const parent of each.parents) seen.add(parent);
  }
  return false;
}
