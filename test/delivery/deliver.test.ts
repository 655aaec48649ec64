import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MappingError } from '../../src/mapping/index.ts';
import { claimDelivery, selectDeliveries } from '../../src/store/index.ts';
import { down, refused } from './support/receiver.ts';
import { mapOf, routeOf, systemOf } from './support/systems.ts';
import { createWorld, until, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const states = async () =>
  (await selectDeliveries(world.database, { limit: 1_000 })).map(({ state }) => state).sort();

describe('a change', () => {
  it('reaches each route that applies, once, with a Provenance that names map and version', async () => {
    world.systems = [
      systemOf({
        routes: [routeOf({ when: `status = 'requested'` }), routeOf({ name: 'other', when: 'false' })],
      }),
    ];
    const reference = await world.task({ description: 'Ota yhteyttä', patient: 'p-4' });
    const gateway = world.gateway();
    await gateway.start();
    await gateway.idle();
    expect(world.receiver.effects).toEqual([{ task: reference.slice(5), version: 1, text: 'Ota yhteyttä' }]);
    expect(world.receiver.attempts).toHaveLength(1);
    const { deliveries } = await gateway.listDeliveries({});
    expect(deliveries).toMatchObject([
      {
        state: 'sent',
        system: 'sap-c4c',
        route: 'ticket',
        remoteId: 'R-1',
        subject: 'Patient/p-4',
        attempts: 1,
      },
    ]);
    const provenances = await world.database.query<{ content: string }>(
      `SELECT content FROM resource WHERE type = 'Provenance'`,
    );
    expect(provenances.map(({ content }) => JSON.parse(content))).toMatchObject([
      {
        target: [{ reference: `${reference}/_history/1` }, { reference: 'Patient/p-4' }],
        policy: ['https://silta.example/fhir/StructureMap/task-to-ticket|1.4.0'],
        activity: { coding: [{ code: 'transmit' }] },
        agent: [{ who: { reference: 'Device/silta-gateway' } }, { who: { display: 'sap-c4c' } }],
        entity: [
          { role: 'source', what: { reference: `${reference}/_history/1` } },
          { role: 'derivation', what: { identifier: { value: 'R-1' } } },
        ],
      },
    ]);
  });

  it('does not go back to the system it came from', async () => {
    world.systems = [systemOf(), systemOf({ name: 'lifecare' })];
    await world.task({}, 'sap-c4c');
    const gateway = world.gateway();
    await gateway.start();
    await gateway.idle();
    expect((await gateway.listDeliveries({})).deliveries).toMatchObject([{ system: 'lifecare' }]);
  });

  it('is delivered in the version it made, even when a newer one exists already', async () => {
    const reference = await world.task({ description: 'first' });
    await world.task({ id: reference.slice(5), meta: { versionId: '1' }, description: 'second' });
    const gateway = world.gateway();
    await gateway.start();
    await gateway.idle();
    expect(world.receiver.effects).toMatchObject([
      { version: 1, text: 'first' },
      { version: 2, text: 'second' },
    ]);
  });

  it('that deletes has nothing to deliver', async () => {
    const reference = await world.task();
    await world.store.write([{ kind: 'delete', type: 'Task', id: reference.slice(5) }], {
      principal: (await import('../../src/principal.ts')).GATEWAY,
      requestId: 'test',
    });
    const gateway = world.gateway();
    await gateway.start();
    await gateway.idle();
    expect(world.receiver.effects).toMatchObject([{ version: 1 }]);
  });

  it('waits among the dead when a condition of a route fails, and hinders no other route', async () => {
    world.systems = [
      systemOf({ routes: [routeOf({ name: 'broken', when: `status.toInteger() div 'x'` }), routeOf()] }),
    ];
    await world.task();
    const gateway = world.gateway();
    await gateway.start();
    await gateway.idle();
    const { deliveries } = await gateway.listDeliveries({});
    expect(deliveries.map(({ route, state }) => `${route} ${state}`).sort()).toEqual([
      'broken dead',
      'ticket sent',
    ]);
  });
});

describe('a delivery', () => {
  it('waits while its system is down and arrives once it is up', async () => {
    let isDown = true;
    world.receiver.behave = () => (isDown ? down : undefined);
    await world.task();
    const gateway = world.gateway();
    await gateway.start();
    await until('three attempts failed', () => world.receiver.attempts.length >= 3);
    expect((await gateway.listDeliveries({ state: 'sent' })).deliveries).toEqual([]);
    isDown = false;
    await until('it was sent', async () => (await states())[0] === 'sent');
    expect(world.receiver.effects).toHaveLength(1);
    expect(new Set(world.receiver.attempts).size).toBe(1);
  });

  it('waits as long as its system asks for', async () => {
    const at: number[] = [];
    world.receiver.behave = () => {
      at.push(Date.now());
      return at.length === 1 ? { ...down, retryAfterMs: 300 } : undefined;
    };
    await world.task();
    const gateway = world.gateway();
    await gateway.start();
    await until('it was sent', () => world.receiver.effects.length === 1);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(295);
  });

  it('counts as failed when the system does not answer in its time', async () => {
    world.systems = [systemOf({ transport: { ...systemOf().transport, timeoutMs: 40 } })];
    const aborted: boolean[] = [];
    world.receiver.behave = async ({ signal }, attempt) => {
      if (attempt > 1) return undefined;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      aborted.push(signal.aborted);
      return new Promise(() => undefined);
    };
    await world.task();
    const gateway = world.gateway();
    await gateway.start();
    await until('it was sent', () => world.receiver.effects.length === 1);
    expect(aborted).toEqual([true]);
  });

  it('is dead, with the place in the map, when its mapping fails, and the next one goes on', async () => {
    const place = { file: 'mappings/sap-c4c/task-to-ticket.fml', line: 31, column: 7 };
    const map = mapOf(({ source }) => {
      if ((source as { description: string }).description === 'bad') {
        throw new MappingError(place, 'no row of the concept map fits', 'priority');
      }
      return source;
    });
    world.systems = [systemOf({ routes: [routeOf({ map })] })];
    await world.task({ description: 'bad', patient: 'p-1' });
    await world.task({ description: 'good', patient: 'p-1' });
    const gateway = world.gateway();
    await gateway.start();
    await gateway.idle();
    expect(world.receiver.effects).toMatchObject([{ description: 'good' }]);
    expect((await gateway.listDeliveries({ state: 'dead' })).deliveries).toMatchObject([
      {
        attempts: 1,
        outcome: {
          issue: [
            {
              diagnostics:
                "mappings/sap-c4c/task-to-ticket.fml:31:7: rule 'priority': no row of the concept map fits",
              details: { coding: [{ code: 'mapping-failed' }] },
            },
          ],
        },
      },
    ]);
  });

  it('is dead at once when its system refuses it for good', async () => {
    world.receiver.behave = () => refused;
    await world.task();
    const gateway = world.gateway();
    await gateway.start();
    await gateway.idle();
    const { deliveries } = await gateway.listDeliveries({});
    expect(deliveries).toMatchObject([{ state: 'dead', attempts: 1 }]);
    expect(deliveries[0]?.outcome?.issue[0]?.diagnostics).toContain('no such code');
  });

  it('is dead after the attempts it is given', async () => {
    world.receiver.behave = () => down;
    await world.task();
    const gateway = world.gateway({ limits: { maxAttempts: 4 } });
    await gateway.start();
    await until('it is dead', async () => (await states())[0] === 'dead');
    expect(world.receiver.attempts).toHaveLength(4);
  });

  it('is dead when it has failed for too long', async () => {
    world.receiver.behave = () => down;
    await world.task();
    const gateway = world.gateway({ limits: { maxAgeMs: 120 } });
    await gateway.start();
    await until('it is dead', async () => (await states())[0] === 'dead');
    const [row] = await selectDeliveries(world.database, { limit: 1 });
    const age = Date.parse(row?.settledAt ?? '') - Date.parse(row?.createdAt ?? '');
    expect(age).toBeGreaterThanOrEqual(120);
    expect(row?.outcome?.issue[0]?.code).toBe('transient');
  });

  it('is sent through one transport for as long as its system stays the same', async () => {
    const made: string[] = [];
    await world.task();
    await world.task();
    const gateway = world.gateway({
      transports: ({ name }) => {
        made.push(name);
        return world.receiver.transport;
      },
    });
    await gateway.start();
    await gateway.idle();
    expect([world.receiver.effects.length, made]).toEqual([2, ['sap-c4c']]);
  });

  it('waits while its route is not configured', async () => {
    await world.task();
    const gateway = world.gateway({
      dispatcher: { start: async () => {}, offer: async () => {}, stop: async () => {} },
    });
    await gateway.start();
    await until('it was routed', async () => (await states()).length === 1);
    world.systems = [];
    const other = world.gateway();
    await other.start();
    await other.idle();
    expect(await states()).toEqual(['waiting']);
  });
});

describe('the order', () => {
  it('is kept for one patient and one system, while other patients do not wait', async () => {
    let isDown = true;
    world.receiver.behave = ({ payload }) =>
      isDown && (payload as { text: string }).text === 'a1' ? down : undefined;
    for (const [description, patient] of [
      ['a1', 'p-a'],
      ['a2', 'p-a'],
      ['b1', 'p-b'],
      ['a3', 'p-a'],
      ['b2', 'p-b'],
    ]) {
      await world.task({ description, patient: patient as string });
    }
    const gateway = world.gateway();
    await gateway.start();
    await until('the other patient is served', () => world.receiver.effects.length === 2);
    await until('the first was tried often', () => world.receiver.attempts.length > 6);
    const texts = () => world.receiver.effects.map((effect) => (effect as { text: string }).text);
    expect(texts()).toEqual(['b1', 'b2']);
    isDown = false;
    await until('all arrived', () => world.receiver.effects.length === 5);
    expect(texts()).toEqual(['b1', 'b2', 'a1', 'a2', 'a3']);
  });

  it('waits for an earlier change that is not routed yet', async () => {
    await world.task({ description: 'first', patient: 'p-1' });
    await world.task({ description: 'second', patient: 'p-1' });
    const gateway = world.gateway({
      dispatcher: { start: async () => {}, offer: async () => {}, stop: async () => {} },
    });
    await gateway.start();
    await until('both are routed', async () => (await states()).length === 2);
    await gateway.stop();
    const [second] = await selectDeliveries(world.database, { limit: 1 });
    await world.database.query(`UPDATE delivery SET state = 'sent' WHERE id <> $1`, [second?.id]);
    await world.database.query(
      'UPDATE change SET handled_at = NULL WHERE seq = (SELECT min(seq) FROM change)',
    );
    const lease = '7b0c2f1e-6f0e-4b5e-9b43-0f3f5ad6f6b1';
    expect(await claimDelivery(world.database, second?.id ?? '', lease, 1_000)).toBeUndefined();
    await world.database.query('UPDATE change SET handled_at = now()');
    expect(await claimDelivery(world.database, second?.id ?? '', lease, 1_000)).toMatchObject({
      attempts: 1,
    });
  });

  it('goes on at once when an earlier change has been routed by another gateway', async () => {
    let isBlocked = false;
    // At the second message, another gateway's write with an earlier number is committed and not routed yet.
    world.receiver.behave = async (_message, attempt) => {
      if (attempt !== 2) return undefined;
      // By now this gateway's own relay has found nothing more, and sleeps.
      await new Promise((resolve) => setTimeout(resolve, 400));
      await world.database.query(
        'UPDATE change SET handled_at = NULL WHERE seq = (SELECT min(seq) FROM change)',
      );
      isBlocked = true;
      return down;
    };
    const gateway = world.gateway({
      limits: { pollMs: 60_000, graceMs: 60_000, backoffBaseMs: 20, backoffCapMs: 20 },
    });
    await gateway.start();
    await world.task({ description: 'first', patient: 'p-1' });
    gateway.poke();
    await until('the first arrived', () => world.receiver.effects.length === 1);
    await world.task({ description: 'second', patient: 'p-1' });
    gateway.poke();
    await until('the second was tried', () => isBlocked);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(world.receiver.attempts).toHaveLength(2);
    await world.database.query('UPDATE change SET handled_at = now()');
    await until('the second arrived', () => world.receiver.effects.length === 2);
  });
});
