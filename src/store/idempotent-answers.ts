/**
 * Answers to requests that may be repeated.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
import type { Queryable } from './database.ts';

/** Who asked under which key. The key is kept as its hash only: it is the caller's, whatever it holds. */
export interface IdempotentRequest {
  readonly client: string;
  readonly keyHash: string;
}

export interface IdempotentAnswer {
  /** Hash of the request that was answered so. */
  readonly requestHash: string;
  /** JSON text. */
  readonly answer: string;
}

const KEPT_MS = 24 * 60 * 60 * 1000;
/** Expired rows that one insert takes away: always more than it adds, never so many that it waits. */
const MOST_SWEPT = 20;

const FIND = `SELECT request_hash, answer FROM idempotent_answer WHERE client = $1 AND key_hash = $2 AND at > $3`;
const SWEEP = `DELETE FROM idempotent_answer WHERE (client, key_hash) IN (
  SELECT client, key_hash FROM idempotent_answer WHERE at <= $1 ORDER BY at LIMIT ${MOST_SWEPT} FOR UPDATE SKIP LOCKED)`;
const KEEP = `INSERT INTO idempotent_answer (client, key_hash, request_hash, at, answer) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (client, key_hash) DO UPDATE
  SET request_hash = excluded.request_hash, at = excluded.at, answer = excluded.answer`;

/** The answer of the last 24 hours, if there is one. Call it behind a lock on client and key. */
export async function findAnswer(
  sql: Queryable,
  { client, keyHash }: IdempotentRequest,
  now: Date,
): Promise<IdempotentAnswer | undefined> {
  const [row] = await sql.query<{ request_hash: string; answer: string }>(
    FIND,
    [client, keyHash, expiry(now)],
    'find-answer',
  );
  return row && { requestHash: row.request_hash, answer: row.answer };
}

/** Keeps an answer, in the transaction of what it reports, and takes some of those away that expired. */
export async function keepAnswer(
  sql: Queryable,
  { client, keyHash }: IdempotentRequest,
  { requestHash, answer }: IdempotentAnswer,
  now: Date,
): Promise<void> {
  await sql.query(SWEEP, [expiry(now)], 'sweep-answers');
  await sql.query(KEEP, [client, keyHash, requestHash, now.toISOString(), answer], 'keep-answer');
}

const expiry = (now: Date): string => new Date(now.getTime() - KEPT_MS).toISOString();
