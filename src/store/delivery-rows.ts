/** Statements on `delivery`: insert, claim, settle, and what the sweep offers. Times are the database's own clock. */
import type { OperationOutcome } from 'fhir/r4';
import type { Queryable, Row } from './database.ts';

/** A delivery to insert: one version of a resource for one route of one system. */
export interface NewDelivery {
  readonly id: string;
  readonly changeSeq: number;
  readonly system: string;
  readonly route: string;
  readonly type: string;
  readonly resourceId: string;
  readonly versionId: number;
  /** Deliveries of one system and subject are sent in the order of their changes. */
  readonly subject: string;
  readonly priority: number;
  /** Which notification of its subscription it is. */
  readonly event?: number | null;
}

/** A delivery held by one attempt until its lease ends. */
export interface ClaimedDelivery extends NewDelivery {
  /** This attempt included: 1 on the first. */
  readonly attempts: number;
  /** Milliseconds it has been tried for. */
  readonly ageMs: number;
  readonly lease: string;
}

/** A delivery to offer and how long until it is due. */
export interface Offer {
  readonly id: string;
  readonly delayMs: number;
}

const COLUMNS = `id, change_seq AS "changeSeq", system, route, type, resource_id AS "resourceId",
  version_id AS "versionId", subject, priority, event`;
const MS = `* interval '1 millisecond'`;

/**
 * Inserts deliveries; one that exists for the same change, system and route is left alone.
 * @param graceMs time after which the sweep offers them, should the first offer get lost
 * @returns ids of those that were inserted
 */
export async function insertDeliveries(
  sql: Queryable,
  deliveries: readonly NewDelivery[],
  graceMs: number,
): Promise<string[]> {
  if (deliveries.length === 0) return [];
  const rows = await sql.query<{ id: string }>(
    `INSERT INTO delivery (id, change_seq, system, route, type, resource_id, version_id, subject, priority, event, offer_at)
     SELECT n.id, n."changeSeq", n.system, n.route, n.type, n."resourceId", n."versionId", n.subject, n.priority, n.event,
            clock_timestamp() + $2 ${MS}
     FROM jsonb_to_recordset($1::jsonb) AS n(id uuid, "changeSeq" bigint, system text, route text, type text,
            "resourceId" text, "versionId" integer, subject text, priority smallint, event bigint)
     ON CONFLICT (change_seq, system, route) DO NOTHING RETURNING id`,
    [JSON.stringify(deliveries), graceMs],
    'delivery-insert',
  );
  return rows.map((row) => row.id);
}

/** Marks a delivery dead right after its insert: its route could not even be decided. */
export async function buryDelivery(sql: Queryable, id: string, outcome: OperationOutcome): Promise<void> {
  await sql.query(
    `UPDATE delivery SET state = 'dead', settled_at = clock_timestamp(), outcome = $2 WHERE id = $1`,
    [id, JSON.stringify(outcome)],
  );
}

/**
 * Takes a delivery for one attempt: due (or its former holder's lease has ended) and nothing before it in its order,
 * neither a delivery nor a change that has not been routed yet.
 * @returns undefined when it cannot be taken now
 */
export async function claimDelivery(
  sql: Queryable,
  id: string,
  lease: string,
  leaseMs: number,
): Promise<ClaimedDelivery | undefined> {
  const rows = await sql.query<Row & ClaimedDelivery>(
    `UPDATE delivery d
     SET state = 'sending', attempts = attempts + 1, lease = $2, lease_until = clock_timestamp() + $3 ${MS},
         offer_at = clock_timestamp() + $3 ${MS}
     WHERE id = $1
       AND (state = 'waiting' AND due_at <= clock_timestamp()
            OR state = 'sending' AND lease_until <= clock_timestamp())
       AND ${NOT_BLOCKED}
     RETURNING ${COLUMNS}, attempts, lease,
       extract(epoch FROM clock_timestamp() - tried_since)::float8 * 1000 AS "ageMs"`,
    [id, lease, leaseMs],
    'delivery-claim',
  );
  return rows[0];
}

const NOTHING_BEFORE = `NOT EXISTS (
    SELECT FROM delivery e
    WHERE e.system = d.system AND e.subject = d.subject AND e.state IN ('waiting', 'sending', 'paused')
      AND (e.change_seq, e.seq) < (d.change_seq, d.seq))`;

const NOT_BLOCKED = `${NOTHING_BEFORE}
  AND NOT EXISTS (
    SELECT FROM change c
    WHERE c.handled_at IS NULL AND c.seq < d.change_seq AND c.subject = d.subject)`;

/** How soon to look again at what waits for an earlier change to be routed: a moment's work of some relay. */
const UNROUTED_MS = 50;

/**
 * Milliseconds until a waiting delivery that could not be claimed should be tried again: its time, or a moment when an
 * earlier change has yet to be routed.
 * @returns undefined when an earlier delivery is before it, whose end will offer it
 */
export async function readDelay(sql: Queryable, id: string): Promise<number | undefined> {
  const [row] = await sql.query<{ ms: number }>(
    `SELECT greatest(extract(epoch FROM due_at - clock_timestamp())::float8 * 1000, $2::float8) AS ms
     FROM delivery d WHERE id = $1 AND state = 'waiting'
       AND (due_at > clock_timestamp() OR ${NOTHING_BEFORE})`,
    [id, UNROUTED_MS],
    'delivery-delay',
  );
  return row && Math.ceil(row.ms);
}

/**
 * Ends a delivery, as sent or dead.
 * @returns false when the lease was lost: another attempt holds the row now, and this one must not write
 */
export async function settleDelivery(
  sql: Queryable,
  claimed: ClaimedDelivery,
  end:
    | { readonly state: 'sent'; readonly remoteId?: string; readonly map?: string }
    | { readonly state: 'dead'; readonly outcome: OperationOutcome; readonly map?: string },
): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE delivery SET state = $3, remote_id = coalesce($4, remote_id), outcome = $5, map = coalesce($6, map),
       lease = NULL, lease_until = NULL, settled_at = clock_timestamp()
     WHERE id = $1 AND lease = $2 RETURNING id`,
    [
      claimed.id,
      claimed.lease,
      end.state,
      end.state === 'sent' ? (end.remoteId ?? null) : null,
      end.state === 'dead' ? JSON.stringify(end.outcome) : null,
      end.map ?? null,
    ],
    'delivery-settle',
  );
  return rows.length === 1;
}

/**
 * Puts a claimed delivery back to wait.
 * @param outcome what went wrong; without it the attempt is not counted (nothing was sent)
 * @returns false when the lease was lost
 */
export async function postponeDelivery(
  sql: Queryable,
  claimed: ClaimedDelivery,
  delayMs: number,
  graceMs: number,
  outcome?: OperationOutcome,
): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE delivery SET state = 'waiting', lease = NULL, lease_until = NULL,
       due_at = clock_timestamp() + $3 ${MS}, offer_at = clock_timestamp() + ($3::float8 + $4::float8) ${MS},
       outcome = coalesce($5, outcome), attempts = attempts - CASE WHEN $5::json IS NULL THEN 1 ELSE 0 END
     WHERE id = $1 AND lease = $2 RETURNING id`,
    [claimed.id, claimed.lease, delayMs, graceMs, outcome ? JSON.stringify(outcome) : null],
    'delivery-postpone',
  );
  return rows.length === 1;
}

/** The next delivery in a settled one's order, to be offered at once. */
export async function offerNext(
  sql: Queryable,
  system: string,
  subject: string,
  graceMs: number,
): Promise<Offer | undefined> {
  const rows = await sql.query<Row & Offer>(
    `UPDATE delivery SET offer_at = greatest(due_at, clock_timestamp()) + $3 ${MS}
     WHERE id = (SELECT id FROM delivery WHERE system = $1 AND subject = $2 AND state IN ('waiting', 'sending', 'paused')
                 ORDER BY change_seq, seq LIMIT 1)
       AND state = 'waiting'
     RETURNING id, greatest(0, ceil(extract(epoch FROM due_at - clock_timestamp()) * 1000))::float8 AS "delayMs"`,
    [system, subject, graceMs],
    'delivery-next',
  );
  return rows[0];
}

/**
 * Takes what the dispatcher should be offered (again): waiting past its time or left by a gateway that died.
 * @param limits deliveries at most, by system; a system that is not named is left alone
 */
export async function sweepDeliveries(
  sql: Queryable,
  limits: ReadonlyMap<string, number>,
  graceMs: number,
): Promise<string[]> {
  if (limits.size === 0) return [];
  const rows = await sql.query<{ id: string }>(
    `UPDATE delivery SET offer_at = clock_timestamp() + $3 ${MS}
     WHERE id IN (
       SELECT due.id FROM unnest($1::text[], $2::int[]) AS wanted(name, most) CROSS JOIN LATERAL (
         SELECT id FROM delivery WHERE system = wanted.name AND state IN ('waiting', 'sending')
           AND offer_at <= clock_timestamp()
         ORDER BY offer_at LIMIT wanted.most FOR UPDATE SKIP LOCKED) AS due)
     RETURNING id`,
    [[...limits.keys()], [...limits.values()], graceMs],
    'delivery-sweep',
  );
  return rows.map((row) => row.id);
}

/** How many deliveries of these systems are being sent or could be sent now. */
export async function countDue(sql: Queryable, systems: readonly string[]): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `SELECT count(*) AS count FROM delivery d WHERE system = ANY($1) AND (state = 'sending'
       OR state = 'waiting' AND due_at <= clock_timestamp() AND ${NOT_BLOCKED})`,
    [systems],
  );
  return row?.count ?? 0;
}
