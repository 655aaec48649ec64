import { loggable } from './loggable.ts';
import type { DeliveryHandler, Dispatcher, Logger } from './types.ts';

/** Offers kept in memory at most; beyond it one is dropped, and the sweep brings it back when there is room. */
const MOST_WAITING = 10_000;

/**
 * Runs deliveries in this process.
 * @param options.concurrency deliveries in flight at most
 */
export function createInProcessDispatcher(options: {
  readonly concurrency: number;
  readonly logger: Logger;
}): Dispatcher {
  const waiting = new Set<string>();
  const inFlight = new Set<Promise<void>>();
  const timers = new Map<string, NodeJS.Timeout>();
  let handler: DeliveryHandler | undefined;
  let stopped = false;

  const run = async (handle: DeliveryHandler, id: string) => {
    try {
      await handle(id);
    } catch (error) {
      options.logger.error({ delivery: id, failure: loggable(error) }, 'delivery attempt broke off');
    }
  };
  const fill = () => {
    for (const id of waiting) {
      if (!handler || inFlight.size >= options.concurrency) return;
      waiting.delete(id);
      const job = run(handler, id).finally(() => {
        inFlight.delete(job);
        fill();
      });
      inFlight.add(job);
    }
  };
  const enqueue = (id: string) => {
    timers.delete(id);
    if (waiting.size < MOST_WAITING) waiting.add(id);
    fill();
  };
  return {
    async start(given) {
      handler = given;
      fill();
    },
    async offer(id, { delayMs = 0 } = {}) {
      if (stopped) return;
      clearTimeout(timers.get(id));
      timers.delete(id);
      if (delayMs <= 0) enqueue(id);
      else if (timers.size < MOST_WAITING) timers.set(id, setTimeout(enqueue, delayMs, id));
    },
    async stop() {
      stopped = true;
      handler = undefined;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      waiting.clear();
      await Promise.all(inFlight);
    },
  };
}
