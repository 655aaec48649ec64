/** One contract for every dispatcher; Bull's turn comes when REDIS_URL names a Redis. */
import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import Bull from 'bull';
import { createBullDispatcher } from '../../src/delivery/dispatch-bull.ts';
import { createInProcessDispatcher } from '../../src/delivery/dispatch-in-process.ts';
import type { Dispatcher } from '../../src/delivery/types.ts';
import { createLog } from './support/log.ts';

const redisUrl = process.env['REDIS_URL'];
const silent = createLog();

const kinds: readonly (readonly [string, (concurrency: number) => Dispatcher])[] = [
  ['in process', (concurrency) => createInProcessDispatcher({ concurrency, logger: silent.logger })],
  ...(redisUrl
    ? ([
        [
          'Bull on Redis',
          (concurrency: number) =>
            createBullDispatcher({
              redisUrl,
              prefix: `silta-test-${randomUUID()}`,
              concurrency,
              logger: silent.logger,
            }),
        ],
      ] as const)
    : []),
];

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    if (waited > 8_000) throw new Error('It did not come to hold in 8 s.');
    await sleep(10);
  }
}

describe.each(kinds)('a dispatcher %s', (_name, create) => {
  let dispatcher: Dispatcher;
  afterEach(() => dispatcher.stop());

  it('hands every offered id to the handler', async () => {
    dispatcher = create(3);
    const seen = new Set<string>();
    await dispatcher.start(async (id) => void seen.add(id));
    const ids = Array.from({ length: 25 }, () => randomUUID());
    await Promise.all(ids.map((id) => dispatcher.offer(id)));
    await until(() => seen.size === ids.length);
    expect([...seen].sort()).toEqual([...ids].sort());
  });

  it('keeps what was offered before it was started', async () => {
    dispatcher = create(1);
    const seen: string[] = [];
    await dispatcher.offer('early');
    await dispatcher.start(async (id) => void seen.push(id));
    await until(() => seen.length === 1);
    expect(seen).toEqual(['early']);
  });

  it('waits as long as it was told', async () => {
    dispatcher = create(1);
    const seen: { id: string; at: number }[] = [];
    await dispatcher.start(async (id) => void seen.push({ id, at: Date.now() }));
    const offered = Date.now();
    await dispatcher.offer('later', { delayMs: 230 });
    await dispatcher.offer('now');
    await until(() => seen.length === 2);
    expect(seen.map(({ id }) => id)).toEqual(['now', 'later']);
    expect((seen[1]?.at ?? 0) - offered).toBeGreaterThanOrEqual(225);
  });

  it('runs no more at a time than it may', async () => {
    dispatcher = create(2);
    let running = 0;
    let most = 0;
    let done = 0;
    await dispatcher.start(async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(15);
      running -= 1;
      done += 1;
    });
    await Promise.all(Array.from({ length: 9 }, () => dispatcher.offer(randomUUID())));
    await until(() => done === 9);
    expect(most).toBe(2);
  });

  it('goes on after a handler failed', async () => {
    dispatcher = create(1);
    const seen: string[] = [];
    await dispatcher.start(async (id) => {
      seen.push(id);
      if (id === 'bad') throw new Error('broken');
    });
    await dispatcher.offer('bad');
    await dispatcher.offer('good');
    await until(() => seen.includes('good'));
    expect(seen).toEqual(['bad', 'good']);
  });

  it('takes the same id again while it is being handled', async () => {
    dispatcher = create(1);
    let runs = 0;
    await dispatcher.start(async (id) => {
      runs += 1;
      if (runs === 1) await dispatcher.offer(id, { delayMs: 20 });
    });
    await dispatcher.offer('again');
    await until(() => runs === 2);
  });

  it('ends what is in flight before it has stopped, and begins nothing new', async () => {
    dispatcher = create(1);
    const ended: string[] = [];
    let begun = 0;
    await dispatcher.start(async (id) => {
      begun += 1;
      await sleep(120);
      ended.push(id);
    });
    await dispatcher.offer('first');
    await until(() => begun === 1);
    await dispatcher.offer('second');
    await dispatcher.stop();
    expect(ended).toEqual(['first']);
    await dispatcher.offer('third', { delayMs: 10 });
    await sleep(150);
    expect(begun).toBe(1);
  });
});

(redisUrl ? describe : describe.skip)('Bull', () => {
  it('keeps nothing in Redis once a delivery was handled', async () => {
    const prefix = `silta-test-${randomUUID()}`;
    const dispatcher = createBullDispatcher({
      redisUrl: redisUrl as string,
      prefix,
      concurrency: 1,
      logger: silent.logger,
    });
    let runs = 0;
    await dispatcher.start(async () => {
      runs += 1;
      if (runs === 2) throw new Error('broken');
    });
    await dispatcher.offer('one');
    await dispatcher.offer('two');
    await until(() => runs === 2);
    const queue = new Bull('delivery', redisUrl as string, { prefix });
    await sleep(100);
    expect(await queue.getJobCounts()).toMatchObject({
      waiting: 0,
      active: 0,
      completed: 0,
      failed: 0,
      delayed: 0,
    });
    await queue.obliterate({ force: true });
    await Promise.all([queue.close(), dispatcher.stop()]);
  });

  it('does not make the gateway wait for a Redis that is gone', async () => {
    const dispatcher = bullOn('redis://127.0.0.1:1');
    await dispatcher.start(async () => undefined);
    const before = Date.now();
    await dispatcher.offer('lost');
    await dispatcher.stop();
    expect(Date.now() - before).toBeLessThan(5_000);
  });

  it('begins to work when a Redis comes up that was gone at the start', async () => {
    const gate = await createGate(redisUrl as string);
    const dispatcher = bullOn(gate.url);
    const seen: string[] = [];
    await dispatcher.start(async (id) => void seen.push(id));
    await dispatcher.offer('early');
    await gate.open();
    await until(() => seen.length === 1);
    await dispatcher.offer('late');
    await until(() => seen.length === 2);
    expect(seen).toEqual(['early', 'late']);
    await dispatcher.stop();
    await gate.close();
  });
});

function bullOn(url: string): Dispatcher {
  const prefix = `silta-test-${randomUUID()}`;
  return createBullDispatcher({ redisUrl: url, prefix, concurrency: 1, logger: silent.logger });
}

/** A port that leads to Redis once it is opened, and refuses connections before. */
async function createGate(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(Number(port || 6379), hostname);
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    inner.pipe(outer).pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return {
    url: `redis://127.0.0.1:${address.port}`,
    open: () => new Promise<void>((resolve) => server.listen(address.port, '127.0.0.1', resolve)),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
