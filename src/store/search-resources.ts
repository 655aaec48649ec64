/**
 * Searches resources of one type or of several.
 * @see https://hl7.org/fhir/R4/search.html
 */
import type { Definitions } from '../definitions/index.ts';
import { SiltaError } from '../outcome.ts';
import type { Queryable, Row } from './database.ts';
import type { IndexPlan } from './index-plan.ts';
import { toStoredVersion, type VersionRow, versionColumns } from './read-resource.ts';
import { compileParameter } from './search-condition.ts';
import { type Placed, readIncluded } from './search-include.ts';
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
import { readSearch, type Search } from './search-steering.ts';
import { readCodeSets, type SearchTerminology } from './search-terminology.ts';
import type { SearchPage, SearchQuery } from './types.ts';

export interface SearchParts {
  readonly definitions: Definitions;
  readonly planOf: (type: string) => IndexPlan;
  readonly clock: () => Date;
  readonly terminology: SearchTerminology;
  /** Address of this server's FHIR base. */
  readonly base?: string;
  /** Name of the prepared statement of a text; undefined for none. */
  readonly statementName: (text: string) => string | undefined;
}

/** @throws SiltaError `invalid-parameter` naming the parameter */
export async function searchResources(
  sql: Queryable,
  parts: SearchParts,
  query: SearchQuery,
): Promise<SearchPage> {
  const types = query.types ?? [query.type];
  if (types.length === 0 || !types.every((type) => parts.definitions.resourceTypes.has(type))) {
    throw new SiltaError('not-supported', 'There is no resource type of this name in FHIR R4.');
  }
  const scope = createSearchScope({
    definitions: parts.definitions,
    planOf: parts.planOf,
    visibility: query.visibility,
    now: parts.clock().getTime(),
    codeSets: await readCodeSets(parts.terminology, query.parameters),
    ...(parts.base !== undefined && { base: parts.base }),
  });
  const search = readSearch(scope, types, query);
  const counted = search.total === 'accurate' || search.count === 0;
  const total = counted ? await countMatches(sql, parts, scope, search) : undefined;
  if (search.count === 0) return { matches: [], included: [], ...(total !== undefined && { total }) };
  const page = await readPage(sql, parts, { scope, search, query });
  const { included, cut } = await readIncluded(sql, scope, search.includes, { matches: page.placed, query });
  const free = search.total === undefined && query.cursor === undefined && page.next === undefined;
  const known = total ?? (free ? page.placed.length : undefined);
  return {
    matches: page.placed.map(({ stored }) => stored),
    included,
    ...(cut && { includedCut: true }),
    ...(known !== undefined && { total: known }),
    ...(page.next !== undefined && { next: page.next }),
  };
}

function compileWhere(scope: SearchScope, search: Search, type: string): string[] {
  return [
    `r.type = '${type}'`,
    'r.content IS NOT NULL',
    ...visibleRows(scope, 'r', type),
    ...search.conditions.map(([name, value]) => compileParameter(scope, { r: 'r', type }, name, value)),
  ];
}

async function countMatches(
  sql: Queryable,
  parts: SearchParts,
  scope: SearchScope,
  search: Search,
): Promise<number> {
  const own = freshScope(scope);
  const counts = search.types.map(
    (type) => `(SELECT count(*) FROM resource r WHERE ${compileWhere(own, search, type).join(' AND ')})`,
  );
  const text = `SELECT ${counts.join(' + ')} AS total`;
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
const LINE = `concat_ws(E'\\x1f', q.key, q.type, q.id, q.version_id, q.updated, q.method, q.sector, q.patients, q.content)`;

interface Asked {
  readonly scope: SearchScope;
  readonly search: Search;
  readonly query: SearchQuery;
}

async function readPage(
  sql: Queryable,
  parts: SearchParts,
  { scope, search, query }: Asked,
): Promise<{ readonly placed: readonly Placed[]; readonly next?: string }> {
  const branches = search.types.map((type) => ({ type, keys: compileSort(scope, 'r', type, search.sort) }));
  const keys = branches[0]?.keys ?? [];
  const signature = searchSignature(search.types, query.parameters);
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, signature, keys);
  const text = pageStatement(scope, search, branches, after);
  const name = parts.statementName(text);
  const prepared = name !== undefined && isOfOnePatient(scope, search) ? { plannedOnce: name } : name;
  const [row] = await sql.query<PageRow>(text, scope.values, prepared);
  const last = row && row.found > search.count ? row.place : undefined;
  return {
    placed: row?.lines?.split(LINE_END).map(readLine) ?? [],
    ...(last && { next: writeCursor(signature, last) }),
  };
}

/**
 * Whether a search is confined to one patient, so that it starts at what is that patient's whatever else is asked: then
 * planning it anew for other values, which takes longer than the search itself, finds nothing better.
 */
function isOfOnePatient({ planOf, visibility }: SearchScope, { types, conditions }: Search): boolean {
  const [type, ...others] = types;
  if (type === undefined || others.length > 0) return false;
  if (visibility.patientId !== undefined && planOf(type).inCompartment) return true;
  const { parameters, compartment } = planOf(type);
  return conditions.some(([name, value]) => {
    const parameter = parameters.get(name);
    const [, target, id] = ONE_TARGET.exec(value) ?? [];
    if (!parameter || id === undefined || !compartment.has(parameter.param)) return false;
    return target === 'Patient/' || parameter.only === 'Patient';
  });
}

const ONE_TARGET = /^(Patient\/)?([A-Za-z0-9.-]{1,64})$/;

function readLine(line: string): Placed {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < FIELDS) {
    const end = line.indexOf(FIELD_END, at);
    fields.push(line.slice(at, end));
    at = end + 1;
  }
  const [key, type = '', id = '', version, updated, method, sector, patients = ''] = fields;
  const content = line.slice(at);
  const row = { type, id, version_id: Number(version), updated: Number(updated), content, patients };
  return { key: Number(key), stored: toStoredVersion({ ...row, method, sector } as VersionRow) };
}

/** Fields of a line before the content, which is never searched for their ends. */
const FIELDS = 8;

interface Branch {
  readonly type: string;
  readonly keys: readonly SortKey[];
}

function pageStatement(
  scope: SearchScope,
  search: Search,
  branches: readonly Branch[],
  after: readonly string[] | undefined,
): string {
  const count = scope.bind(search.count);
  const found = branches.map((branch) => branchStatement(scope, search, branch, { after, count }));
  const [only, ...others] = found;
  return `SELECT string_agg(${LINE}, E'\\x1e' ORDER BY q.n) FILTER (WHERE q.n <= ${count}) AS lines,
      max(q.place) FILTER (WHERE q.n = ${count}) AS place, count(*) AS found
    FROM (${others.length === 0 ? only : mergeBranches(found, branches[0]?.keys ?? [], count)}) AS q`;
}

/** The first rows of one type, numbered in their order. */
function branchStatement(
  scope: SearchScope,
  search: Search,
  { type, keys }: Branch,
  page: { readonly after: readonly string[] | undefined; readonly count: string },
): string {
  const where = compileWhere(scope, search, type);
  if (page.after) where.push(compileAfter(scope, keys, page.after));
  const joins = keys.flatMap((key) => key.join ?? []).join(' ');
  const order = orderBy(keys);
  const sorted =
    search.types.length > 1 ? keys.map((key, at) => `${key.expression} AS s${at}, `).join('') : '';
  return `SELECT r.key, ARRAY[${keys.map(placeOf).join(', ')}] AS place, ${sorted}row_number() OVER (ORDER BY ${order}) AS n,
      ${versionColumns('r')}
    FROM resource r ${joins} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${page.count} + 1`;
}

/** Each type is searched by its own index; the first rows of all are the first of the first rows of each. */
function mergeBranches(statements: readonly string[], keys: readonly SortKey[], count: string): string {
  const order = orderBy(keys.map((key, at) => ({ ...key, expression: `u.s${at}` })));
  const union = statements.map((each) => `(${each})`).join(' UNION ALL ');
  const columns =
    'u.key, u.place, u.type, u.id, u.version_id, u.updated, u.method, u.sector, u.patients, u.content';
  return `SELECT ${columns}, row_number() OVER (ORDER BY ${order}) AS n FROM (${union}) AS u
    ORDER BY ${order} LIMIT ${count} + 1`;
}
