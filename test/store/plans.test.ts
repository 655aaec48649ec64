import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { explainSearch } from '../../bench/rest/explain-search.ts';
import { preloadGateway } from '../../bench/rest/preload.ts';
import { sizesOf } from '../../bench/rest/samples.ts';
import { planned } from '../../bench/rest/searches.ts';
import { type Definitions, loadDefinitions } from '../../src/definitions/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

describe('the plans of searches among a few thousand resources', () => {
  let test: TestDatabase;
  let definitions: Definitions;

  beforeAll(async () => {
    test = await createTestDatabase();
    await preloadGateway(test.url, sizesOf(3_000));
    definitions = await loadDefinitions({ profiles: 'profiles' });
  }, 120_000);
  afterAll(() => test.drop());

  it.each(Object.entries(planned(137)))('%s scans no table from end to end', async (_, query) => {
    const plan = await explainSearch(test.database, definitions, query);
    expect(plan).toContain('Index');
    expect(plan).not.toMatch(/Seq Scan/);
  });

  it('a search without any index would be seen here', async () => {
    const rows = await test.database.query("EXPLAIN SELECT FROM resource WHERE content LIKE '%autumn%'");
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Seq Scan/);
  });
});
