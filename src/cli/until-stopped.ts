import type { Logger } from 'pino';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** One Ctrl-C under npm arrives twice: from the terminal, and passed on by npm. */
const SAME_KEYSTROKE_MS = 1_000;

/**
 * Listens for SIGINT and SIGTERM from now on, so that what is still starting is stopped in order, too. A second signal
 * ends the process at once with exit code 1.
 * @returns the first signal
 */
export function listenForStop(): Promise<NodeJS.Signals> {
  let first: number | undefined;
  return new Promise((resolve) => {
    const take = (signal: NodeJS.Signals) => {
      const now = performance.now();
      if (first === undefined) {
        first = now;
        resolve(signal);
      } else if (now - first > SAME_KEYSTROKE_MS) {
        process.stderr.write('silta: stopped by a second signal before everything in flight had ended\n');
        process.exit(1);
      }
    };
    for (const name of SIGNALS) process.on(name, take);
  });
}

/**
 * Resolves when `stop` has come and `close` has ended. An end that takes longer than `seconds` ends the process with
 * exit code 1: what was not finished is in the database and goes on at the next start.
 */
export async function untilStopped(
  stop: Promise<NodeJS.Signals>,
  seconds: number,
  logger: Logger,
  close: () => Promise<void>,
): Promise<void> {
  logger.info({ signal: await stop }, 'stopping');
  const deadline = setTimeout(() => {
    logger.error({ seconds }, 'stopped before everything in flight had ended');
    process.exit(1);
  }, seconds * 1_000);
  await close();
  clearTimeout(deadline);
  logger.info({}, 'stopped');
}
