import { type Breaker, createBreaker } from './breaker.ts';
import type { DeliveryLimits } from './types.ts';

/** The breakers of the connected systems, by name; each gateway keeps its own. */
export interface Breakers {
  of(system: string): Breaker;
}

/** Makes a breaker for each system when it is first asked for. */
export function createBreakers(limits: DeliveryLimits, clock: () => Date): Breakers {
  const breakers = new Map<string, Breaker>();
  return {
    of(system) {
      const known = breakers.get(system);
      if (known) return known;
      const breaker = createBreaker(limits, clock);
      breakers.set(system, breaker);
      return breaker;
    },
  };
}
