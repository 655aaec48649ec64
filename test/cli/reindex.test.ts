import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStoreFixture, type StoreFixture } from '../store/store-fixture.ts';
import { silta } from './run-silta.ts';

const ADDED = {
  resourceType: 'SearchParameter',
  url: 'https://county.example/SearchParameter/task-description',
  name: 'description',
  status: 'active',
  description: 'Words of the description of a task.',
  code: 'description',
  base: ['Task'],
  type: 'string',
  expression: 'Task.description',
};

describe('silta reindex', () => {
  let fixture: StoreFixture;
  let profiles: string;
  beforeAll(async () => {
    fixture = await openStoreFixture();
    profiles = await mkdtemp(join(tmpdir(), 'silta-profiles-'));
    await writeFile(join(profiles, 'description.json'), JSON.stringify(ADDED));
  });
  afterAll(async () => {
    await fixture.drop();
    await rm(profiles, { recursive: true });
  });
  const reindex = (...args: string[]) =>
    silta(['reindex', ...args], {
      SILTA_MODE: 'sandbox',
      DATABASE_URL: fixture.url,
      SILTA_PROFILES_DIR: profiles,
    });

  it('indexes what is stored by a search parameter of the profiles, and leaves an audit row', async () => {
    await fixture.create({
      resourceType: 'Task',
      id: 't1',
      status: 'requested',
      intent: 'order',
      description: 'Soita',
    });
    const ended = await reindex('--type', 'Task', '--param', 'description');
    expect(ended).toEqual({ code: 0, stdout: '1 resources indexed anew\n', stderr: '' });
    const rows = await fixture.database.query(`SELECT exact FROM search_string WHERE exact = 'Soita'`);
    expect(rows).toHaveLength(1);
    const audit = await fixture.database.query(`SELECT outcome, detail FROM audit WHERE action = 'reindex'`);
    expect(audit).toEqual([{ outcome: 'success', detail: 'Task param description' }]);
  });

  it.each([
    [['--type', 'Tusk'], "'Tusk' is no resource type of FHIR R4. Did you mean 'Task'?"],
    [['--type', 'Patient', '--param', 'description'], "Patient has no search parameter 'description'"],
    [['--after', 'x'], '--after: the key that a stopped run named'],
  ])('refuses %j with exit code 2', async (args, says) => {
    const { code, stdout, stderr } = await reindex(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
  });

  it('needs to be told which database', async () => {
    const { code, stderr } = await silta(['reindex'], { SILTA_MODE: 'sandbox' });
    expect(code).toBe(2);
    expect(stderr).toContain('DATABASE_URL is not set');
  });
});
