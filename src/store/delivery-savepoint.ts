import type { Transaction } from './transaction.ts';

/**
 * Runs `work` so that its failure undoes only what it wrote, and the transaction around it goes on.
 * @param onFailure decides what becomes of the failure, after the undoing; it may throw to fail the transaction
 */
export async function inSavepoint<T>(
  sql: Transaction,
  work: () => Promise<T>,
  onFailure: (error: unknown) => Promise<T>,
): Promise<T> {
  const savepoint = sql.savepoint();
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await savepoint.rollback();
    return onFailure(error);
  }
  await savepoint.release();
  return result;
}
