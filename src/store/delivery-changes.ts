/** Statements on `change` rows as the relay needs them: claim, mark, count. */
import type { Sector } from '../principal.ts';
import type { Queryable, Row } from './database.ts';

/** A change with the version it made; `content` is null for a deletion. */
export interface ClaimedChange {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly versionId: number;
  readonly method: 'create' | 'update' | 'delete';
  readonly origin: string | null;
  readonly content: string | null;
  readonly patients: readonly string[];
  readonly sector: Sector;
  /** JSON text of the version before; null for the first and after a deletion. */
  readonly previous: string | null;
  /** What deliveries are ordered by: the first patient, else the resource. */
  readonly subject: string;
}

// The names are compared as bytes, as the resources' keys are.
const SELECT = `SELECT c.seq, c.type, c.id, c.version_id AS "versionId", c.method, c.origin, c.subject,
    v.content, v.patients, v.sector, p.content AS previous
  FROM change c
  JOIN resource_version v ON v.type = c.type COLLATE "C" AND v.id = c.id COLLATE "C" AND v.version_id = c.version_id
  LEFT JOIN resource_version p
    ON p.type = c.type COLLATE "C" AND p.id = c.id COLLATE "C" AND p.version_id = c.version_id - 1`;

/**
 * Claims changes that are not handled, oldest first, locked until the transaction ends. Several relays share the work;
 * a change is held back while another relay has an earlier one of its subject, so that reactions see what came of that.
 * @param most changes at most
 */
export async function claimChanges(
  sql: Queryable,
  most: number,
): Promise<{ readonly changes: readonly ClaimedChange[]; readonly heldBack: number }> {
  const rows = await sql.query<Row & ClaimedChange & { readonly held: boolean }>(
    `WITH claimed AS MATERIALIZED (
       SELECT seq FROM change WHERE handled_at IS NULL ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED)
     SELECT s.*, EXISTS (
         SELECT FROM change e WHERE e.handled_at IS NULL AND e.subject = s.subject AND e.seq < s.seq
           AND e.seq NOT IN (SELECT seq FROM claimed)) AS held
     FROM (${SELECT} WHERE c.seq IN (SELECT seq FROM claimed)) AS s ORDER BY s.seq`,
    [most],
    'change-claim',
  );
  const changes = rows.filter(({ held }) => !held);
  return { changes, heldBack: rows.length - changes.length };
}

/** One change, handled or not; undefined when it was never made. */
export async function readChange(sql: Queryable, seq: number): Promise<ClaimedChange | undefined> {
  const rows = await sql.query<Row & ClaimedChange>(`${SELECT} WHERE c.seq = $1`, [seq]);
  return rows[0];
}

/** Marks changes as handled. */
export async function markHandled(sql: Queryable, seqs: readonly number[]): Promise<void> {
  await sql.query(
    'UPDATE change SET handled_at = clock_timestamp() WHERE seq = ANY($1::bigint[])',
    [seqs],
    'change-handled',
  );
}

/** How many changes wait for the relay, and the age of the oldest in seconds (0 without any). */
export async function countUnhandled(
  sql: Queryable,
): Promise<{ readonly count: number; readonly oldestSeconds: number }> {
  const [row] = await sql.query<{ count: number; oldestSeconds: number }>(
    `SELECT count(*) AS count, coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 AS "oldestSeconds"
     FROM change WHERE handled_at IS NULL`,
  );
  return row ?? { count: 0, oldestSeconds: 0 };
}
