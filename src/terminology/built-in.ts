/** The terminology that comes with the gateway: R4's own, the profiles', and the systems that are grammars. */
import type { CodeSystem, ConceptMap, ValueSet } from 'fhir/r4';
import type { Definitions } from '../definitions/index.ts';
import { openCodeSystem } from './code-system.ts';
import { keepRecent } from './keep-recent.ts';
import type { CodeSystemView, TerminologySource } from './types.ts';
import { COUNTRIES, SUBDIVISIONS, WORLD_REGIONS } from './well-known/countries.ts';
import { CURRENCIES } from './well-known/currencies.ts';
import { LANGUAGES } from './well-known/languages.ts';
import { MIME_TYPES } from './well-known/mime-types.ts';
import { UNITS } from './well-known/units.ts';

const RUNTIME_SYSTEMS: ReadonlyMap<string, CodeSystemView> = new Map(
  [COUNTRIES, SUBDIVISIONS, WORLD_REGIONS, CURRENCIES, LANGUAGES, MIME_TYPES, UNITS].map((each) => [
    each.url,
    each,
  ]),
);

/** Concepts in the code systems that are kept open, and value sets that are kept. */
const MOST_CONCEPTS = 20_000;
const MOST_VALUE_SETS = 60;

export interface BuiltInTerminology extends TerminologySource {
  /** The resource, for what is more than its concepts: supplements are merged into it. */
  codeSystemResource(url: string, version?: string): CodeSystem | undefined;
  conceptMap(canonical: string): ConceptMap | undefined;
  conceptMapUrls(): readonly string[];
}

export function createBuiltIn(
  definitions: Pick<Definitions, 'published' | 'publishedUrls'>,
): BuiltInTerminology {
  const views = keepRecent<string, CodeSystemView | undefined>(
    MOST_CONCEPTS,
    (view) => 20 + (view?.concepts?.length ?? 0),
  );
  const valueSets = keepRecent<string, ValueSet | undefined>(MOST_VALUE_SETS);
  const codeSystemResource = (url: string, version?: string) =>
    definitions.published('CodeSystem', version === undefined ? url : `${url}|${version}`) as
      | CodeSystem
      | undefined;
  return {
    codeSystemResource,
    codeSystem: (url, version) =>
      RUNTIME_SYSTEMS.get(url) ??
      views(`${url}|${version ?? ''}`, () => {
        const resource = codeSystemResource(url, version);
        return resource && openCodeSystem(resource);
      }),
    valueSet: (canonical) =>
      valueSets(canonical, () => definitions.published('ValueSet', canonical) as ValueSet | undefined) ??
      allOf(canonical, definitions),
    conceptMap: (canonical) => definitions.published('ConceptMap', canonical) as ConceptMap | undefined,
    conceptMapUrls: () => definitions.publishedUrls('ConceptMap'),
  };
}

/**
 * A code system may name the value set of all its codes without there being such a resource.
 * @see https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.valueSet
 */
function allOf(
  canonical: string,
  definitions: Pick<Definitions, 'published' | 'publishedUrls'>,
): ValueSet | undefined {
  const system = canonical.replace('/ValueSet/', '/CodeSystem/');
  if (system === canonical) return undefined;
  const resource = definitions.published('CodeSystem', system) as CodeSystem | undefined;
  return resource && openAll(resource, canonical);
}

/** The value set of all codes of a system; undefined when the system names another, or none. */
export function openAll(system: CodeSystem, canonical: string): ValueSet | undefined {
  const url = canonical.split('|', 1)[0] as string;
  if (system.url === undefined || system.valueSet?.split('|', 1)[0] !== url) return undefined;
  return {
    resourceType: 'ValueSet',
    url,
    ...(system.version !== undefined && { version: system.version }),
    status: system.status,
    compose: { include: [{ system: system.url }] },
  };
}
