/** Statements on `inbound_message`: what connected systems sent, for deduplication and replay. */
import type { OperationOutcome } from 'fhir/r4';
import type { Queryable, Row } from './database.ts';

export interface InboundMessage {
  readonly id: string;
  readonly system: string;
  readonly message: string;
  /** The sender's own id of the message. */
  readonly messageId: string;
  readonly state: 'done' | 'dead';
  readonly attempts: number;
  readonly receivedAt: string;
  /** Version that was written, e.g. `Task/1/_history/3`; null when nothing was. */
  readonly reference: string | null;
  /** What the sender was answered. */
  readonly outcome: OperationOutcome;
}

export interface NewInboundMessage {
  readonly id: string;
  readonly system: string;
  readonly message: string;
  readonly messageId: string;
  readonly state: 'done' | 'dead';
  /** The message as received, encrypted. */
  readonly raw: Uint8Array;
  readonly reference?: string;
  readonly outcome: OperationOutcome;
}

const COLUMNS = `id, system, message, message_id AS "messageId", state, attempts, reference, outcome,
  to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "receivedAt"`;

/** The message with the sender's id, when it was received before. */
export async function findInbound(
  sql: Queryable,
  system: string,
  message: string,
  messageId: string,
): Promise<InboundMessage | undefined> {
  const rows = await sql.query<Row & InboundMessage>(
    `SELECT ${COLUMNS} FROM inbound_message WHERE system = $1 AND message = $2 AND message_id = $3`,
    [system, message, messageId],
    'inbound-find',
  );
  return rows[0];
}

/** Keeps a message and its outcome; one that was kept dead under the same id is replaced, a done one never. */
export async function keepInbound(sql: Queryable, inbound: NewInboundMessage): Promise<void> {
  await sql.query(
    `INSERT INTO inbound_message AS m (id, system, message, message_id, state, raw, reference, outcome)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (system, message, message_id) DO UPDATE SET state = excluded.state, raw = excluded.raw,
       reference = excluded.reference, outcome = excluded.outcome, attempts = m.attempts + 1
     WHERE m.state = 'dead'`,
    [
      inbound.id,
      inbound.system,
      inbound.message,
      inbound.messageId,
      inbound.state,
      inbound.raw,
      inbound.reference ?? null,
      JSON.stringify(inbound.outcome),
    ],
    'inbound-keep',
  );
}

/** A kept message with its encrypted raw copy, which is null once its time is over. */
export async function readInbound(
  sql: Queryable,
  id: string,
): Promise<(InboundMessage & { readonly raw: Buffer | null }) | undefined> {
  const rows = await sql.query<Row & InboundMessage & { raw: Buffer | null }>(
    `SELECT ${COLUMNS}, raw FROM inbound_message WHERE id = $1`,
    [id],
  );
  return rows[0];
}

/** Kept messages in one state, newest first. */
export async function listInbound(
  sql: Queryable,
  state: 'done' | 'dead',
  limit: number,
): Promise<readonly InboundMessage[]> {
  return sql.query<Row & InboundMessage>(
    `SELECT ${COLUMNS} FROM inbound_message WHERE state = $1 ORDER BY seq DESC LIMIT $2`,
    [state, limit],
  );
}

/** Erases raw copies older than their time. Returns how many. */
export async function eraseRawCopies(sql: Queryable, olderThanMs: number): Promise<number> {
  const rows = await sql.query(
    `UPDATE inbound_message SET raw = NULL WHERE raw IS NOT NULL
       AND received_at < clock_timestamp() - $1 * interval '1 millisecond' RETURNING id`,
    [olderThanMs],
  );
  return rows.length;
}
