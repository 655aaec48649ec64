/** Statements on the subscriptions that are served. */
import type { OperationOutcome } from 'fhir/r4';
import type { Queryable, Row } from './database.ts';

/** A Subscription resource as it is now. */
export interface ServedSubscription {
  readonly id: string;
  readonly versionId: number;
  /** JSON text. */
  readonly content: string;
}

/** Begins to serve a subscription, or goes on. */
export async function serveSubscription(sql: Queryable, id: string, client: string): Promise<void> {
  await sql.query(
    'INSERT INTO subscription (id, client) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET client = excluded.client',
    [id, client],
  );
}

/**
 * Serves a subscription no more. What waits to be sent for it is not sent.
 * @param system name that its deliveries have
 */
export async function dropSubscription(
  sql: Queryable,
  id: string,
  system: string,
  outcome: OperationOutcome,
): Promise<void> {
  await sql.query('DELETE FROM subscription WHERE id = $1', [id]);
  await sql.query(
    `UPDATE delivery SET state = 'dead', settled_at = clock_timestamp(), outcome = $2
     WHERE system = $1 AND state = 'waiting'`,
    [system, JSON.stringify(outcome)],
  );
}

export async function listSubscriptions(sql: Queryable): Promise<readonly ServedSubscription[]> {
  return sql.query<Row & ServedSubscription>(
    `SELECT r.id, r.version_id AS "versionId", r.content FROM subscription s
     JOIN resource r ON r.type = 'Subscription' AND r.id = s.id WHERE r.content IS NOT NULL`,
    [],
    'subscription-list',
  );
}

/** How many a client has. */
export async function countSubscriptions(sql: Queryable, client: string): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    'SELECT count(*) AS count FROM subscription WHERE client = $1',
    [client],
  );
  return row?.count ?? 0;
}

/** Numbers the next notification of each subscription; of one that is no longer served there is none. */
export async function numberEvents(
  sql: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  // Locked in one order, so that two relays wait for each other instead of deadlocking.
  const rows = await sql.query<{ id: string; events: number }>(
    `WITH held AS (SELECT id FROM subscription WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE)
     UPDATE subscription s SET events = s.events + 1 FROM held WHERE s.id = held.id RETURNING s.id, s.events`,
    [ids],
    'subscription-number',
  );
  return new Map(rows.map(({ id, events }) => [id, events]));
}

/** Notifications made so far. */
export async function countEvents(sql: Queryable, id: string): Promise<number> {
  const [row] = await sql.query<{ events: number }>('SELECT events FROM subscription WHERE id = $1', [id]);
  return row?.events ?? 0;
}
