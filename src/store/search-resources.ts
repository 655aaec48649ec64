/**
 * Searches resources of one type.
 * @see https://hl7.org/fhir/R4/search.html
 */
import type { Definitions } from '../definitions/index.ts';
import { SiltaError } from '../outcome.ts';
import type { Queryable, Row } from './database.ts';
import type { IndexPlan } from './index-plan.ts';
import { toStoredVersion, type VersionRow, versionColumns } from './read-resource.ts';
import { compileParameter, isKnownParameter } from './search-condition.ts';
import { type Include, readInclude, readIncluded } from './search-include.ts';
import { malformed } from './search-input.ts';
import { createSearchScope, freshScope, type SearchScope, visibleRows } from './search-scope.ts';
import {
  compileAfter,
  compileSort,
  orderBy,
  placeOf,
  readCursor,
  type SortKey,
  searchSignature,
  writeCursor,
} from './search-sort.ts';
import type { SearchPage, SearchQuery, StoredVersion } from './types.ts';

export interface SearchParts {
  readonly definitions: Definitions;
  readonly planOf: (type: string) => IndexPlan;
  readonly clock: () => Date;
  /** Name of the prepared statement of a text; undefined for none. */
  readonly statementName: (text: string) => string | undefined;
}

interface Search {
  readonly type: string;
  readonly conditions: readonly (readonly [name: string, value: string])[];
  readonly sort?: string;
  readonly count: number;
  readonly total?: 'none' | 'accurate';
  readonly includes: readonly Include[];
}

const DEFAULT_COUNT = 50;
const MOST_COUNT = 1000;
const MOST_CONDITIONS = 60;
/** Parameters of the answer's form: the REST API's affair. */
const IGNORED = new Set(['_format', '_pretty', '_elements']);

/** @throws SiltaError `invalid-parameter` naming the parameter */
export async function searchResources(
  sql: Queryable,
  parts: SearchParts,
  query: SearchQuery,
): Promise<SearchPage> {
  if (!parts.definitions.resourceTypes.has(query.type)) {
    throw new SiltaError('not-supported', 'There is no resource type of this name in FHIR R4.');
  }
  const scope = createSearchScope({
    definitions: parts.definitions,
    planOf: parts.planOf,
    visibility: query.visibility,
    now: parts.clock().getTime(),
  });
  const search = readSearch(scope, query);
  const total =
    search.total === 'accurate' || search.count === 0
      ? await countMatches(sql, parts, scope, search)
      : undefined;
  if (search.count === 0) return { matches: [], included: [], ...(total !== undefined && { total }) };
  const page = await readPage(sql, parts, { scope, search, query });
  const included = await readIncluded(sql, scope, search.includes, page);
  const free = search.total === undefined && query.cursor === undefined && page.next === undefined;
  const known = total ?? (free ? page.matches.length : undefined);
  return {
    matches: page.matches,
    included,
    ...(known !== undefined && { total: known }),
    ...(page.next !== undefined && { next: page.next }),
  };
}

/** Sorts the parameters into conditions and what steers the answer. */
function readSearch(scope: SearchScope, { type, parameters }: SearchQuery): Search {
  const conditions: (readonly [string, string])[] = [];
  const includes: Include[] = [];
  const steering = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (IGNORED.has(name)) continue;
    if (STEERING.has(name)) {
      if (steering.has(name)) throw malformed(name, 'it may be given once only');
      steering.set(name, value);
    } else if (name === '_include' || name === '_revinclude') {
      includes.push(readInclude(scope, type, name, value));
    } else conditions.push([name, value]);
  }
  if (conditions.length > MOST_CONDITIONS) {
    throw new SiltaError('invalid-parameter', `A search has at most ${MOST_CONDITIONS} conditions.`);
  }
  const summary = readChoice('_summary', steering.get('_summary'), [
    'true',
    'false',
    'text',
    'data',
    'count',
  ]);
  const total = readChoice('_total', steering.get('_total'), ['none', 'estimate', 'accurate']);
  const sort = steering.get('_sort');
  return {
    type,
    conditions,
    includes,
    count: summary === 'count' ? 0 : readCount(steering.get('_count')),
    ...(sort !== undefined && { sort }),
    // An estimate may be exact.
    ...(total !== undefined && { total: total === 'none' ? 'none' : 'accurate' }),
  };
}

const STEERING = new Set(['_sort', '_count', '_total', '_summary']);
const INCLUDING = new Set(['_include', '_revinclude']);
/** Parameters that steer a search instead of confining it. */
export const CONTROL_PARAMETERS: readonly string[] = [...STEERING, ...INCLUDING];

/** Whether a search of the type knows a parameter of this name, whatever its modifier and value. */
export function knowsParameter(
  parts: Pick<SearchParts, 'definitions' | 'planOf'>,
  type: string,
  name: string,
): boolean {
  const [code = ''] = name.split(':');
  const steers = IGNORED.has(name) || STEERING.has(code) || INCLUDING.has(code);
  return steers || isKnownParameter(parts, type, name);
}

function readChoice(name: string, value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value === undefined || allowed.includes(value)) return value;
  throw malformed(name, `allowed: ${allowed.join(', ')}`);
}

function readCount(value: string | undefined): number {
  if (value === undefined) return DEFAULT_COUNT;
  if (!/^\d{1,9}$/.test(value)) throw malformed('_count', 'the value is a whole number');
  return Math.min(Number(value), MOST_COUNT);
}

function compileWhere(scope: SearchScope, search: Search): string[] {
  return [
    `r.type = '${search.type}'`,
    'r.content IS NOT NULL',
    ...visibleRows(scope, 'r', search.type),
    ...search.conditions.map(([name, value]) =>
      compileParameter(scope, { r: 'r', type: search.type }, name, value),
    ),
  ];
}

async function countMatches(
  sql: Queryable,
  parts: SearchParts,
  scope: SearchScope,
  search: Search,
): Promise<number> {
  const own = freshScope(scope);
  const text = `SELECT count(*) AS total FROM resource r WHERE ${compileWhere(own, search).join(' AND ')}`;
  const [row] = await sql.query<{ total: number }>(text, own.values, parts.statementName(text));
  return row?.total ?? 0;
}

/** A page as one row: fifty rows cost the driver more than all the rest of a search. */
interface PageRow extends Row {
  /** Lines of {@link LINE}; null without any. */
  readonly lines: string | null;
  /** Sort values of the last row as text, its key last; null when the page is not full. */
  readonly place: string[] | null;
  readonly found: number;
}

/** Neither JSON text nor any other field holds these characters raw. */
const [FIELD_END, LINE_END] = ['\u001f', '\u001e'];
const LINE = `concat_ws(E'\\x1f', q.key, q.id, q.version_id, q.updated, q.method, q.sector, q.patients, q.content)`;

interface Asked {
  readonly scope: SearchScope;
  readonly search: Search;
  readonly query: SearchQuery;
}

async function readPage(
  sql: Queryable,
  parts: SearchParts,
  { scope, search, query }: Asked,
): Promise<{ keys: number[]; matches: SearchPage['matches']; next?: string }> {
  const keys = compileSort(scope, 'r', search.type, search.sort);
  const signature = searchSignature(query.type, query.parameters);
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, signature, keys);
  const text = pageStatement(scope, search, keys, after);
  const [row] = await sql.query<PageRow>(text, scope.values, parts.statementName(text));
  const shown = row?.lines?.split(LINE_END).map((line) => readLine(search.type, line)) ?? [];
  const last = row && row.found > search.count ? row.place : undefined;
  return {
    keys: shown.map(({ key }) => key),
    matches: shown.map(({ stored }) => stored),
    ...(last && { next: writeCursor(signature, last) }),
  };
}

function readLine(type: string, line: string): { readonly key: number; readonly stored: StoredVersion } {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < FIELDS) {
    const end = line.indexOf(FIELD_END, at);
    fields.push(line.slice(at, end));
    at = end + 1;
  }
  const [key, id = '', version, updated, method, sector, patients = ''] = fields;
  const content = line.slice(at);
  const row = { type, id, version_id: Number(version), updated: Number(updated), content, patients };
  return { key: Number(key), stored: toStoredVersion({ ...row, method, sector } as VersionRow) };
}

/** Fields of a line before the content, which is never searched for their ends. */
const FIELDS = 7;

function pageStatement(
  scope: SearchScope,
  search: Search,
  keys: readonly SortKey[],
  after: readonly string[] | undefined,
): string {
  const where = compileWhere(scope, search);
  if (after) where.push(compileAfter(scope, keys, after));
  const joins = keys.flatMap((key) => key.join ?? []).join(' ');
  const place = keys.map(placeOf).join(', ');
  const order = orderBy(keys);
  const count = scope.bind(search.count);
  return `SELECT string_agg(${LINE}, E'\\x1e' ORDER BY q.n) FILTER (WHERE q.n <= ${count}) AS lines,
      max(q.place) FILTER (WHERE q.n = ${count}) AS place, count(*) AS found
    FROM (SELECT r.key, ARRAY[${place}] AS place, row_number() OVER (ORDER BY ${order}) AS n, ${versionColumns('r')}
      FROM resource r ${joins} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${count} + 1) AS q`;
}
