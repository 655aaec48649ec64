import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, readMigrations } from '../../src/store/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

describe('migrations', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());

  it('apply nothing to a database that is up to date', async () => {
    expect(await migrate(test.database)).toEqual([]);
  });

  it('refuse a database newer than the code', async () => {
    const known = await readMigrations();
    await expect(migrate(test.database, known.slice(0, -1))).rejects.toThrow(/Start a newer gateway/);
  });

  it('roll back wholly when one statement fails', async () => {
    const known = await readMigrations();
    const broken = { number: known.length + 1, name: 'broken', sql: 'CREATE TABLE half (); SELECT 1/0' };
    await expect(migrate(test.database, [...known, broken])).rejects.toThrow(/division by zero/);
    const [row] = await test.database.query(`SELECT to_regclass('half') AS half`);
    expect(row).toEqual({ half: null });
  });
});
