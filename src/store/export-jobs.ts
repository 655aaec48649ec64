/** Statements on export jobs and their files. Times are the database's own clock. */
import type { OperationOutcome } from 'fhir/r4';
import type { Database, Queryable, Row } from './database.ts';
import type { ClaimedExport, ExportFile, ExportJob, ExportStore } from './export-types.ts';

type Jobs = Omit<ExportStore, 'check' | 'snapshot'>;

const MS = `* interval '1 millisecond'`;
const instant = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const READ = `SELECT id, client, state, request, progress, outcome,
    extract(epoch FROM clock_timestamp() - created_at)::float8 AS "ageSeconds",
    ${instant('transaction_time')} AS "transactionTime", ${instant('expires_at')} AS expires
  FROM export_job WHERE id = $1 AND (expires_at IS NULL OR expires_at > clock_timestamp())`;

const ADD = `INSERT INTO export_job (id, client, request)
  SELECT $1, $2, $3 WHERE (SELECT count(*) FROM export_job WHERE client = $2 AND state IN ('queued', 'running')) < $4
  RETURNING id`;

// A run that has gone quiet left parts behind; the next one begins afresh, on a snapshot of its own.
const CLAIM = `WITH taken AS (
    UPDATE export_job SET state = 'running', lease = $1, lease_until = clock_timestamp() + $2 ${MS},
      attempts = attempts + 1, progress = NULL
    WHERE id = (SELECT id FROM export_job
      WHERE state = 'queued' OR state = 'running' AND lease_until < clock_timestamp()
      ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, request, lease, attempts),
  chunks AS (DELETE FROM export_chunk WHERE job IN (SELECT id FROM taken)),
  files AS (DELETE FROM export_file WHERE job IN (SELECT id FROM taken))
  SELECT * FROM taken`;

/** A job that the run still holds, locked against everyone who would take it away meanwhile. */
const HELD = `WITH held AS (SELECT id FROM export_job WHERE id = $1 AND lease = $2 AND state = 'running' FOR UPDATE)`;

const END = `UPDATE export_job SET state = $3, transaction_time = $4, outcome = $5, progress = NULL, lease = NULL,
    lease_until = NULL, expires_at = clock_timestamp() + $6 ${MS}
  WHERE id = $1 AND lease = $2 AND state = 'running' RETURNING id`;

/** Expired jobs that one sweep removes. */
const MOST_SWEPT = 20;
const SWEEP = `DELETE FROM export_job WHERE id IN (
  SELECT id FROM export_job WHERE expires_at <= clock_timestamp() LIMIT ${MOST_SWEPT} FOR UPDATE SKIP LOCKED)`;

export function createExportJobs(database: Database): Jobs {
  const changed = async (sql: string, job: ClaimedExport, values: readonly unknown[]): Promise<boolean> =>
    (await database.query(sql, [job.id, job.lease, ...values])).length === 1;
  return {
    addJob: ({ id, client, request }, most) =>
      database.transaction((sql) => addJob(sql, { id, client, request }, most)),
    async readJob(id) {
      const [job] = await database.query<Row & ExportJob>(READ, [id]);
      return job;
    },
    listFiles: (id) =>
      database.query<Row & ExportFile>(
        'SELECT file, kind, type, count FROM export_file WHERE job = $1 ORDER BY file',
        [id],
      ),
    async readChunk(id, file, n) {
      const sql = 'SELECT data FROM export_chunk WHERE job = $1 AND file = $2 AND n = $3';
      const [chunk] = await database.query<{ data: Uint8Array }>(sql, [id, file, n]);
      return chunk?.data;
    },
    async removeJob(id) {
      await database.query('DELETE FROM export_job WHERE id = $1', [id]);
    },
    async claim(lease, leaseMs) {
      const [job] = await database.query<Row & ClaimedExport>(CLAIM, [lease, leaseMs]);
      return job;
    },
    extendLease: (job, leaseMs, progress) =>
      changed(
        `UPDATE export_job SET lease_until = clock_timestamp() + $3 ${MS}, progress = coalesce($4, progress)
         WHERE id = $1 AND lease = $2 AND state = 'running' RETURNING id`,
        job,
        [leaseMs, progress ?? null],
      ),
    addChunk: (job, { file, n, data }) =>
      changed(
        `${HELD} INSERT INTO export_chunk (job, file, n, data) SELECT id, $3, $4, $5 FROM held RETURNING job`,
        job,
        [file, n, data],
      ),
    addFile: (job, { file, kind, type, count }) =>
      changed(
        `${HELD} INSERT INTO export_file (job, file, kind, type, count) SELECT id, $3, $4, $5, $6 FROM held RETURNING job`,
        job,
        [file, kind, type, count],
      ),
    finish: (job, transactionTime, lifetimeMs) =>
      changed(END, job, ['done', transactionTime, null, lifetimeMs]),
    fail: (job, outcome: OperationOutcome, lifetimeMs) =>
      changed(END, job, ['failed', null, JSON.stringify(outcome), lifetimeMs]),
    async release(job) {
      await database.query(
        `UPDATE export_job SET state = 'queued', lease = NULL, lease_until = NULL, attempts = attempts - 1
         WHERE id = $1 AND lease = $2`,
        [job.id, job.lease],
      );
    },
    async sweep() {
      await database.query(SWEEP);
    },
  };
}

async function addJob(
  sql: Queryable,
  { id, client, request }: { readonly id: string; readonly client: string; readonly request: object },
  most: number,
): Promise<boolean> {
  // Two requests of one client at once must not both see room for one.
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`export:${client}`]);
  return (await sql.query(ADD, [id, client, JSON.stringify(request), most])).length === 1;
}
