import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SearchPage } from '../../src/store/index.ts';
import { BY_GATEWAY, openStoreFixture, type StoreFixture } from './store-fixture.ts';

const task = (id: string, description: string) => ({
  resourceType: 'Task',
  id,
  status: 'requested',
  intent: 'order',
  description,
  for: { reference: `Patient/${description}` },
});

describe('paging', () => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await openStoreFixture();
  });
  afterAll(() => fixture.drop());

  /** All pages of a search; `between` runs before each but the first. */
  const visit = async (
    text: string,
    between: () => Promise<unknown> = async () => undefined,
  ): Promise<string[]> => {
    const visited: string[] = [];
    let page: SearchPage = await fixture.search(text);
    visited.push(...page.matches.map((each) => each.id));
    while (page.next !== undefined) {
      await between();
      page = await fixture.search(text, undefined, page.next);
      visited.push(...page.matches.map((each) => each.id));
    }
    return visited;
  };

  it.each(['_lastUpdated', '-_lastUpdated', '_id', 'patient,-_id', '-authored-on,status'])(
    'visits each match once while others write, sorted by %s',
    async (sort) => {
      const run = `run${sort.replace(/[^a-z-]/gi, '')}`;
      const ids = Array.from({ length: 23 }, (_, n) => `${run}.${String(n).padStart(2, '0')}`);
      const tag = [{ system: 'urn:run', code: run }];
      const tagged = (id: string, description: string) => ({ ...task(id, description), meta: { tag } });
      for (const [n, id] of ids.entries()) await fixture.create(tagged(id, `p${n % 4}`));
      let written = 0;
      const visited = await visit(`Task?_tag=urn:run|${run}&_count=4&_sort=${sort}`, async () => {
        written++;
        await fixture.create(tagged(`${run}.0${written}x`, 'p1'));
        await fixture.create(tagged(`${run}.zz${written}`, 'p9'));
      });
      expect(written).toBeGreaterThan(4);
      const original = visited.filter((id) => ids.includes(id)).sort();
      expect(original).toEqual(ids);
      expect(new Set(visited).size).toBe(visited.length);
    },
  );

  it('loses no match that is updated meanwhile', async () => {
    const ids = Array.from({ length: 9 }, (_, n) => `moving.${n}`);
    for (const id of ids) await fixture.create(task(id, 'moving'));
    let turn = 0;
    const visited = await visit('Task?patient=moving&_count=2', async () => {
      const id = ids[(turn++ * 4) % ids.length] as string;
      if (turn > 6) return;
      await fixture.store.write([{ kind: 'update', resource: task(id, 'moving') }], BY_GATEWAY);
    });
    expect([...new Set(visited)].sort()).toEqual(ids);
  });

  it('refuses a cursor of another search, and any other text', async () => {
    for (const n of [1, 2, 3]) await fixture.create(task(`cursor.${n}`, 'cursor'));
    const page = await fixture.search('Task?patient=cursor&_count=1');
    const others = ['Task?patient=cursor&_count=2', 'Task?patient=other&_count=1', 'Patient?_count=1'];
    for (const text of others) {
      await expect(fixture.search(text, undefined, page.next)).rejects.toMatchObject({
        code: 'invalid-parameter',
      });
    }
    const forged = Buffer.from(page.next ?? '', 'base64url').toString();
    const [signature] = JSON.parse(forged) as string[];
    const forge = (...values: string[]) =>
      Buffer.from(JSON.stringify([signature, ...values])).toString('base64url');
    for (const [time, key] of [
      ['2026-99-99', '1'],
      ['1e9', '1'],
      ['999999999999', '1'],
      ['0', '99999999999999999999'],
      ['0', ''],
    ]) {
      const search = fixture.search(
        'Task?patient=cursor&_count=1',
        undefined,
        forge(time as string, key as string),
      );
      await expect(search).rejects.toMatchObject({ code: 'invalid-parameter' });
    }
    const garbage = fc.oneof(
      fc.string(),
      fc
        .array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)))
        .map((values) => Buffer.from(JSON.stringify([signature, ...values])).toString('base64url')),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (cursor) => {
        const search = fixture.search('Task?patient=cursor&_count=1', undefined, cursor);
        await expect(search).rejects.toMatchObject({ code: 'invalid-parameter' });
      }),
      { numRuns: 60 },
    );
  });
});
