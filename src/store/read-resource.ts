import type { Queryable, Row } from './database.ts';
import type { StoredVersion } from './types.ts';

/** Columns of a stored version, for an alias of `resource` or `resource_version`. */
export const versionColumns = (alias: string): string =>
  `${alias}.type, ${alias}.id, ${alias}.version_id, round(date_part('epoch', ${alias}.last_updated) * 1000)::bigint AS updated,
   ${alias}.method, ${alias}.content, array_to_string(${alias}.patients, ' ') AS patients, ${alias}.sector`;

export interface VersionRow extends Row {
  readonly type: string;
  readonly id: string;
  readonly version_id: number;
  /** Milliseconds since 1970. */
  readonly updated: number;
  readonly method: StoredVersion['method'];
  readonly content: string | null;
  /** Ids separated by spaces. */
  readonly patients: string;
  readonly sector: StoredVersion['sector'];
}

export function toStoredVersion(row: VersionRow): StoredVersion {
  return {
    type: row.type,
    id: row.id,
    versionId: row.version_id,
    lastUpdated: new Date(row.updated).toISOString(),
    method: row.method,
    content: row.content,
    patients: row.patients === '' ? [] : row.patients.split(' '),
    sector: row.sector,
  };
}

const READ = `SELECT ${versionColumns('r')} FROM resource r WHERE r.type = $1 AND r.id = $2`;
const READ_VERSION = `SELECT ${versionColumns('r')} FROM resource_version r
  WHERE r.type = $1 AND r.id = $2 AND r.version_id = $3`;
const HISTORY = `SELECT ${versionColumns('r')} FROM resource_version r
  WHERE r.type = $1 AND r.id = $2 AND r.version_id < $3 ORDER BY r.version_id DESC LIMIT $4`;

/** The largest Postgres integer: before it are all versions. */
const NO_LIMIT = 2_147_483_647;

/** The current version, a deletion included. */
export async function readResource(
  sql: Queryable,
  type: string,
  id: string,
): Promise<StoredVersion | undefined> {
  const [row] = await sql.query<VersionRow>(READ, [type, id], 'read-resource');
  return row && toStoredVersion(row);
}

/** One version, the current or an earlier one. */
export async function readVersion(
  sql: Queryable,
  type: string,
  id: string,
  versionId: number,
): Promise<StoredVersion | undefined> {
  if (!Number.isInteger(versionId) || versionId < 1 || versionId > NO_LIMIT) return undefined;
  const [row] = await sql.query<VersionRow>(READ_VERSION, [type, id, versionId], 'read-version');
  return row && toStoredVersion(row);
}

/** Versions of one resource, newest first. */
export async function readHistory(
  sql: Queryable,
  type: string,
  id: string,
  options: { readonly count: number; readonly before?: number },
): Promise<readonly StoredVersion[]> {
  const before = Math.min(options.before ?? NO_LIMIT, NO_LIMIT);
  const rows = await sql.query<VersionRow>(HISTORY, [type, id, before, options.count], 'read-history');
  return rows.map(toStoredVersion);
}
