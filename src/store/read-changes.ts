/**
 * The history of one resource, of a type or of everything, newest first, confined to what the caller may see.
 * @see https://hl7.org/fhir/R4/http.html#history
 */
import type { Queryable } from './database.ts';
import { toStoredVersion, type VersionRow, versionColumns } from './read-resource.ts';
import {
  createSearchScope,
  isSharedType,
  type SearchScope,
  visibleRowsOfAnyType,
  visibleSectors,
} from './search-scope.ts';
import type { HistoryQuery, StoredVersion } from './types.ts';

/**
 * Versions that the caller may see, of resources that the caller may see as they are now: who could see a resource
 * once does not go on reading it. One version more than `count` says that there are more.
 */
export async function readChanges(
  sql: Queryable,
  parts: Pick<SearchScope, 'definitions' | 'planOf'>,
  query: HistoryQuery,
): Promise<readonly StoredVersion[]> {
  const scope = createSearchScope({ ...parts, visibility: query.visibility, now: 0 });
  const limit = scope.bind(query.count);
  const stillVisible = () =>
    `EXISTS (SELECT FROM resource c WHERE ${[
      'c.type = r.type',
      'c.id = r.id',
      ...visibleRowsOfAnyType(scope, 'c'),
    ].join(' AND ')})`;
  const branches = visibleParts(scope, query.types).flatMap((part) => [
    branch(scope, 'resource', query, limit, part),
    branch(scope, 'resource_history', query, limit, [...part, stillVisible()]),
  ]);
  if (branches.length === 0) return [];
  const rows = await sql.query<VersionRow>(
    `SELECT ${versionColumns('v')} FROM (${branches.join(' UNION ALL ')}) v ${order('v')} LIMIT ${limit}`,
    scope.values,
  );
  return rows.map(toStoredVersion);
}

/**
 * What the caller may see, in parts that each have an index: what is about the caller's patient, and what is shared.
 * Without that, the little that one patient has is looked for among everything.
 */
function visibleParts(scope: SearchScope, types: readonly string[]): string[][] {
  const { patientId } = scope.visibility;
  const ofTypes = (some: readonly string[]): string => `r.type = ANY (${scope.bind(some)}::text[])`;
  if (patientId === undefined) return [[ofTypes(types), ...visibleSectors(scope, 'r')]];
  const own = types.filter((type) => scope.planOf(type).inCompartment);
  const shared = types.filter((type) => isSharedType(scope, type));
  return [
    ...(own.length > 0 ? [[ofTypes(own), `r.patients @> ARRAY[${scope.bind(patientId)}]::text[]`]] : []),
    ...(shared.length > 0 ? [[ofTypes(shared)]] : []),
  ].map((part) => [...part, ...visibleSectors(scope, 'r')]);
}

const COLUMNS = ['type', 'id', 'version_id', 'last_updated', 'method', 'content', 'patients', 'sector'];

/** Keys that no two versions share. */
const order = (v: string): string =>
  `ORDER BY ${['last_updated', 'type', 'id', 'version_id'].map((column) => `${v}.${column} DESC`).join(', ')}`;

function branch(
  scope: SearchScope,
  table: 'resource' | 'resource_history',
  query: HistoryQuery,
  limit: string,
  visible: readonly string[],
): string {
  const conditions = [
    ...(query.id === undefined ? [] : [`r.id = ${scope.bind(query.id)}`]),
    ...(query.since === undefined ? [] : [`r.last_updated >= ${moment(scope, query.since)}`]),
    ...(query.at === undefined ? [] : currentAt(scope, table, query.at)),
    ...(query.before === undefined ? [] : [isOlder(scope, query.before)]),
    ...visible,
  ];
  const columns = COLUMNS.map((column) => `r.${column}`).join(', ');
  return `(SELECT ${columns} FROM ${table} r WHERE ${conditions.join(' AND ')} ${order('r')} LIMIT ${limit})`;
}

/** A version is current from its own time until that of the next. */
function currentAt(
  scope: SearchScope,
  table: 'resource' | 'resource_history',
  at: NonNullable<HistoryQuery['at']>,
): string[] {
  const started = `r.last_updated <= ${moment(scope, at.high)}`;
  if (table === 'resource') return [started];
  const next = `SELECT FROM resource_version n WHERE n.type = r.type AND n.id = r.id
    AND n.version_id = r.version_id + 1 AND n.last_updated > ${moment(scope, at.low)}`;
  return [started, `EXISTS (${next})`];
}

function isOlder(scope: SearchScope, before: NonNullable<HistoryQuery['before']>): string {
  const place = [
    moment(scope, Date.parse(before.lastUpdated)),
    scope.bind(before.type),
    scope.bind(before.id),
    `${scope.bind(before.versionId)}::integer`,
  ];
  return `(r.last_updated, r.type, r.id, r.version_id) < (${place.join(', ')})`;
}

const moment = (scope: SearchScope, ms: number): string =>
  `${scope.bind(new Date(ms).toISOString())}::timestamptz`;
