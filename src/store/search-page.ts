/** Reads one page of what a search finds, as one row: fifty rows cost the driver more than all the rest of a search. */
import type { Queryable, Row } from './database.ts';
import { toStoredVersion, type VersionRow, versionColumns } from './read-resource.ts';
import { compileParameter } from './search-condition.ts';
import type { Placed } from './search-include.ts';
import { type SearchScope, visibleRows } from './search-scope.ts';
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
import type { Search } from './search-steering.ts';
import type { SearchQuery } from './types.ts';

export interface Asked {
  readonly scope: SearchScope;
  readonly search: Search;
  readonly query: SearchQuery;
  /** Name of the prepared statement of a text; undefined for none. */
  readonly statementName: (text: string) => string | undefined;
}

/** The versions of a page. */
export async function readPage(
  sql: Queryable,
  asked: Asked,
): Promise<{ readonly placed: readonly Placed[]; readonly next?: string }> {
  const { row, next } = await readRow<LinesRow>(sql, asked, LINES);
  return { placed: row?.lines?.split(LINE_END).map(readLine) ?? [], ...(next !== undefined && { next }) };
}

/**
 * The same page as the text of a Bundle's entries, which the database writes, so that the process has nothing to take
 * apart and put together.
 * @param base address of the FHIR base, without a trailing slash
 */
export async function readPageText(
  sql: Queryable,
  asked: Asked,
  base: string,
): Promise<{ readonly entries: string; readonly shown: readonly string[]; readonly next?: string }> {
  const fullUrl = asked.scope.bind(`{"fullUrl":${JSON.stringify(`${base}/`).slice(0, -1)}`);
  const { row, next } = await readRow<EntriesRow>(sql, asked, entriesWith(fullUrl));
  return {
    entries: row?.entries ?? '',
    shown: row?.shown?.split(' ') ?? [],
    ...(next !== undefined && { next }),
  };
}

/** What is read of each row that is found, and what the page's one row tells of them. */
interface Telling {
  /** Columns of `resource r`. */
  readonly columns: string;
  /** Their names. */
  readonly names: readonly string[];
  /** Aggregates of rows `q`, by the name of their column. */
  readonly told: Readonly<Record<string, string>>;
}

interface PageRow extends Row {
  /** Sort values of the last row as text, its key last; null when the page is not full. */
  readonly place: string[] | null;
  readonly found: number;
}

interface LinesRow extends PageRow {
  /** Versions as lines; null without any. */
  readonly lines: string | null;
}

interface EntriesRow extends PageRow {
  /** JSON text of entries, with commas between; null without any. */
  readonly entries: string | null;
  /** References of the resources, with spaces between. */
  readonly shown: string | null;
}

/** Neither JSON text nor any other field holds these characters raw. */
const [FIELD_END, LINE_END] = ['\u001f', '\u001e'];
const LINES: Telling = {
  columns: versionColumns('r'),
  names: ['type', 'id', 'version_id', 'updated', 'method', 'sector', 'patients', 'content'],
  told: {
    lines: `string_agg(concat_ws(E'\\x1f', q.key, q.type, q.id, q.version_id, q.updated, q.method, q.sector, q.patients,
      q.content), E'\\x1e' ORDER BY q.n)`,
  },
};

/** Types and ids are made of characters that JSON does not escape. */
const entriesWith = (fullUrl: string): Telling => ({
  columns: 'r.type, r.id, r.content',
  names: ['type', 'id', 'content'],
  told: {
    entries: `string_agg(concat(${fullUrl}::text, q.type, '/', q.id, '","resource":', q.content,
      ',"search":{"mode":"match"}}'), ',' ORDER BY q.n)`,
    shown: `string_agg(concat(q.type, '/', q.id), ' ' ORDER BY q.n)`,
  },
});

async function readRow<T extends PageRow>(
  sql: Queryable,
  { scope, search, query, statementName }: Asked,
  telling: Telling,
): Promise<{ readonly row: T | undefined; readonly next?: string }> {
  const branches = search.types.map((type) => ({ type, keys: compileSort(scope, 'r', type, search.sort) }));
  const keys = branches[0]?.keys ?? [];
  const signature = searchSignature(search.types, query.parameters);
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, signature, keys);
  const text = pageStatement(scope, search, branches, { after, telling });
  const name = statementName(text);
  const prepared = name !== undefined && isOfOnePatient(scope, search) ? { plannedOnce: name } : name;
  const [row] = await sql.query<T>(text, scope.values, prepared);
  const last = row && row.found > search.count ? row.place : undefined;
  return { row, ...(last && { next: writeCursor(signature, last) }) };
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

interface PageParts {
  readonly after: readonly string[] | undefined;
  readonly telling: Telling;
}

function pageStatement(
  scope: SearchScope,
  search: Search,
  branches: readonly Branch[],
  page: PageParts,
): string {
  const count = scope.bind(search.count);
  const found = branches.map((branch) => branchStatement(scope, search, branch, { ...page, count }));
  const [only, ...others] = found;
  const rows = others.length === 0 ? only : mergeBranches(found, branches[0]?.keys ?? [], { ...page, count });
  const told = Object.entries(page.telling.told).map(
    ([name, aggregate]) => `${aggregate} FILTER (WHERE q.n <= ${count}) AS ${name}`,
  );
  return `SELECT ${told.join(',\n      ')},
      max(q.place) FILTER (WHERE q.n = ${count}) AS place, count(*) AS found
    FROM (${rows}) AS q`;
}

/** The first rows of one type, numbered in their order. */
function branchStatement(
  scope: SearchScope,
  search: Search,
  { type, keys }: Branch,
  page: PageParts & { readonly count: string },
): string {
  const where = compileWhere(scope, search, type);
  if (page.after) where.push(compileAfter(scope, keys, page.after));
  const joins = keys.flatMap((key) => key.join ?? []).join(' ');
  const order = orderBy(keys);
  const sorted =
    search.types.length > 1 ? keys.map((key, at) => `${key.expression} AS s${at}, `).join('') : '';
  return `SELECT r.key, ARRAY[${keys.map(placeOf).join(', ')}] AS place, ${sorted}row_number() OVER (ORDER BY ${order}) AS n,
      ${page.telling.columns}
    FROM resource r ${joins} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${page.count} + 1`;
}

/** What a resource of the type must be for the search to find it. */
export function compileWhere(scope: SearchScope, search: Search, type: string): string[] {
  return [
    `r.type = '${type}'`,
    'r.content IS NOT NULL',
    ...visibleRows(scope, 'r', type),
    ...search.conditions.map(([name, value]) => compileParameter(scope, { r: 'r', type }, name, value)),
  ];
}

/** Each type is searched by its own index; the first rows of all are the first of the first rows of each. */
function mergeBranches(
  statements: readonly string[],
  keys: readonly SortKey[],
  { telling, count }: PageParts & { readonly count: string },
): string {
  const order = orderBy(keys.map((key, at) => ({ ...key, expression: `u.s${at}` })));
  const union = statements.map((each) => `(${each})`).join(' UNION ALL ');
  const columns = ['key', 'place', ...telling.names].map((name) => `u.${name}`).join(', ');
  return `SELECT ${columns}, row_number() OVER (ORDER BY ${order}) AS n FROM (${union}) AS u
    ORDER BY ${order} LIMIT ${count} + 1`;
}
