/** A gateway that dies at any point, and gateways beside each other. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createBullDispatcher, type Dispatcher } from '../../src/delivery/index.ts';
import { claimChanges, claimDelivery, selectDeliveries } from '../../src/store/index.ts';
import { createLog } from './support/log.ts';
import { createReceiver, down, refused } from './support/receiver.ts';
import { routeOf, systemOf } from './support/systems.ts';
import { createWorld, until, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const deaf: Dispatcher = { start: async () => {}, offer: async () => {}, stop: async () => {} };
const sent = async () =>
  (await selectDeliveries(world.database, { limit: 1_000 })).filter(({ state }) => state === 'sent').length;

describe('a gateway that dies', () => {
  it('after the write has its change relayed by the next one', async () => {
    await world.task();
    const next = world.gateway();
    await next.start();
    await next.idle();
    expect(world.receiver.effects).toHaveLength(1);
  });

  it('in the middle of a change leaves nothing of it', async () => {
    await world.task();
    await expect(
      world.store.transaction(async (tx) => {
        expect((await claimChanges(tx.sql, 10)).changes).toHaveLength(1);
        throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    const next = world.gateway();
    await next.start();
    await next.idle();
    expect(world.receiver.attempts).toHaveLength(1);
  });

  it('after it took a delivery has it sent by the next one, when its lease has ended and not before', async () => {
    await world.task();
    const dying = world.gateway({ dispatcher: deaf });
    await dying.start();
    await until(
      'it is routed',
      async () => (await selectDeliveries(world.database, { limit: 1 })).length === 1,
    );
    await dying.stop();
    const [row] = await selectDeliveries(world.database, { limit: 1 });
    expect(await claimDelivery(world.database, row?.id ?? '', randomUUID(), 400)).toMatchObject({
      attempts: 1,
    });
    const next = world.gateway();
    await next.start();
    await sleep(200);
    expect(world.receiver.attempts).toEqual([]);
    await until('it was sent', async () => (await sent()) === 1);
    expect(world.receiver.effects).toHaveLength(1);
  });

  it('after it sent has the message sent again under the same key, with no second effect', async () => {
    await world.task();
    const dying = world.gateway({ dispatcher: deaf });
    await dying.start();
    await until(
      'it is routed',
      async () => (await selectDeliveries(world.database, { limit: 1 })).length === 1,
    );
    await dying.stop();
    const [row] = await selectDeliveries(world.database, { limit: 1 });
    await claimDelivery(world.database, row?.id ?? '', randomUUID(), 50);
    await world.receiver.transport.send({
      payload: 'what the dead gateway sent',
      idempotencyKey: row?.id ?? '',
      attempt: 1,
      send: {},
      signal: new AbortController().signal,
    });
    const next = world.gateway();
    await next.start();
    await until('it was sent', async () => (await sent()) === 1);
    expect(world.receiver.attempts).toEqual([row?.id, row?.id]);
    expect(world.receiver.effects).toEqual(['what the dead gateway sent']);
  });

  it('and comes back too late does not overwrite what the next one did', async () => {
    let release: () => void = () => undefined;
    world.receiver.behave = async (_message, attempt) => {
      if (attempt > 1) return undefined;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return refused;
    };
    // The lease is long over when the first attempt, held up, gets its answer.
    await world.task();
    const slow = world.gateway();
    await slow.start();
    await until('it is being sent', () => world.receiver.attempts.length === 1);
    await world.database.query('UPDATE delivery SET lease_until = now(), offer_at = now()');
    const next = world.gateway();
    await next.start();
    await until('the next one sent it', async () => (await sent()) === 1);
    release();
    await until('the late answer is noted', () => world.log.some((line) => line.includes('lease lost')));
    expect(await sent()).toBe(1);
  });
});

describe('gateways beside each other', () => {
  it('leave a change alone while another one has an earlier change of the same patient', async () => {
    await world.task({ patient: 'p-1' });
    await world.task({ patient: 'p-1' });
    await world.task({ patient: 'p-2' });
    await world.store.transaction(async (tx) => {
      expect((await claimChanges(tx.sql, 1)).changes).toHaveLength(1);
      const other = await world.store.transaction((second) => claimChanges(second.sql, 10));
      expect([other.changes.map(({ subject }) => subject), other.heldBack]).toEqual([['Patient/p-2'], 1]);
    });
    const free = await world.store.transaction((tx) => claimChanges(tx.sql, 10));
    expect([free.changes.length, free.heldBack]).toEqual([3, 0]);
  });

  it('make each delivery once and send it once', async () => {
    for (let i = 0; i < 40; i += 1) await world.task({ description: `t${i}`, patient: `p-${i % 7}` });
    const gateways = [world.gateway(), world.gateway(), world.gateway()];
    await Promise.all(gateways.map((gateway) => gateway.start()));
    await Promise.all(gateways.map((gateway) => gateway.idle()));
    expect(world.receiver.effects).toHaveLength(40);
    expect(world.receiver.attempts).toHaveLength(40);
    expect(new Set(world.receiver.attempts).size).toBe(40);
  });

  it('bring every message to a receiver that fails at random, in order, with no second effect', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'down', 'lost answer', 'throws', 'slow'), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 8 }),
        async (moods, patients) => {
          await world.database.query('TRUNCATE change, delivery');
          Object.assign(world, { receiver: createReceiver() });
          misbehave(world, moods);
          for (const [index, patient] of patients.entries()) {
            await world.task({ description: `${index}`, patient: `p-${patient}` });
          }
          const gateways = [world.gateway(), world.gateway()];
          await Promise.all(gateways.map((gateway) => gateway.start()));
          await until('everything was sent', async () => (await sent()) === patients.length);
          await Promise.all(gateways.map((gateway) => gateway.stop()));
          const texts = world.receiver.effects.map((effect) => Number((effect as { text: string }).text));
          expect([...texts].sort((a, b) => a - b)).toEqual(patients.map((_, index) => index));
          for (const patient of new Set(patients)) {
            const own = texts.filter((index) => patients[index] === patient);
            expect(own).toEqual([...own].sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});

/** Lets attempts end as the moods say, one after the other; a lost answer has its effect nevertheless. */
function misbehave(subject: World, moods: readonly string[]): void {
  const { receiver } = subject;
  const plain = createReceiverSend(receiver);
  receiver.behave = async (message, attempt) => {
    switch (moods[attempt - 1]) {
      case 'down':
        return down;
      case 'lost answer':
        await plain(message);
        return down;
      case 'throws':
        throw new TypeError('fetch failed');
      case 'slow':
        await sleep(15);
        return undefined;
      default:
        return undefined;
    }
  };
}

function createReceiverSend(receiver: World['receiver']) {
  return async (message: Parameters<World['receiver']['transport']['send']>[0]) => {
    const behave = receiver.behave;
    receiver.behave = () => undefined;
    await receiver.transport.send(message);
    receiver.attempts.pop();
    receiver.behave = behave;
  };
}

const redisUrl = process.env['REDIS_URL'];
(redisUrl ? describe : describe.skip)('with Bull', () => {
  it('a flushed Redis loses nothing', async () => {
    world.systems = [systemOf({ routes: [routeOf()] })];
    const prefix = `silta-test-${randomUUID()}`;
    const create = () =>
      createBullDispatcher({
        redisUrl: redisUrl as string,
        prefix,
        concurrency: 2,
        logger: createLog().logger,
      });
    let isDown = true;
    world.receiver.behave = () => (isDown ? down : undefined);
    const limits = { backoffBaseMs: 400, backoffCapMs: 400 };
    const gateways = [
      world.gateway({ dispatcher: create(), limits }),
      world.gateway({ dispatcher: create(), limits }),
    ];
    await Promise.all(gateways.map((gateway) => gateway.start()));
    for (let i = 0; i < 10; i += 1) await world.task({ patient: `p-${i}` });
    await until('all were tried', () => new Set(world.receiver.attempts).size === 10);
    await eraseKeys(prefix);
    isDown = false;
    await until('all were sent', async () => (await sent()) === 10);
    expect(world.receiver.effects).toHaveLength(10);
  });
});

async function eraseKeys(prefix: string): Promise<void> {
  const { default: Bull } = await import('bull');
  const queue = new Bull('delivery', redisUrl as string, { prefix });
  await queue.isReady();
  const keys = await queue.client.keys(`${prefix}:*`);
  await queue.client.del(...keys.filter((key) => !key.endsWith(':id')));
  await queue.close();
}
