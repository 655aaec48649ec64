import type { Logger } from 'pino';

/**
 * Resolves after SIGINT or SIGTERM and an orderly end. A second signal, or an end that takes longer than
 * `seconds`, ends the process at once with exit code 1: what was not finished is in the database and goes on at the next start.
 */
export async function untilStopped(
  seconds: number,
  logger: Logger,
  close: () => Promise<void>,
): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve(name));
  });
  logger.info({ signal }, 'stopping');
  const giveUp = (reason: string) => {
    logger.error({ reason }, 'stopped before everything in flight had ended');
    process.exit(1);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => giveUp('second signal'));
  const deadline = setTimeout(() => giveUp('time is up'), seconds * 1_000);
  await close();
  clearTimeout(deadline);
  logger.info({}, 'stopped');
}
