import Bull from 'bull';
import { SiltaError } from '../outcome.ts';
import { loggable } from './loggable.ts';
import type { Dispatcher, Logger } from './types.ts';

/** An offer that Redis does not take in this time counts as failed, so that nobody waits for a lost Redis. */
const PATIENCE_MS = 1_000;

/**
 * Carries deliveries through Bull on Redis, so that any number of gateways share them.
 *
 * Redis holds ids only and may be flushed or gone: offers fail softly, and the sweep brings back what is due.
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
  const queue = new Bull<{ readonly id: string }>('delivery', options.redisUrl, {
    prefix: options.prefix,
    // A job is only a hint that carries an id: its failure or stalling is the row's business.
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    settings: { maxStalledCount: 0 },
    redis: { enableOfflineQueue: true, maxRetriesPerRequest: 1 },
  });
  queue.on('error', (error) => logger.warn({ failure: loggable(error) }, 'queue connection failed'));
  queue.on('failed', (job, error) =>
    logger.error({ delivery: job.data.id, failure: loggable(error) }, 'delivery attempt broke off'),
  );
  return {
    async start(handler) {
      queue
        .process(options.concurrency, (job) => handler(job.data.id))
        .catch((error: unknown) => logger.error({ failure: loggable(error) }, 'queue stopped'));
    },
    async offer(id, { delayMs = 0 } = {}) {
      try {
        const added = queue.add({ id }, delayMs > 0 ? { delay: Math.ceil(delayMs) } : {});
        await withinPatience(added);
      } catch (error) {
        logger.warn({ delivery: id, failure: loggable(error) }, 'offer failed; the sweep will repeat it');
      }
    },
    async stop() {
      await queue.close();
    },
  };
}

async function withinPatience(added: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SiltaError('unavailable', 'Redis does not answer.')), PATIENCE_MS);
  });
  try {
    await Promise.race([added, patience]);
  } finally {
    clearTimeout(timer);
  }
}
