/** Statements by which people look after deliveries: list, show, retry, figures. */
import type { OperationOutcome } from 'fhir/r4';
import type { Queryable, Row } from './database.ts';

export type DeliveryState = 'waiting' | 'sending' | 'sent' | 'dead' | 'paused';

/** A delivery as operators see it; it names resources by id only. */
export interface DeliveryRow {
  readonly id: string;
  /** Position in the order of insertion; pages are cut by it. */
  readonly seq: number;
  readonly system: string;
  readonly route: string;
  /** The version that is delivered, e.g. `Task/1/_history/3`. */
  readonly source: string;
  readonly subject: string;
  readonly priority: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly createdAt: string;
  readonly dueAt: string;
  readonly settledAt: string | null;
  readonly remoteId: string | null;
  readonly map: string | null;
  readonly outcome: OperationOutcome | null;
}

export interface DeliveryFilter {
  readonly state?: DeliveryState | undefined;
  readonly system?: string | undefined;
  /** Deliveries of one resource, e.g. `Task/1`. */
  readonly resource?: string | undefined;
  readonly limit: number;
  /** `seq` of the last delivery of the page before. */
  readonly before?: number | undefined;
}

/** Figures of one system in one state. */
export interface DeliveryCount {
  readonly system: string;
  readonly state: DeliveryState;
  readonly count: number;
  /** Age of the oldest in seconds. */
  readonly oldestSeconds: number;
}

const instant = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const COLUMNS = `id, seq, system, route, type || '/' || resource_id || '/_history/' || version_id AS source, subject,
  priority, state, attempts, ${instant('created_at')} AS "createdAt", ${instant('due_at')} AS "dueAt",
  ${instant('settled_at')} AS "settledAt", remote_id AS "remoteId", map, outcome`;

/** One page of deliveries, newest first. */
export async function selectDeliveries(sql: Queryable, filter: DeliveryFilter): Promise<DeliveryRow[]> {
  const [type, id] = filter.resource?.split('/') ?? [];
  return sql.query<Row & DeliveryRow>(
    `SELECT ${COLUMNS} FROM delivery
     WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR system = $2)
       AND ($3::text IS NULL OR type = $3 AND resource_id = $4) AND ($5::bigint IS NULL OR seq < $5)
     ORDER BY seq DESC LIMIT $6`,
    [
      filter.state ?? null,
      filter.system ?? null,
      type ?? null,
      id ?? null,
      filter.before ?? null,
      filter.limit,
    ],
  );
}

/** One delivery; undefined when there is none with the id. */
export async function selectDelivery(sql: Queryable, id: string): Promise<DeliveryRow | undefined> {
  const rows = await sql.query<Row & DeliveryRow>(`SELECT ${COLUMNS} FROM delivery WHERE id = $1`, [id]);
  return rows[0];
}

// Sending an old version after a newer one of the same resource would undo what the system already knows.
const SUPERSEDED = `EXISTS (SELECT FROM delivery n WHERE n.system = d.system AND n.route = d.route AND n.type = d.type
  AND n.resource_id = d.resource_id AND n.version_id > d.version_id AND n.state = 'sent')`;

/** What stands in the way of a retry, with the delivery locked until the transaction ends. */
export async function lockForRetry(
  sql: Queryable,
  id: string,
): Promise<{ readonly state: DeliveryState; readonly superseded: boolean } | undefined> {
  const rows = await sql.query<{ state: DeliveryState; superseded: boolean }>(
    `SELECT state, ${SUPERSEDED} AS superseded FROM delivery d WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0];
}

/** Makes a dead or waiting delivery due now; a dead one starts its time and its count afresh. */
export async function makeDue(sql: Queryable, id: string): Promise<void> {
  await sql.query(
    `UPDATE delivery SET tried_since = CASE WHEN state = 'dead' THEN clock_timestamp() ELSE tried_since END,
       attempts = CASE WHEN state = 'dead' THEN 0 ELSE attempts END,
       state = 'waiting', due_at = clock_timestamp(), offer_at = clock_timestamp(), settled_at = NULL
     WHERE id = $1 AND state IN ('dead', 'waiting')`,
    [id],
  );
}

/** Makes every dead delivery of a system due now, save those that a newer version has overtaken. Returns the ids. */
export async function makeSystemDue(sql: Queryable, system: string): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `UPDATE delivery d SET state = 'waiting', attempts = 0, tried_since = clock_timestamp(),
       due_at = clock_timestamp(), offer_at = clock_timestamp(), settled_at = NULL
     WHERE system = $1 AND state = 'dead' AND NOT ${SUPERSEDED} RETURNING id`,
    [system],
  );
  return rows.map((row) => row.id);
}

/** Figures by system and state, of all states or of some. */
export async function countDeliveries(
  sql: Queryable,
  states?: readonly DeliveryState[],
): Promise<DeliveryCount[]> {
  return sql.query<Row & DeliveryCount>(
    `SELECT system, state, count(*) AS count,
       extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS "oldestSeconds"
     FROM delivery WHERE $1::text[] IS NULL OR state = ANY($1) GROUP BY system, state ORDER BY system, state`,
    [states ?? null],
  );
}
