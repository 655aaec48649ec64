import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Definitions, loadDefinitions } from '../../src/definitions/index.ts';
import { parseExactly } from '../../src/exact-json.ts';
import type { Resource } from '../../src/resource.ts';
import { createStore, type ReindexProgress, type ReindexQuery, reindex } from '../../src/store/index.ts';
import { BY_GATEWAY, EVERYTHING, openStoreFixture, type StoreFixture } from './store-fixture.ts';

/** A search parameter that the definitions of the release do not have. */
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
const INDEX_TABLES = ['token', 'string', 'date', 'reference', 'quantity', 'component', 'text'];

const task = (id: string, description: string) => ({
  resourceType: 'Task',
  id,
  status: 'requested',
  intent: 'order',
  description,
  for: { reference: 'Patient/p1' },
  authoredOn: '2026-03-01',
});

const measured = parseExactly(`{"resourceType":"Observation","id":"measured","status":"final",
  "code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}],"text":"Verenpaine"},
  "subject":{"reference":"Patient/p1","identifier":{"system":"urn:mrn","value":"17"}},
  "text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>Verenpaine koholla</div>"},
  "valueQuantity":{"value":1.10,"system":"http://unitsofmeasure.org","code":"mm[Hg]"},
  "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
    "valueQuantity":{"value":140.0,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}`) as Resource;

describe('reindex', () => {
  let fixture: StoreFixture;
  let profiles: string;
  let added: Definitions;
  beforeAll(async () => {
    fixture = await openStoreFixture();
    profiles = await mkdtemp(join(tmpdir(), 'silta-profiles-'));
    await writeFile(join(profiles, 'description.json'), JSON.stringify(ADDED));
    added = await loadDefinitions({ profiles });
  });
  afterAll(async () => {
    await fixture.drop();
    await rm(profiles, { recursive: true });
  });

  const run = async (definitions: Definitions, query: ReindexQuery = {}): Promise<ReindexProgress[]> => {
    const all: ReindexProgress[] = [];
    for await (const each of reindex({ database: fixture.database, definitions }, query)) all.push(each);
    return all;
  };
  const storeWith = (definitions: Definitions) =>
    createStore({ database: fixture.database, definitions, clock: () => new Date() });
  const found = async (definitions: Definitions, value: string): Promise<string[]> => {
    const parameters = [['description', value]] as const;
    const page = await storeWith(definitions).search({ type: 'Task', parameters, visibility: EVERYTHING });
    return page.matches.map(({ id }) => id);
  };
  const indexRows = async (): Promise<unknown[]> => {
    const tables = INDEX_TABLES.map(async (table) => {
      const rows = await fixture.database.query<{ row: string }>(
        `SELECT x::text AS row FROM search_${table} x`,
      );
      return [table, rows.map(({ row }) => row).sort()];
    });
    return Promise.all(tables);
  };

  it('leaves the rows of every resource as they were when nothing was added', async () => {
    await fixture.create(measured);
    await fixture.create({
      resourceType: 'Patient',
      id: 'p1',
      name: [{ family: 'Mäkelä' }],
      birthDate: '1950',
    });
    const content = fixture.definitions.content.filter(({ id }) => id !== undefined);
    for (const resource of content) await fixture.create(resource);
    await fixture.create(task('deleted', 'no more'));
    await fixture.store.write([{ kind: 'delete', type: 'Task', id: 'deleted' }], BY_GATEWAY);
    const before = await indexRows();
    const progress = await run(fixture.definitions);
    expect(progress.at(-1)).toMatchObject({ rebuilt: content.length + 2 });
    expect(progress.at(-1)?.after).toBe(progress.at(-1)?.last);
    expect(await indexRows()).toEqual(before);
  });

  it('lets a search parameter that was added find what was stored before', async () => {
    await fixture.create(task('t1', 'Soita takaisin'));
    expect(await found(added, 'soita')).toEqual([]);
    await run(added, { types: ['Task'], code: 'description' });
    expect(await found(added, 'soita')).toEqual(['t1']);
    expect(await fixture.find('Task?patient=p1&status=requested&authored-on=2026-03-01')).toEqual(['t1']);
  });

  it('removes the rows of what is searched no longer, and puts none in twice', async () => {
    const rows = async () =>
      (await fixture.database.query('SELECT FROM search_string WHERE exact = $1', ['Soita takaisin'])).length;
    await run(added, { code: 'description' });
    expect(await rows()).toBe(1);
    await run(fixture.definitions);
    expect(await rows()).toBe(0);
  });

  it('goes on after the key that a stopped run named', async () => {
    for (let n = 0; n < 230; n++) await fixture.create(task(`many.${n}`, 'Monta'));
    const first = reindex({ database: fixture.database, definitions: added }, { types: ['Task'] });
    const { value } = await first.next();
    await first.return(undefined);
    const stopped = value as ReindexProgress;
    expect(stopped.rebuilt).toBe(100);
    const rest = await run(added, { types: ['Task'], after: stopped.after });
    expect(rest.at(-1)?.rebuilt).toBe(131);
    const page = await storeWith(added).search({
      type: 'Task',
      parameters: [
        ['description', 'monta'],
        ['_summary', 'count'],
      ],
      visibility: EVERYTHING,
    });
    expect(page.total).toBe(230);
  });

  it('never leaves rows of a version that was written over meanwhile', async () => {
    const ids = Array.from({ length: 120 }, (_, n) => `raced.${n}`);
    for (const id of ids) await fixture.create(task(id, 'Vanha'));
    const writer = storeWith(added);
    const update = async (): Promise<void> => {
      for (const id of ids) {
        await writer.write([{ kind: 'update', resource: task(id, 'Uusi') }], BY_GATEWAY);
      }
    };
    await Promise.all([update(), run(added), run(added, { code: 'description' }), run(added)]);
    expect(await found(added, 'vanha')).toEqual([]);
    const rows = await fixture.database.query(
      `SELECT r.id, count(*) AS n FROM search_string x JOIN resource r USING (key) WHERE x.exact = 'Uusi' GROUP BY r.id`,
    );
    expect(rows).toHaveLength(ids.length);
    expect(rows.filter(({ n }) => n !== 1)).toEqual([]);
  });

  it('waits for who writes a resource just now, and takes the version that comes of it', async () => {
    await fixture.create(task('held', 'Ennen'));
    let running: Promise<unknown> = Promise.resolve();
    await storeWith(fixture.definitions).transaction(async (tx) => {
      await tx.write([{ kind: 'update', resource: task('held', 'Sitten') }], BY_GATEWAY);
      running = run(added, { types: ['Task'], code: 'description' });
      await fixture.create(task('bystander', 'Sivusta'));
    });
    await running;
    expect(await found(added, 'sitten')).toEqual(['held']);
    expect(await found(added, 'ennen')).toEqual([]);
  });

  it.each([
    [{ types: ['Tusk'] }, "'Tusk' is no resource type of FHIR R4. Did you mean 'Task'?"],
    [{ types: ['Task'], code: 'descriptoin' }, "Task has no search parameter 'descriptoin' with index rows."],
    [{ code: '_lastUpdated' }, "No type has a search parameter '_lastUpdated' with index rows."],
  ])('refuses %j', async (query, says) => {
    await expect(run(added, query)).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining(says),
    });
  });
});
