import { randomBytes } from 'node:crypto';
import { type Database, openDatabase } from '../../src/store/index.ts';

export interface TestDatabase {
  readonly url: string;
  readonly database: Database;
  /** Closes the connections and drops the database. */
  drop(): Promise<void>;
}

/** A migrated database of the caller's own, copied from the template of this test run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = process.env['SILTA_TEST_ADMIN_URL'] as string;
  const name = `silta_test_${randomBytes(6).toString('hex')}`;
  await withAdmin(adminUrl, (admin) =>
    admin.query(`CREATE DATABASE ${name} TEMPLATE ${process.env['SILTA_TEST_TEMPLATE']}`),
  );
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const database = openDatabase(url.href, { poolSize: 4 });
  return {
    url: url.href,
    database,
    drop: async () => {
      await database.close();
      await withAdmin(adminUrl, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

async function withAdmin(url: string, work: (admin: Database) => Promise<unknown>): Promise<void> {
  const admin = openDatabase(url, { poolSize: 1 });
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}
