/**
 * What of FHIR R4 the server does, as a page of documentation, from what it runs on.
 * @see https://hl7.org/fhir/R4/http.html
 * @see https://hl7.org/fhir/R4/search.html
 */
import type { Definitions, SearchType } from '../definitions/index.ts';
import { CONTROL_PARAMETERS, isSearchable, searchModifiers, searchPrefixes } from '../store/index.ts';
import { MEDIA_TYPES } from './media-type.ts';
import { PATCH_FORMATS } from './patch-document.ts';
import { ROUTES } from './routes.ts';
import { isStoredType } from './stored-type.ts';

/** Modifiers that R4 defines for each type of parameter. @see https://hl7.org/fhir/R4/search.html#modifiers */
export const R4_MODIFIERS: Readonly<Record<SearchType, readonly string[]>> = {
  token: ['text', 'not', 'above', 'below', 'in', 'not-in', 'of-type', 'missing'],
  string: ['exact', 'contains', 'missing'],
  date: ['missing'],
  reference: ['[type]', 'identifier', 'above', 'below', 'missing'],
  uri: ['above', 'below', 'missing'],
  number: ['missing'],
  quantity: ['missing'],
  composite: ['missing'],
  special: [],
};

/** What is not in the table of routes: Bundles, capabilities, and what headers ask for. */
const BESIDE_ROUTES: readonly string[] = [
  'GET metadata',
  'POST / (transaction)',
  'POST / (batch)',
  'JSON and XML (`Accept`, `Content-Type`, `_format`, `_pretty`)',
  'StructureMap as FHIR Mapping Language (`text/fhir-mapping`)',
  'decimals with their digits',
  'If-Match',
  'If-None-Match, If-Modified-Since',
  'If-None-Exist',
  'Idempotency-Key',
  'Prefer: return=',
  'Prefer: handling=',
  'Update as create (when configured)',
  'Subscription by rest-hook',
];
const SEARCH_FORMS: readonly string[] = [
  'chains (`subject:Patient.name`)',
  '`_has`',
  'chains by canonical (`questionnaire.title`)',
  '`_text`, `_content`',
  '`_list`',
  '`_include=*`, `_revinclude=*`',
  '`_include:iterate`, `_revinclude:iterate`',
  '`_summary`, `_elements`',
];

/** Everything that the page tells of and a test must prove. */
export function supportedFeatures(): readonly string[] {
  const kinds = Object.keys(R4_MODIFIERS) as SearchType[];
  return [
    ...new Set(ROUTES.map(({ method, path, types }) => nameRoute(method, path, types))),
    ...BESIDE_ROUTES,
    ...kinds.filter((kind) => searchModifiers(kind)).map((kind) => `search by ${kind}`),
    ...SEARCH_FORMS,
    ...CONTROL_PARAMETERS.filter((name) => name !== '_summary').map((name) => `\`${name}\``),
  ];
}

/**
 * The page in Markdown.
 * @param proofs for each of {@link supportedFeatures} the test that proves it
 */
export function describeSupport(
  definitions: Definitions,
  proofs: ReadonlyMap<string, { readonly file: string; readonly test: string }>,
): string {
  const rows = supportedFeatures().map((feature) => {
    const proof = proofs.get(feature);
    if (!proof) throw new TypeError(`no test is named that proves: ${feature}`);
    const test = proof.test.replaceAll('|', '\\|');
    return `| ${feature.replaceAll('|', '\\|')} | \`${proof.file}\`: ${test} |`;
  });
  const formats = Object.values(MEDIA_TYPES)
    .map(([name]) => `\`${name}\``)
    .join(', ');
  return [
    '# FHIR R4: what the server does',
    '',
    'Written from the code; a test fails when this page and the code differ. What is not here is refused with an',
    'OperationOutcome: an unknown or unsupported search parameter or modifier with 400, unless the caller prefers',
    '`handling=lenient`.',
    '',
    `Formats: ${formats}. Patches: ${PATCH_FORMATS.map((each) => `\`${each}\``).join(', ')}.`,
    '',
    '## Interactions, operations and searches',
    '',
    '| what | the test that proves it |',
    '| --- | --- |',
    ...rows,
    '',
    '## Modifiers and prefixes',
    '',
    'Each is tried by `test/rest/fhir-support.test.ts`: the supported ones are answered, the others refused.',
    '',
    '`:above` and `:below` of a token and `:in` and `:not-in` take code systems and value sets that are known here.',
    'Of a reference they mean resources that are part of one another, and versions of a canonical. Words of `_text` and',
    '`_content` are found whole, without case and accents, in any language; `AND`, `OR`, `NOT`, `"phrases"` and',
    'parentheses join them. `_content` is not indexed for the types in `SILTA_CONTENT_UNSEARCHED`.',
    '',
    '`_total=estimate` counts exactly, as `_total=accurate` does: an estimate of the database is made of every resource,',
    'those of other patients and sectors too, and would tell of what the caller may not see. Who does not ask for a total',
    'is told it where it costs nothing.',
    '',
    '| type of parameter | modifiers | prefixes | of R4, not supported |',
    '| --- | --- | --- | --- |',
    ...(Object.keys(R4_MODIFIERS) as SearchType[]).map(describeModifiers),
    '',
    '## Parameters of each resource type',
    '',
    '| type | searched by | of R4, not supported |',
    '| --- | --- | --- |',
    ...[...definitions.resourceTypes]
      .filter((type) => isStoredType(definitions.resourceTypes, type))
      .sort()
      .map((type) => describeParameters(definitions, type)),
    '',
  ].join('\n');
}

function nameRoute(method: string, path: string, types: readonly string[] | undefined): string {
  if (path === '') return `${method} ?_type=`;
  const address = path.replace(':type', types?.join(', ') ?? '[type]').replace(/:(\w+)/g, '[$1]');
  return `${method} ${address}${path === ':type' && CONDITIONAL.has(method) ? '?criteria' : ''}`;
}

/** Why a parameter of R4 is not searched by. */
export const UNSUPPORTED: Readonly<Record<string, string>> = {
  _query: 'no named query is defined',
  near: 'no index of places',
};

const CONDITIONAL: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'DELETE']);

function describeModifiers(kind: SearchType): string {
  const supported = searchModifiers(kind);
  const missing = R4_MODIFIERS[kind].filter((each) => !supported?.includes(each));
  const list = (names: readonly string[]) => names.map((each) => `\`:${each}\``).join(' ');
  const prefixes = searchPrefixes(kind).join(' ');
  return `| ${kind} | ${supported ? list(supported) : 'the type is not searched by'} | ${prefixes} | ${list(missing)} |`;
}

function describeParameters(definitions: Definitions, type: string): string {
  const all = [...definitions.searchParameters(type).values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  const list = (some: typeof all) =>
    some.map(({ code }) => (UNSUPPORTED[code] ? `${code} (${UNSUPPORTED[code]})` : code)).join(', ');
  return `| ${type} | ${list(all.filter(isSearchable))} | ${list(all.filter((each) => !isSearchable(each)))} |`;
}
