import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createLoop } from '../src/loop.ts';

const fail = (error: unknown) => {
  throw error;
};

describe('a loop', () => {
  it('runs at once when poked, and once more when poked meanwhile', async () => {
    let runs = 0;
    const loop = createLoop(
      60_000,
      async () => {
        runs += 1;
        await sleep(20);
      },
      fail,
    );
    loop.start();
    await sleep(10);
    for (let i = 0; i < 5; i += 1) loop.poke();
    await sleep(80);
    await loop.stop();
    expect(runs).toBe(2);
  });

  it('goes on after a failure, and reports it', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const loop = createLoop(
      5,
      async () => {
        runs += 1;
        if (runs === 1) throw new Error('first');
      },
      (error) => errors.push(error),
    );
    loop.start();
    await sleep(60);
    await loop.stop();
    expect(runs).toBeGreaterThan(1);
    expect(errors).toEqual([new Error('first')]);
  });

  it('has ended its run when it has stopped, and runs no more', async () => {
    let ended = 0;
    const loop = createLoop(
      1,
      async () => {
        await sleep(30);
        ended += 1;
      },
      fail,
    );
    loop.start();
    await sleep(5);
    await loop.stop();
    expect(ended).toBe(1);
    loop.poke();
    await sleep(50);
    expect(ended).toBe(1);
  });
});
