/**
 * One Postgres for the whole test run: the server named by DATABASE_URL, or an embedded one that is thrown away.
 * A template database is migrated once; every test file copies it.
 */
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openDatabase, startEmbeddedPostgres } from '../../src/store/index.ts';

export default async function setup(): Promise<void> {
  const given = process.env['DATABASE_URL'];
  if (given) {
    process.env['SILTA_TEST_ADMIN_URL'] = given;
  } else {
    const directory = await mkdtemp(join(tmpdir(), 'silta-test-'));
    // Started by root, Postgres runs as another user, who has to get in.
    await chmod(directory, 0o711);
    const postgres = await startEmbeddedPostgres({ directory, disposable: true });
    process.env['SILTA_TEST_ADMIN_URL'] = postgres.urlOf('postgres');
    Object.assign(globalThis, { siltaTestPostgres: postgres, siltaTestDirectory: directory });
  }
  await makeTemplate(process.env['SILTA_TEST_ADMIN_URL'] as string);
}

async function makeTemplate(adminUrl: string): Promise<void> {
  const template = `silta_template_${process.pid}`;
  const admin = openDatabase(adminUrl, { poolSize: 1 });
  await admin.query(`DROP DATABASE IF EXISTS ${template}`);
  await admin.query(`CREATE DATABASE ${template} TEMPLATE template0 ENCODING 'UTF8'`);
  await admin.close();
  const url = new URL(adminUrl);
  url.pathname = `/${template}`;
  const database = openDatabase(url.href, { poolSize: 1 });
  await migrate(database);
  await database.close();
  process.env['SILTA_TEST_TEMPLATE'] = template;
}
