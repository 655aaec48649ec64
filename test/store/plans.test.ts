import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { explainSearch } from '../../bench/rest/explain-search.ts';
import { preloadGateway } from '../../bench/rest/preload.ts';
import { idOf, sizesOf } from '../../bench/rest/samples.ts';
import { planned } from '../../bench/rest/searches.ts';
import { type Definitions, loadDefinitions } from '../../src/definitions/index.ts';
import { createStore, type Database, type SearchQuery, type Store } from '../../src/store/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { BY_GATEWAY } from './store-fixture.ts';

const SIZES = sizesOf(3_000);
const SYSTEM: SearchQuery['visibility'] = { sectors: ['health'] };
const CITIZEN: SearchQuery['visibility'] = {
  patientId: idOf('Patient', 137),
  sectors: ['health', 'social'],
  sharedTypes: new Set(['Questionnaire']),
};
const WORDS = ['aamu', 'ilta', 'kipu', 'uni', 'mieli', 'liike', 'ruoka', 'työ', 'loma', 'sää'];

const observation = (n: number) => ({
  resourceType: 'Observation',
  id: `o${n}`,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: `code-${n % 300}` }] },
  subject: { reference: `Patient/${idOf('Patient', n % SIZES.patients)}` },
  valueQuantity: { value: n, system: 'http://unitsofmeasure.org', code: 'mg' },
  text: {
    status: 'generated',
    div: `<div xmlns="http://www.w3.org/1999/xhtml">${WORDS[n % 10]} ${WORDS[(n >> 3) % 10]} sana${n % 400}</div>`,
  },
});

/** Observations, and a version before the current one of each. */
async function addObservations(store: Store): Promise<void> {
  for (let at = 0; at < 3_000; at += 100) {
    const some = Array.from({ length: 100 }, (_, n) => observation(at + n));
    await store.write(
      some.map((resource) => ({ kind: 'create', resource }) as const),
      BY_GATEWAY,
    );
    await store.write(
      some.map((resource) => ({ kind: 'update', resource }) as const),
      BY_GATEWAY,
    );
  }
}

const BEYOND: Readonly<Record<string, SearchQuery>> = {
  composite: {
    type: 'Observation',
    parameters: [['code-value-quantity', 'http://loinc.org|code-7$gt19']],
    visibility: SYSTEM,
  },
  words: { type: 'Observation', parameters: [['_text', 'sana17 kipu']], visibility: SYSTEM },
  'many codes': {
    type: 'Observation',
    parameters: [['code:in', 'urn:many']],
    visibility: SYSTEM,
  },
};

describe('the plans of searches among a few thousand resources', () => {
  let test: TestDatabase;
  let definitions: Definitions;

  beforeAll(async () => {
    test = await createTestDatabase();
    await preloadGateway(test.url, SIZES);
    definitions = await loadDefinitions({ profiles: 'profiles' });
    await addObservations(
      createStore({
        database: test.database,
        definitions,
        clock: () => new Date(),
        wordless: new Set(['Observation']),
      }),
    );
    // What was written last waits beside the index of words until a vacuum takes it in.
    await test.database.query('VACUUM ANALYZE');
  }, 240_000);
  afterAll(() => test.drop());

  /** The plans of every statement that some work sends. */
  async function explain(work: (store: Store) => Promise<unknown>): Promise<readonly string[]> {
    const plans: string[] = [];
    const explaining: Database = {
      ...test.database,
      query: async (sql, values) => {
        const rows = await test.database.query<Record<string, string>>(`EXPLAIN (COSTS OFF) ${sql}`, values);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return test.database.query(sql, values);
      },
    };
    const codes = Array.from({ length: 40 }, (_, n) => ({ system: 'http://loinc.org', code: `code-${n}` }));
    const terminology = {
      expand: async () => codes,
      descendants: async () => undefined,
      ancestors: async () => undefined,
    };
    await work(createStore({ database: explaining, definitions, clock: () => new Date(), terminology }));
    return plans;
  }

  it.each(Object.entries(planned(137)))('%s scans no table from end to end', async (_, query) => {
    const plan = await explainSearch(test.database, definitions, query);
    expect(plan).toContain('Index');
    expect(plan).not.toMatch(/Seq Scan/);
  });

  it.each(Object.entries(BEYOND))('%s scans no table from end to end', async (_, query) => {
    const found: number[] = [];
    const plans = await explain(async (store) => found.push((await store.search(query)).matches.length));
    expect(found[0]).toBeGreaterThan(0);
    expect(plans.join('\n')).not.toMatch(/Seq Scan/);
  });

  it.each([
    ['Observation', 'o7,o8', '_include', 'Observation:*'],
    ['Patient', CITIZEN.patientId ?? '', '_revinclude', 'Observation:patient'],
    ['QuestionnaireResponse', idOf('QuestionnaireResponse', 7), '_include:iterate', '*'],
  ])('%s?_id=%s&%s=%s scans no table from end to end', async (type, id, name, value) => {
    const query: SearchQuery = {
      type,
      parameters: [
        ['_id', id],
        [name, value],
      ],
      visibility: SYSTEM,
    };
    const plans = await explain((store) => store.search(query));
    expect(plans.length).toBeGreaterThan(1);
    expect(plans.join('\n')).not.toMatch(/Seq Scan/);
  });

  it.each([
    ['one type', ['Observation']],
    ['everything', ['Observation', 'Task', 'Patient', 'QuestionnaireResponse', 'Questionnaire']],
  ])("a citizen's history of %s scans no table from end to end", async (_, types) => {
    const plans = await explain((store) => store.changes({ types, count: 20, visibility: CITIZEN }));
    expect(plans.join('\n')).toContain('by_patient');
    expect(plans.join('\n')).not.toMatch(/Seq Scan/);
  });

  it('a search without any index would be seen here', async () => {
    const rows = await test.database.query("EXPLAIN SELECT FROM resource WHERE content LIKE '%autumn%'");
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Seq Scan/);
  });
});
