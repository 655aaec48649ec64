/**
 * Reads of one moment for an export, row by row through a cursor.
 * @see https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status `transactionTime`
 */
import type { Database, Queryable, Row } from './database.ts';
import type { DeletionQuery, ExportQuery, RowSource, Snapshot } from './export-types.ts';
import { readResource } from './read-resource.ts';
import { compileParameter } from './search-condition.ts';
import {
  createSearchScope,
  existsRow,
  type SearchScope,
  visibleRows,
  visibleRowsOfAnyType,
} from './search-scope.ts';
import { readCodeSets, type SearchTerminology } from './search-terminology.ts';

export type SnapshotParts = Pick<SearchScope, 'definitions' | 'planOf' | 'base'> & {
  readonly clock: () => Date;
  readonly terminology: SearchTerminology;
};

/** Marks the connections that read exports, which write nothing and hold no transaction time back. */
const READER = 'silta export';

/**
 * `meta.lastUpdated` is set before the write is committed, by the clock of a gateway. So a time is only safe when every
 * write of that time or before is committed: what is under way now began at its transaction's start, and what has not
 * begun yet was stamped at most this much ago (the wait for a connection, and the difference of the clocks).
 */
const UNCOMMITTED = `SELECT to_char((least(min(xact_start), clock_timestamp()) - interval '30 seconds') AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend' AND application_name <> '${READER}'`;

/**
 * Runs `work` on one snapshot of the database.
 * @returns what `work` returns
 */
export async function readSnapshot<T>(
  database: Database,
  parts: SnapshotParts,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  // Read before the snapshot is taken: what ends in between is then in the snapshot.
  const [row] = await database.query<{ time: string }>(UNCOMMITTED);
  const transactionTime = row?.time ?? new Date(0).toISOString();
  return database.transaction(async (sql) => {
    await sql.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await sql.query(`SET LOCAL application_name = '${READER}'`);
    // All rows will be fetched, so the plan for the first few is not the one to choose.
    await sql.query('SET LOCAL cursor_tuple_fraction = 1');
    return work({
      transactionTime,
      read: (type, id) => readResource(sql, type, id),
      resources: (query) => openResources(sql, parts, query),
      deletions: async (query) => openDeletions(sql, await scopeOf(parts, query, []), query),
    });
  });
}

/** Compiles a query without running it. @throws SiltaError `invalid-parameter` */
export async function checkExportQuery(parts: SnapshotParts, query: ExportQuery): Promise<void> {
  compileResources(await scopeOf(parts, query, query.filters.flat()), query);
}

async function scopeOf(
  { terminology, clock, ...parts }: SnapshotParts,
  { visibility }: Pick<ExportQuery, 'visibility'>,
  parameters: readonly (readonly [string, string])[],
): Promise<SearchScope> {
  const codeSets = await readCodeSets(terminology, parameters);
  return createSearchScope({ ...parts, visibility, now: clock().getTime(), codeSets });
}

async function openResources(
  sql: Queryable,
  parts: SnapshotParts,
  query: ExportQuery,
): Promise<RowSource<string>> {
  const scope = await scopeOf(parts, query, query.filters.flat());
  return openRows(sql, compileResources(scope, query), scope.values);
}

function compileResources(scope: SearchScope, query: ExportQuery): string {
  const { type, since, filters } = query;
  const searches = filters.map((parameters) =>
    [
      'true',
      ...parameters.map(([name, value]) => compileParameter(scope, { r: 'r', type }, name, value)),
    ].join(' AND '),
  );
  const conditions = [
    `r.type = '${type}'`,
    'r.content IS NOT NULL',
    ...visibleRows(scope, 'r', type),
    ...(since === undefined ? [] : [`r.last_updated > ${scope.bind(since)}::timestamptz`]),
    ...inCompartments(scope, query),
    ...(searches.length === 0 ? [] : [`(${searches.map((each) => `(${each})`).join(' OR ')})`]),
  ];
  return `SELECT r.content AS value FROM resource r WHERE ${conditions.join(' AND ')}`;
}

function inCompartments(scope: SearchScope, { type, patients }: ExportQuery): string[] {
  if (patients === undefined) return [];
  const ids = patients === 'any' ? undefined : scope.bind(patients);
  if (type === 'Patient') return ids ? [`r.id = ANY (${ids}::text[])`] : [];
  const { inCompartment, compartmentParam } = scope.planOf(type);
  if (!inCompartment) return ['false'];
  const compartment = { table: 'reference', param: compartmentParam } as const;
  return [
    existsRow(scope, 'r', compartment, (x) =>
      [`${x}.target_type = 'Patient'`, ...(ids ? [`${x}.target_id = ANY (${ids}::text[])`] : [])].join(
        ' AND ',
      ),
    ),
  ];
}

function openDeletions(sql: Queryable, scope: SearchScope, query: DeletionQuery): Promise<RowSource<string>> {
  const { types, since, patients } = query;
  const conditions = [
    `r.type = ANY (${scope.bind(types)}::text[])`,
    'r.content IS NULL',
    `r.last_updated > ${scope.bind(since)}::timestamptz`,
    ...visibleRowsOfAnyType(scope, 'r'),
  ];
  // A deleted resource has no index rows any more; whose it was is kept in its own row.
  if (patients === 'any') conditions.push('cardinality(r.patients) > 0');
  else if (patients !== undefined) conditions.push(`r.patients && ${scope.bind(patients)}::text[]`);
  const text = `SELECT r.type || '/' || r.id AS value FROM resource r WHERE ${conditions.join(' AND ')}`;
  return openRows(sql, text, scope.values);
}

async function openRows(
  sql: Queryable,
  text: string,
  values: readonly unknown[],
): Promise<RowSource<string>> {
  await sql.query('CLOSE ALL');
  await sql.query(`DECLARE export_rows NO SCROLL CURSOR FOR ${text}`, values);
  return {
    async fetch(most) {
      const rows = await sql.query<Row & { value: string }>(`FETCH ${Math.trunc(most)} FROM export_rows`);
      return rows.map(({ value }) => value);
    },
  };
}
