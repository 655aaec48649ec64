import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Write } from '../../src/store/index.ts';
import { BY_GATEWAY, openStoreFixture, type StoreFixture } from './store-fixture.ts';

/** Few values of each kind and odd ones among them, so that pages often end between equal ones. */
const shape = fc.record({
  text: fc.constantFrom(undefined, 'Aalto', 'aalto', 'Äijälä', '😀', `${'Long'.repeat(3_000)}1`),
  moment: fc.constantFrom(
    undefined,
    '1850',
    '1969-12-31T23:59:59.999Z',
    '2026-03-01T08:00:00.001Z',
    '9999-12-31T23:59:59.998Z',
    '9999-12-31',
  ),
  amount: fc.constantFrom(undefined, 0, -1.5, 1e-7, 1e21, 0.1),
  subject: fc.constantFrom(undefined, 'Patient/p1', 'Patient/p2', 'https://elsewhere.example/Patient/p1'),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

const KEYS = ['_lastUpdated', '_id', 'date', 'value-string', 'component-value-quantity', 'subject', 'status'];
const sort = fc.oneof(
  fc.constant(undefined),
  fc
    .uniqueArray(fc.tuple(fc.constantFrom('', '-'), fc.constantFrom(...KEYS)), {
      minLength: 1,
      maxLength: 4,
      selector: ([, key]) => key,
    })
    .map((keys) => keys.map((key) => key.join('')).join(',')),
);

/** What others do while a page is read, each to one of their own resources. */
const meddling = fc.array(
  fc.record({ kind: fc.constantFrom('create', 'update', 'delete'), at: fc.nat(5), shape }),
  { maxLength: 5 },
);

const observation = (run: string, id: string, { text, moment, amount, subject }: Shape) => ({
  resourceType: 'Observation',
  id: `${run}.${id}`,
  meta: { tag: [{ system: 'urn:run', code: run }] },
  status: 'final',
  code: { text: 'paging' },
  ...(text !== undefined && { valueString: text }),
  ...(moment !== undefined && { effectivePeriod: { end: moment } }),
  ...(amount !== undefined && {
    component: [{ code: { text: 'amount' }, valueQuantity: { value: amount } }],
  }),
  ...(subject !== undefined && { subject: { reference: subject } }),
});

const MOST_PAGES = 200;

describe('paging', () => {
  let fixture: StoreFixture;
  let runs = 0;
  beforeAll(async () => {
    fixture = await openStoreFixture();
  });
  afterAll(() => fixture.drop());

  const write = (writes: readonly Write[]) => fixture.store.write(writes, BY_GATEWAY);

  it('neither loses nor repeats what stays as it is, in any order, while others write', async () => {
    const unchanged = fc.array(shape, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        unchanged,
        sort,
        fc.integer({ min: 1, max: 4 }),
        fc.array(meddling, { minLength: 1, maxLength: 6 }),
        async (shapes, order, count, turns) => {
          const run = `run${++runs}`;
          const own = shapes.map((each, n) => observation(run, `own${n}`, each));
          const others = shapes.slice(0, 6).map((each, n) => observation(run, `other${n}`, each));
          // In two writes: what is written together has the same time.
          const half = Math.ceil(own.length / 2);
          for (const some of [own.slice(0, half), [...others, ...own.slice(half)]]) {
            await write(some.map((resource) => ({ kind: 'create', resource })));
          }
          const meddle = (turn: number) =>
            (turns[turn % turns.length] ?? []).map(({ kind, at, shape: changed }, n) => {
              const id = kind === 'create' ? `new${turn}.${n}` : `other${at % others.length}`;
              const resource = observation(run, id, changed);
              return kind === 'delete'
                ? write([{ kind, type: 'Observation', id: resource.id }])
                : write([{ kind: 'update', resource, orCreate: true }]);
            });

          const text = `Observation?_tag=urn:run|${run}${order === undefined ? '' : `&_sort=${order}`}`;
          const isOwn = ({ id }: { readonly id: string }) => id.startsWith(`${run}.own`);
          const whole = (await fixture.search(`${text}&_count=100`)).matches.filter(isOwn);
          const visited: string[] = [];
          let cursor: string | undefined;
          for (let turn = 0; turn === 0 || cursor !== undefined; turn++) {
            if (turn === MOST_PAGES) throw new Error('The pages never end.');
            // Others stop writing at some time: an order by time has no end before.
            const writing = turn < 20 ? meddle(turn) : [];
            const [page] = await Promise.all([
              fixture.search(`${text}&_count=${count}`, undefined, cursor),
              ...writing,
            ]);
            visited.push(...page.matches.filter(isOwn).map(({ id }) => id));
            cursor = page.next;
          }
          expect(visited).toEqual(whole.map(({ id }) => id));
          expect(new Set(visited)).toEqual(new Set(own.map(({ id }) => id)));
        },
      ),
      { numRuns: 60 },
    );
  });
});
