import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backOff } from '../../src/delivery/backoff.ts';
import { createBreaker } from '../../src/delivery/breaker.ts';

const limits = { backoffBaseMs: 1_000, backoffCapMs: 300_000 };

describe('the wait before the next attempt', () => {
  it('doubles its ceiling with every attempt', () => {
    const ceilings = [1, 2, 3, 7].map((attempt) => backOff(attempt, limits, () => 0.999999));
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 64_000]);
  });

  it('is spread over the whole range below the ceiling', () => {
    expect(backOff(5, limits, () => 0)).toBe(0);
    expect(backOff(5, limits, () => 0.25)).toBe(4_000);
  });

  it('never exceeds the cap, whatever the attempt', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, at) => {
          const wait = backOff(attempt, limits, () => at);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(300_000);
        },
      ),
    );
  });

  it('is never shorter than what the system asked for', () => {
    expect(backOff(1, limits, () => 0.5, 17_000)).toBe(17_000);
    expect(backOff(10, limits, () => 0.5, 17_000)).toBe(150_000);
  });
});

describe('a circuit breaker', () => {
  const options = { breakerFailures: 3, breakerCooldownMs: 700 };
  const create = () => {
    let now = 5_000;
    const breaker = createBreaker(options, () => new Date(now));
    const pass = (ms: number) => {
      now += ms;
    };
    return { breaker, pass };
  };
  const fail = (breaker: ReturnType<typeof createBreaker>, times: number) => {
    for (let i = 0; i < times; i += 1) {
      breaker.admit();
      breaker.report(false);
    }
  };

  it('stays closed while successes come between the failures', () => {
    const { breaker } = create();
    fail(breaker, 2);
    breaker.report(true);
    fail(breaker, 2);
    expect([breaker.state, breaker.admit(), breaker.capacity(40)]).toEqual(['closed', 0, 40]);
  });

  it('opens after failures in a row and says how long to wait', () => {
    const { breaker, pass } = create();
    fail(breaker, 3);
    pass(200);
    expect([breaker.state, breaker.admit(), breaker.capacity(40)]).toEqual(['open', 500, 0]);
  });

  it('lets one probe through after its time, and closes when that arrives', () => {
    const { breaker, pass } = create();
    fail(breaker, 3);
    pass(700);
    expect([breaker.state, breaker.capacity(40)]).toEqual(['half-open', 1]);
    expect(breaker.admit()).toBe(0);
    expect([breaker.admit(), breaker.capacity(40)]).toEqual([700, 0]);
    breaker.report(true);
    expect([breaker.state, breaker.admit()]).toEqual(['closed', 0]);
  });

  it('opens again when the probe fails', () => {
    const { breaker, pass } = create();
    fail(breaker, 3);
    pass(900);
    breaker.admit();
    breaker.report(false);
    expect([breaker.state, breaker.admit()]).toEqual(['open', 700]);
  });

  it('gives the probe back when nothing was sent after all', () => {
    const { breaker, pass } = create();
    fail(breaker, 3);
    pass(700);
    breaker.admit();
    breaker.report(undefined);
    expect([breaker.state, breaker.admit()]).toEqual(['half-open', 0]);
  });
});
