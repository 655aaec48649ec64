/**
 * What belongs to a patient, and what it refers to outside of all compartments.
 * @see https://hl7.org/fhir/R4/patient-operation-everything.html
 */
import type { Queryable } from './database.ts';
import { toTimestamp } from './date-range.ts';
import { toStoredVersion, type VersionRow, versionColumns } from './read-resource.ts';
import { createSearchScope, type SearchScope, visibleRowsOfAnyType } from './search-scope.ts';
import type { CompartmentPage, CompartmentQuery } from './types.ts';

/** Supporting resources of a page at most; they are shared by many records, so a page has few. */
const MOST_SUPPORTING = 1000;

/** A page of current resources, oldest first, with the supporting resources they refer to. */
export async function readCompartment(
  sql: Queryable,
  parts: Pick<SearchScope, 'definitions' | 'planOf'>,
  query: CompartmentQuery,
): Promise<CompartmentPage> {
  const rows = await readMembers(
    sql,
    createSearchScope({ ...parts, visibility: query.visibility, now: 0 }),
    query,
  );
  const shown = rows.slice(0, query.count);
  const last = rows.length > query.count ? shown.at(-1) : undefined;
  const supporting = await readSupporting(
    sql,
    createSearchScope({ ...parts, visibility: query.visibility, now: 0 }),
    { keys: shown.map(({ key }) => key), query },
  );
  return {
    members: shown.map(toStoredVersion),
    supporting: supporting.map(toStoredVersion),
    ...(last && { next: last.key }),
  };
}

interface MemberRow extends VersionRow {
  readonly key: number;
}

function readMembers(sql: Queryable, scope: SearchScope, query: CompartmentQuery): Promise<MemberRow[]> {
  const inside = query.types.filter((type) => scope.planOf(type).inCompartment);
  const params = inside.map((type) => scope.planOf(type).compartmentParam);
  const conditions = [
    `r.key IN (SELECT x.key FROM search_reference x WHERE x.param = ANY (${scope.bind(params)}::integer[])
      AND x.target_type = 'Patient' AND x.target_id = ${scope.bind(query.patientId)})`,
    'r.content IS NOT NULL',
    ...(query.after === undefined ? [] : [`r.key > ${scope.bind(query.after)}::bigint`]),
    ...(query.since === undefined
      ? []
      : [`r.last_updated >= ${scope.bind(new Date(query.since).toISOString())}::timestamptz`]),
    ...(query.during ? [isDuring(scope, inside, query.during)] : []),
    ...visibleRowsOfAnyType(scope, 'r'),
  ];
  const text = `SELECT r.key, ${versionColumns('r')} FROM resource r WHERE ${conditions.join(' AND ')}
    ORDER BY r.key LIMIT ${scope.bind(query.count + 1)}`;
  return sql.query<MemberRow>(text, scope.values);
}

/** Dates that tell of a person and not of their care. */
const NO_CARE: ReadonlySet<string> = new Set(['birthdate', 'death-date']);

function isDuring(
  scope: SearchScope,
  types: readonly string[],
  { low, high }: NonNullable<CompartmentQuery['during']>,
): string {
  const dates = types.flatMap((type) =>
    [...scope.planOf(type).written].filter(
      ({ table, definition }) => table === 'date' && !NO_CARE.has(definition.code),
    ),
  );
  const params = scope.bind(dates.map(({ param }) => param));
  const rows = `SELECT FROM search_date d WHERE d.key = r.key AND d.param = ANY (${params}::integer[])`;
  const [from, to] = [scope.bind(toTimestamp(low)), scope.bind(toTimestamp(high))];
  return `(EXISTS (${rows} AND d.low <= ${to}::timestamptz AND d.high >= ${from}::timestamptz) OR NOT EXISTS (${rows}))`;
}

async function readSupporting(
  sql: Queryable,
  scope: SearchScope,
  { keys, query }: { readonly keys: readonly number[]; readonly query: CompartmentQuery },
): Promise<VersionRow[]> {
  const outside = query.types.filter((type) => !scope.planOf(type).inCompartment);
  if (keys.length === 0 || outside.length === 0) return [];
  const conditions = [
    't.content IS NOT NULL',
    `(t.type, t.id) IN (SELECT x.target_type, x.target_id FROM search_reference x
      WHERE x.key = ANY (${scope.bind(keys)}::bigint[]) AND x.target_type = ANY (${scope.bind(outside)}::text[]))`,
    ...visibleRowsOfAnyType(scope, 't'),
  ];
  const text = `SELECT ${versionColumns('t')} FROM resource t WHERE ${conditions.join(' AND ')}
    ORDER BY t.key LIMIT ${MOST_SUPPORTING}`;
  return sql.query<VersionRow>(text, scope.values);
}
