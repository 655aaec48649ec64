import type { Queryable } from './database.ts';

/**
 * Runs `work` so that its failure undoes only what it wrote, and the transaction around it goes on.
 * @param onFailure decides what becomes of the failure, after the undoing; it may throw to fail the transaction
 */
export async function inSavepoint<T>(
  sql: Queryable,
  work: () => Promise<T>,
  onFailure: (error: unknown) => Promise<T>,
): Promise<T> {
  await sql.query('SAVEPOINT part');
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await sql.query('ROLLBACK TO SAVEPOINT part');
    // Released, too, so that the savepoint around this one has the name to itself again.
    await sql.query('RELEASE SAVEPOINT part');
    return onFailure(error);
  }
  await sql.query('RELEASE SAVEPOINT part');
  return result;
}
