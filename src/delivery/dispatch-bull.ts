import { createRequire } from 'node:module';
import type Bull from 'bull';
import { SiltaError } from '../outcome.ts';
import { loggable } from './loggable.ts';
import type { Dispatcher, Logger } from './types.ts';

const require = createRequire(import.meta.url);

/** What Redis does not take in this time counts as failed, so that nobody waits for a lost Redis. */
const PATIENCE_MS = 1_000;
/** Offers that may wait for a lost Redis at a time; beyond it one is dropped, and the sweep brings it back. */
const MOST_PENDING = 10_000;

/**
 * Carries deliveries through Bull on Redis, so that any number of gateways share them.
 *
 * Redis holds ids only and may be flushed or gone, at the start too: offers fail softly, and the sweep brings back what
 * is due.
 * @param options.prefix key prefix; gateways of one installation share it
 * @param options.concurrency deliveries in flight at most in this process
 * @see https://github.com/OptimalBits/bull/blob/develop/REFERENCE.md
 */
export function createBullDispatcher(options: {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly concurrency: number;
  readonly logger: Logger;
}): Dispatcher {
  const { logger } = options;
  const queue = openQueue(options);
  const inFlight = new Set<Promise<void>>();
  let pending = 0;
  return {
    async start(handler) {
      const run = (job: Bull.Job<{ readonly id: string }>) => {
        const running = handler(job.data.id).finally(() => inFlight.delete(running));
        inFlight.add(running);
        return running;
      };
      queue
        .process(options.concurrency, run)
        .catch((error: unknown) => logger.warn({ failure: loggable(error) }, 'queue stopped'));
    },
    async offer(id, { delayMs = 0 } = {}) {
      if (pending >= MOST_PENDING) return;
      pending += 1;
      const added = queue.add({ id }, delayMs > 0 ? { delay: Math.ceil(delayMs) } : {});
      // Counted until Redis has taken or lost it, which may be long after patience is over.
      const settled = added.finally(() => {
        pending -= 1;
      });
      await withinPatience(settled).catch((error: unknown) =>
        logger.warn({ delivery: id, failure: loggable(error) }, 'offer failed; the sweep will repeat it'),
      );
    },
    async stop() {
      await withinPatience(queue.pause(true, true)).catch(() => undefined);
      await Promise.allSettled(inFlight);
      await withinPatience(queue.close(true)).catch(() => undefined);
      // Connections to a Redis that is gone would try again for ever.
      for (const client of queue.clients) client.disconnect();
    },
  };
}

function openQueue(options: { readonly redisUrl: string; readonly prefix: string; readonly logger: Logger }) {
  // Loaded when there is a Redis: with its client it is three hundred files that a gateway without one never needs.
  const Queue = require('bull') as typeof Bull;
  const queue = new Queue<{ readonly id: string }>('delivery', options.redisUrl, {
    prefix: options.prefix,
    // A job is only a hint that carries an id: its failure or stalling is the row's business.
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    settings: { maxStalledCount: 0 },
    // Commands wait for Redis as long as it takes: Bull never recovers from a first command that failed.
    redis: { maxRetriesPerRequest: null, disconnectTimeout: 200 },
  });
  queue.on('error', (error) => options.logger.warn({ failure: loggable(error) }, 'queue connection failed'));
  queue.on('failed', (job, error) =>
    options.logger.error({ delivery: job.data.id, failure: loggable(error) }, 'delivery attempt broke off'),
  );
  return queue;
}

/** @throws SiltaError `unavailable` when the time is over; the work goes on, its later failure is not reported again */
async function withinPatience(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SiltaError('unavailable', 'Redis does not answer.')), PATIENCE_MS);
  });
  try {
    await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
