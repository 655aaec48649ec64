import { readdir, readFile } from 'node:fs/promises';
import type { Database, Queryable } from './database.ts';

const DIRECTORY = new URL('./migrations/', import.meta.url);
/** Any constant: two gateways that start at once take turns. */
const LOCK = 7_461_283;

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** Reads the numbered SQL files beside this module, in order; a gap or a duplicate is an error. */
export async function readMigrations(directory: URL = DIRECTORY): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(/^(\d{4})_[a-z0-9-]+\.sql$/.exec(name)?.[1]);
      if (number !== index + 1) throw new Error(`Migration ${name}: expected number ${index + 1}`);
      return { number, name, sql: await readFile(new URL(name, directory), 'utf8') };
    }),
  );
}

/**
 * Brings the database to this code's schema, each migration in the one transaction.
 * @returns the names of the migrations that were applied
 * @throws Error when the database is newer than the code: an old gateway never writes to a newer schema
 */
export async function migrate(database: Database, migrations?: readonly Migration[]): Promise<string[]> {
  const known = migrations ?? (await readMigrations());
  return database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const current = await currentVersion(tx);
    if (current > known.length) {
      throw new Error(
        `The database is at schema ${current}, this gateway knows ${known.length}. Start a newer gateway.`,
      );
    }
    const pending = known.slice(current);
    for (const migration of pending) {
      await tx.query(migration.sql);
      await tx.query('INSERT INTO silta_migration (number, name) VALUES ($1, $2)', [
        migration.number,
        migration.name,
      ]);
    }
    return pending.map((migration) => migration.name);
  });
}

async function currentVersion(tx: Queryable): Promise<number> {
  await tx.query(
    `CREATE TABLE IF NOT EXISTS silta_migration (
       number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const [row] = await tx.query<{ version: number }>(
    'SELECT coalesce(max(number), 0) AS version FROM silta_migration',
  );
  return row?.version ?? 0;
}
