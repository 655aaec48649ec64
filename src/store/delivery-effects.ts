/** Statements on what reactions did (`delivery_effect`) and on those that failed (`delivery_failed_reaction`). */
import type { OperationOutcome } from 'fhir/r4';
import type { Queryable, Row } from './database.ts';

/** A reaction to a change that failed. */
export interface FailedReaction {
  readonly changeSeq: number;
  readonly reaction: string;
  readonly state: 'waiting' | 'dead';
  readonly attempts: number;
  readonly outcome: OperationOutcome;
}

/**
 * Claims a cause for its one effect.
 * @returns false when the effect has happened already
 */
export async function claimEffect(
  sql: Queryable,
  effect: {
    readonly once: string;
    readonly changeSeq: number;
    readonly reaction: string;
    readonly rule: string;
  },
): Promise<boolean> {
  const rows = await sql.query(
    `INSERT INTO delivery_effect (once, change_seq, reaction, rule) VALUES ($1, $2, $3, $4)
     ON CONFLICT (once) DO NOTHING RETURNING once`,
    [effect.once, effect.changeSeq, effect.reaction, effect.rule],
    'delivery-effect-claim',
  );
  return rows.length === 1;
}

/** Records a failure; a repeated one counts on, and is dead after `maxAttempts`. */
export async function recordFailedReaction(
  sql: Queryable,
  failed: { readonly changeSeq: number; readonly reaction: string; readonly outcome: OperationOutcome },
  retry: { readonly delayMs: number; readonly maxAttempts: number },
): Promise<'waiting' | 'dead'> {
  const rows = await sql.query<{ state: 'waiting' | 'dead' }>(
    `INSERT INTO delivery_failed_reaction AS f (change_seq, reaction, state, attempts, due_at, outcome)
     VALUES ($1, $2, CASE WHEN $5 <= 1 THEN 'dead' ELSE 'waiting' END, 1,
             clock_timestamp() + $4 * interval '1 millisecond', $3)
     ON CONFLICT (change_seq, reaction) DO UPDATE SET attempts = f.attempts + 1, outcome = excluded.outcome,
       due_at = excluded.due_at, state = CASE WHEN f.attempts + 1 >= $5 THEN 'dead' ELSE 'waiting' END
     RETURNING state`,
    [failed.changeSeq, failed.reaction, JSON.stringify(failed.outcome), retry.delayMs, retry.maxAttempts],
  );
  return rows[0]?.state ?? 'waiting';
}

/** Takes a failed reaction that is due, locked until the transaction ends. */
export async function claimFailedReaction(sql: Queryable): Promise<FailedReaction | undefined> {
  const rows = await sql.query<Row & FailedReaction>(
    `SELECT change_seq AS "changeSeq", reaction, state, attempts, outcome FROM delivery_failed_reaction
     WHERE state = 'waiting' AND due_at <= clock_timestamp()
     ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
  );
  return rows[0];
}

/** Forgets a failure: the reaction has succeeded since. */
export async function clearFailedReaction(
  sql: Queryable,
  changeSeq: number,
  reaction: string,
): Promise<void> {
  await sql.query('DELETE FROM delivery_failed_reaction WHERE change_seq = $1 AND reaction = $2', [
    changeSeq,
    reaction,
  ]);
}

/** Failed reactions, oldest change first. */
export async function listFailedReactions(
  sql: Queryable,
  state: 'waiting' | 'dead',
  limit: number,
): Promise<readonly FailedReaction[]> {
  return sql.query<Row & FailedReaction>(
    `SELECT change_seq AS "changeSeq", reaction, state, attempts, outcome FROM delivery_failed_reaction
     WHERE state = $1 ORDER BY change_seq, reaction LIMIT $2`,
    [state, limit],
  );
}

/** Makes a failed reaction due now, with a fresh count. Returns false when there is none. */
export async function retryFailedReaction(
  sql: Queryable,
  changeSeq: number,
  reaction: string,
): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE delivery_failed_reaction SET state = 'waiting', attempts = 0, due_at = clock_timestamp()
     WHERE change_seq = $1 AND reaction = $2 RETURNING reaction`,
    [changeSeq, reaction],
  );
  return rows.length === 1;
}
