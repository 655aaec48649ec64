import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SiltaError } from '../../src/outcome.ts';
import { GATEWAY, SECTOR_SYSTEM } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import type { Write } from '../../src/store/index.ts';
import { openStoreFixture, type StoreFixture } from './store-fixture.ts';

const task = (id: string, more: Record<string, unknown> = {}): Resource & { id: string } => ({
  resourceType: 'Task',
  id,
  status: 'requested',
  intent: 'order',
  for: { reference: 'Patient/p-71' },
  ...more,
});

const codeOf = (error: unknown): string => (error instanceof SiltaError ? error.code : String(error));

describe('writing for several requests at the same time', () => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await openStoreFixture();
  });
  afterAll(() => fixture.drop());

  const write = (requestId: string, ...writes: Write[]): Promise<string> =>
    fixture.store
      .write(writes, { principal: { ...GATEWAY, who: `Device/${requestId}` }, requestId })
      .then((stored) => stored.map(({ versionId }) => versionId).join(), codeOf);
  const audited = async (requestId: string) =>
    (
      await fixture.database.query<{ action: string; entities: string[]; who: string }>(
        'SELECT action, entities, who FROM audit WHERE request_id = $1',
        [requestId],
      )
    ).map(({ action, entities, who }) => [action, entities.join(), who]);
  const current = async (id: string) => (await fixture.store.read('Task', id))?.versionId;

  it('gives each request its own versions, audit row and changes', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const one = (n: number): Write => ({ kind: 'create', resource: task(ids[n] as string) });
    const [single, pair, upsert] = Array.from({ length: 3 }, () => randomUUID()) as [string, string, string];
    const answers = await Promise.all([
      write(single, one(0)),
      write(pair, one(1), one(2)),
      write(upsert, { kind: 'update', orCreate: true, resource: task(ids[3] as string) }),
    ]);
    expect(answers).toEqual(['1', '1,1', '1']);
    expect(await audited(single)).toEqual([['create', `Task/${ids[0]}`, `Device/${single}`]]);
    expect(await audited(pair)).toEqual([['transaction', `Task/${ids[1]},Task/${ids[2]}`, `Device/${pair}`]]);
    expect(await audited(upsert)).toEqual([['update', `Task/${ids[3]}`, `Device/${upsert}`]]);
    const changes = await fixture.database.query(
      'SELECT id, agent, method, subject FROM change WHERE id = ANY ($1) ORDER BY seq',
      [ids],
    );
    expect(changes).toEqual(
      [single, pair, pair, upsert].map((request, n) => ({
        id: ids[n],
        agent: `Device/${request}`,
        method: 'create',
        subject: 'Patient/p-71',
      })),
    );
  });

  it('lets a request that fails take nobody with it, and leaves nothing of it', async () => {
    const [known, half, ...fine] = Array.from({ length: 6 }, () => randomUUID()) as [
      string,
      string,
      ...string[],
    ];
    await write('before', { kind: 'create', resource: task(known) });
    const unlabelled = task(randomUUID(), { meta: { security: [{ system: SECTOR_SYSTEM, code: 'x' }] } });
    const failed = randomUUID();
    const answers = await Promise.all([
      write('fine-0', { kind: 'create', resource: task(String(fine[0])) }),
      write(
        failed,
        { kind: 'create', resource: task(half) },
        { kind: 'update', resource: task(known), ifMatch: 9 },
      ),
      write('fine-1', { kind: 'create', resource: task(String(fine[1])) }),
      write('taken', { kind: 'create', resource: task(known) }),
      write('missing', { kind: 'update', resource: task(randomUUID()) }),
      write('label', { kind: 'create', resource: unlabelled }),
      write('fine-2', { kind: 'update', resource: task(known), ifMatch: 1 }),
      write('again', { kind: 'delete', type: 'Task', id: String(fine[2]) }),
    ]);
    expect(answers).toEqual([
      '1',
      'precondition-failed',
      '1',
      'conflict',
      'not-found',
      'invalid-resource',
      '2',
      'not-found',
    ]);
    expect(await current(half)).toBeUndefined();
    expect(await audited(failed)).toEqual([]);
  });

  it('does not let a locked resource hold up the others for long', async () => {
    const [locked, free] = [randomUUID(), randomUUID()];
    await write('before', { kind: 'create', resource: task(locked) });
    const done: string[] = [];
    let waiting: Promise<unknown> = Promise.resolve();
    await fixture.database.transaction(async (tx) => {
      await tx.query('SELECT 1 FROM resource WHERE id = $1 FOR UPDATE', [locked]);
      waiting = write('locked', { kind: 'update', resource: task(locked) }).then(() => done.push('locked'));
      await write('free', { kind: 'create', resource: task(free) });
      done.push('free');
    });
    await waiting;
    expect(done).toEqual(['free', 'locked']);
    expect([await current(locked), await current(free)]).toEqual([2, 1]);
  });

  it('counts every write once, whatever is written at the same time', async () => {
    const plan = fc.array(fc.record({ target: fc.nat(3), kind: fc.constantFrom('update', 'delete') }), {
      minLength: 2,
      maxLength: 24,
    });
    await fc.assert(
      fc.asyncProperty(plan, async (steps) => {
        const ids = Array.from({ length: 4 }, () => randomUUID());
        await Promise.all(ids.map((id) => write('make', { kind: 'create', resource: task(id) })));
        await Promise.all(
          steps.map(({ target, kind }) => {
            const id = ids[target] as string;
            return write(
              'step',
              kind === 'delete' ? { kind, type: 'Task', id } : { kind: 'update', resource: task(id) },
            );
          }),
        );
        for (const [target, id] of ids.entries()) {
          const versions = await fixture.store.history('Task', id, { count: 50 });
          // In the order they came: a deletion of what is deleted already makes no version.
          const wanted = ['create'];
          for (const step of steps.filter((each) => each.target === target)) {
            if (step.kind !== 'delete' || wanted.at(-1) !== 'delete') wanted.push(step.kind);
          }
          expect(versions.map(({ method }) => method).toReversed()).toEqual(wanted);
          expect(versions.map(({ versionId }) => versionId).toReversed()).toEqual(
            wanted.map((_, n) => n + 1),
          );
        }
      }),
      { numRuns: 20 },
    );
  });
});
