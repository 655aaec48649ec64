import type { Queryable } from './database.ts';

/** Statements of one SQL transaction. */
export interface Transaction extends Queryable {
  /**
   * Opens a part that can be undone alone. Parts are nested: the last opened is the first to end. The database hears
   * of it with the first statement inside, so that a part that does nothing costs nothing.
   */
  savepoint(): Savepoint;
}

export interface Savepoint {
  /** Keeps what the part did. */
  release(): Promise<void>;
  /** Undoes what the part did, and ends it. */
  rollback(): Promise<void>;
}

/** @param run sends one statement on the transaction's connection, in the order of the calls */
export function createTransaction(run: Queryable['query']): Transaction {
  /** Innermost savepoints that the database has not heard of. */
  let unmade = 0;
  const make = async (): Promise<void> => {
    const made = Array.from({ length: unmade }, () => run('SAVEPOINT part'));
    unmade = 0;
    await Promise.all(made);
  };
  const end = async (statements: readonly string[]): Promise<void> => {
    if (unmade > 0) unmade--;
    else for (const statement of statements) await run(statement);
  };
  return {
    async query(sql, values, name) {
      if (unmade > 0) await make();
      return run(sql, values, name);
    },
    savepoint() {
      unmade++;
      return {
        release: () => end(['RELEASE SAVEPOINT part']),
        // Released, too, so that the savepoint around this one has the name to itself again.
        rollback: () => end(['ROLLBACK TO SAVEPOINT part', 'RELEASE SAVEPOINT part']),
      };
    },
  };
}
