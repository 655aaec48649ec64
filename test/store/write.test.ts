import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SiltaError } from '../../src/outcome.ts';
import { GATEWAY, type Principal, SECTOR_SYSTEM } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import { BY_GATEWAY, openStoreFixture, type StoreFixture } from './store-fixture.ts';

const task = (more: Record<string, unknown> = {}): Resource & { id: string } => ({
  resourceType: 'Task',
  id: randomUUID(),
  status: 'requested',
  intent: 'order',
  for: { reference: 'Patient/p-71' },
  ...more,
});

const codeOf = (error: unknown): string => (error instanceof SiltaError ? error.code : String(error));

describe('writing', () => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await openStoreFixture();
  });
  afterAll(() => fixture.drop());

  const rows = (sql: string, values: unknown[]) => fixture.database.query(sql, values);

  it('fills in version, time and sector and serves the text as it was stored', async () => {
    const resource = task({
      meta: { versionId: '99', lastUpdated: '1999-01-01T00:00:00Z', tag: [{ code: 'x' }] },
    });
    const [written] = await fixture.store.write([{ kind: 'create', resource }], BY_GATEWAY);
    const read = await fixture.store.read('Task', resource.id);
    expect(read).toEqual(written);
    expect(read?.lastUpdated).toMatch(/^2026-03-01T08:00:00\.\d{3}Z$/);
    expect(JSON.parse(read?.content ?? '')).toEqual({
      ...resource,
      meta: {
        versionId: '1',
        lastUpdated: read?.lastUpdated,
        tag: [{ code: 'x' }],
        security: [{ system: SECTOR_SYSTEM, code: 'health' }],
      },
    });
    expect(read).toMatchObject({ versionId: 1, method: 'create', patients: ['p-71'], sector: 'health' });
  });

  it('keeps a given sector label, else takes the first sector of the writer', async () => {
    const label = { system: SECTOR_SYSTEM, code: 'social' };
    const labelled = await fixture.create(task({ meta: { security: [{ code: 'R' }, label] } }));
    expect((await fixture.store.read('Task', labelled))?.sector).toBe('social');
    const principal: Principal = { ...GATEWAY, kind: 'system', sectors: ['social', 'health'] };
    const own = await fixture.create(task(), { ...BY_GATEWAY, principal });
    const read = await fixture.store.read('Task', own);
    expect(read?.sector).toBe('social');
    expect(JSON.parse(read?.content ?? '').meta.security).toEqual([label]);
    const strange = task({ meta: { security: [{ system: SECTOR_SYSTEM, code: 'military' }] } });
    await expect(fixture.create(strange)).rejects.toMatchObject({
      code: 'invalid-resource',
      issues: [{ expression: ['Task.meta.security'] }],
    });
  });

  it('keeps every version, a deletion and a revival included', async () => {
    const resource = task();
    await fixture.create(resource);
    const update = (status: string) =>
      fixture.store.write([{ kind: 'update', resource: { ...resource, status } }], BY_GATEWAY);
    await update('accepted');
    const [deleted] = await fixture.store.write(
      [{ kind: 'delete', type: 'Task', id: resource.id }],
      BY_GATEWAY,
    );
    expect(deleted).toMatchObject({ versionId: 3, method: 'delete', content: null, patients: ['p-71'] });
    expect(await fixture.find(`Task?_id=${resource.id}`)).toEqual([]);
    const [revived] = await update('completed');
    expect(revived).toMatchObject({ versionId: 4, method: 'update' });
    const history = await fixture.store.history('Task', resource.id, { count: 10 });
    expect(history.map((each) => [each.versionId, each.method])).toEqual([
      [4, 'update'],
      [3, 'delete'],
      [2, 'update'],
      [1, 'create'],
    ]);
    const older = await fixture.store.history('Task', resource.id, { count: 1, before: 3 });
    expect(older.map((each) => each.versionId)).toEqual([2]);
    const second = await fixture.store.readVersion('Task', resource.id, 2);
    expect(JSON.parse(second?.content ?? '')).toMatchObject({ status: 'accepted', meta: { versionId: '2' } });
    expect(await fixture.store.readVersion('Task', resource.id, 5)).toBeUndefined();
  });

  it('deletes what is deleted already without another version', async () => {
    const id = await fixture.create(task());
    const remove = () => fixture.store.write([{ kind: 'delete', type: 'Task', id }], BY_GATEWAY);
    await remove();
    expect((await remove())[0]).toMatchObject({ versionId: 2, method: 'delete' });
    expect(await rows('SELECT method FROM change WHERE id = $1 ORDER BY seq', [id])).toEqual([
      { method: 'create' },
      { method: 'delete' },
    ]);
  });

  it('refuses what does not fit the current state', async () => {
    const resource = task();
    const write = (...writes: Parameters<typeof fixture.store.write>[0][number][]) =>
      fixture.store.write(writes, BY_GATEWAY).then(
        () => 'written',
        (error: unknown) => codeOf(error),
      );
    expect(await write({ kind: 'update', resource })).toBe('not-found');
    expect(await write({ kind: 'delete', type: 'Task', id: resource.id })).toBe('not-found');
    expect(await write({ kind: 'update', resource, orCreate: true, ifMatch: 1 })).toBe('precondition-failed');
    expect(await write({ kind: 'update', resource, orCreate: true })).toBe('written');
    expect(await write({ kind: 'create', resource })).toBe('conflict');
    expect(await write({ kind: 'update', resource, ifMatch: 2 })).toBe('precondition-failed');
    expect(await write({ kind: 'delete', type: 'Task', id: resource.id, ifMatch: 2 })).toBe(
      'precondition-failed',
    );
    expect(await write({ kind: 'update', resource, ifMatch: 1 })).toBe('written');
    expect(await write({ kind: 'update', resource }, { kind: 'delete', type: 'Task', id: resource.id })).toBe(
      'invalid-request',
    );
    expect((await fixture.store.read('Task', resource.id))?.versionId).toBe(2);
  });

  it('writes all of a batch or nothing', async () => {
    const [one, two] = [task(), task()];
    const failing = fixture.store.write(
      [
        { kind: 'create', resource: one },
        { kind: 'update', resource: two },
      ],
      BY_GATEWAY,
    );
    await expect(failing).rejects.toMatchObject({ code: 'not-found' });
    expect(await fixture.store.read('Task', one.id)).toBeUndefined();
    expect(await rows('SELECT FROM change WHERE id = $1', [one.id])).toEqual([]);
    const written = await fixture.store.write(
      [one, two].map((resource) => ({ kind: 'create', resource }) as const),
      BY_GATEWAY,
    );
    expect(written.map((each) => each.id)).toEqual([one.id, two.id]);
    expect(await fixture.find(`Task?_id=${one.id},${two.id}&patient=p-71`)).toEqual([one.id, two.id]);
  });

  it('adds a change and an audit row in the same transaction', async () => {
    const resource = task();
    const principal: Principal = { ...GATEWAY, kind: 'system', who: 'Device/sap', clientId: 'sap' };
    await fixture.create(resource, { principal, requestId: 'request-77', origin: 'sap-c4c' });
    expect(
      await rows(
        'SELECT type, version_id, method, origin, agent, subject, handled_at FROM change WHERE id = $1',
        [resource.id],
      ),
    ).toEqual([
      {
        type: 'Task',
        version_id: 1,
        method: 'create',
        origin: 'sap-c4c',
        agent: 'Device/sap',
        subject: 'Patient/p-71',
        handled_at: null,
      },
    ]);
    expect(
      await rows('SELECT kind, who, client_id, action, outcome, entities FROM audit WHERE request_id = $1', [
        'request-77',
      ]),
    ).toEqual([
      {
        kind: 'system',
        who: 'Device/sap',
        client_id: 'sap',
        action: 'create',
        outcome: 'success',
        entities: [`Task/${resource.id}`],
      },
    ]);
  });

  it('keeps the audit append-only', async () => {
    await fixture.store.audit([
      {
        principal: GATEWAY,
        requestId: 'r-9',
        action: 'read',
        outcome: 'refused',
        entities: [],
        detail: 'no scope',
      },
      {
        principal: GATEWAY,
        requestId: 'r-9',
        action: 'read',
        outcome: 'success',
        entities: ['Task/1', 'Task/2'],
      },
    ]);
    expect(
      await rows('SELECT outcome, entities, detail FROM audit WHERE request_id = $1 ORDER BY seq', ['r-9']),
    ).toEqual([
      { outcome: 'refused', entities: [], detail: 'no scope' },
      { outcome: 'success', entities: ['Task/1', 'Task/2'], detail: null },
    ]);
    await expect(fixture.database.query('DELETE FROM audit')).rejects.toThrow(/append-only/);
    await expect(fixture.database.query(`UPDATE audit SET outcome = 'failed'`)).rejects.toThrow(
      /append-only/,
    );
  });

  it('lets a cause have its effect once, and the transaction around a second try goes on', async () => {
    const context = { ...BY_GATEWAY, once: 'pathway:response-5:urgent' };
    await fixture.create(task(), context);
    await expect(fixture.create(task(), context)).rejects.toMatchObject({
      code: 'conflict',
      issues: [{ key: 'once' }],
    });
    const other = task();
    await fixture.store.transaction(async (tx) => {
      const again = tx.write([{ kind: 'create', resource: task() }], context);
      await expect(again).rejects.toMatchObject({ code: 'conflict' });
      await tx.write([{ kind: 'create', resource: other }], BY_GATEWAY);
    });
    expect((await fixture.store.read('Task', other.id))?.versionId).toBe(1);
  });

  it('rolls a transaction back when its work throws', async () => {
    const resource = task();
    const work = fixture.store.transaction(async (tx) => {
      await tx.write([{ kind: 'create', resource }], BY_GATEWAY);
      expect((await tx.read('Task', resource.id))?.versionId).toBe(1);
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(await fixture.store.read('Task', resource.id)).toBeUndefined();
  });

  it('lets one of eight writers with the same If-Match win', async () => {
    const resource = task();
    await fixture.create(resource);
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        fixture.store
          .write(
            [{ kind: 'update', resource: { ...resource, description: `writer ${n}` }, ifMatch: 1 }],
            BY_GATEWAY,
          )
          .then(() => 'won', codeOf),
      ),
    );
    expect(outcomes.filter((each) => each === 'won')).toHaveLength(1);
    expect(outcomes.filter((each) => each === 'precondition-failed')).toHaveLength(7);
    expect((await fixture.store.read('Task', resource.id))?.versionId).toBe(2);
  });

  it('lets one of eight creators of the same id win, and numbers racing updates without gaps', async () => {
    const resource = task();
    const creations = await Promise.all(
      Array.from({ length: 8 }, () => fixture.create(resource).then(() => 'won', codeOf)),
    );
    expect(creations.filter((each) => each === 'won')).toHaveLength(1);
    expect(creations.filter((each) => each === 'conflict')).toHaveLength(7);
    const updates = await Promise.all(
      Array.from({ length: 8 }, () =>
        fixture.store.write([{ kind: 'update', resource, orCreate: true }], BY_GATEWAY),
      ),
    );
    expect(updates.map(([each]) => each?.versionId).sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(
      await rows('SELECT FROM search_token WHERE key = (SELECT key FROM resource WHERE id = $1)', [
        resource.id,
      ]),
    ).toHaveLength(2);
  });

  it('survives racing transactions over the same resources in opposite order', async () => {
    const [one, two] = [task(), task()];
    await fixture.create(one);
    await fixture.create(two);
    const update = (order: readonly (Resource & { id: string })[]) =>
      fixture.store.write(
        order.map((resource) => ({ kind: 'update', resource }) as const),
        BY_GATEWAY,
      );
    await Promise.all(Array.from({ length: 10 }, (_, n) => update(n % 2 === 0 ? [one, two] : [two, one])));
    expect((await fixture.store.read('Task', one.id))?.versionId).toBe(11);
    expect((await fixture.store.read('Task', two.id))?.versionId).toBe(11);
  });

  it('serialises those who lock the same key', async () => {
    const order: string[] = [];
    const work = (name: string) =>
      fixture.store.transaction(async (tx) => {
        await tx.lock('conditional-create');
        order.push(`${name} in`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        order.push(`${name} out`);
      });
    await Promise.all([work('a'), work('b')]);
    expect(order[0]?.[0]).toBe(order[1]?.[0]);
    expect(order[2]?.[0]).toBe(order[3]?.[0]);
  });

  it('stores awkward text without harm', async () => {
    const awkward = 'quote " backslash \\ null \u0000 unit \u001f line \u2028 emoji 😀 {"a":[1,2]}';
    const resource = task({
      description: awkward,
      identifier: [{ system: 'urn:x', value: `${awkward}${'y'.repeat(5000)}` }],
    });
    await fixture.create(resource);
    const read = await fixture.store.read('Task', resource.id);
    expect(JSON.parse(read?.content ?? '')).toMatchObject({ description: awkward });
    expect(
      await fixture.search(
        `Task?identifier=urn:x|${(resource['identifier'] as { value: string }[])[0]?.value.replace(/[\\,|$]/g, '\\$&')}`,
      ),
    ).toMatchObject({
      matches: [{ id: resource.id }],
    });
  });
});
