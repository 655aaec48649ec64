import { rm } from 'node:fs/promises';
import { type EmbeddedPostgres, openDatabase } from '../../src/store/index.ts';

export default async function teardown(): Promise<void> {
  const kept = globalThis as { siltaTestPostgres?: EmbeddedPostgres; siltaTestDirectory?: string };
  if (kept.siltaTestPostgres) {
    await kept.siltaTestPostgres.stop();
    await rm(kept.siltaTestDirectory as string, { recursive: true, force: true });
    return;
  }
  const admin = openDatabase(process.env['SILTA_TEST_ADMIN_URL'] as string, { poolSize: 1 });
  await admin.query(`DROP DATABASE IF EXISTS ${process.env['SILTA_TEST_TEMPLATE']} WITH (FORCE)`);
  await admin.close();
}
