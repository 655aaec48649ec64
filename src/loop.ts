/** Work that is done every so often, and at once when poked; never twice at a time. */
export interface Loop {
  start(): void;
  /** Runs soon, or once more after the run that is under way. */
  poke(): void;
  /** Runs no more; resolves when the run under way has ended. */
  stop(): Promise<void>;
}

/**
 * @param intervalMs pause between runs; doubled up to thirty times over while runs fail
 * @param run one round; its failure is told to `onError` and the loop goes on
 */
export function createLoop(
  intervalMs: number,
  run: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Loop {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;
  let failures = 0;

  const schedule = (delayMs: number) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(go, delayMs);
  };
  const round = async () => {
    do {
      again = false;
      await run();
    } while (again && !stopped);
    failures = 0;
  };
  const go = () => {
    if (running || stopped) return;
    running = round()
      .catch((error: unknown) => {
        failures = Math.min(failures + 1, 5);
        onError(error);
      })
      .finally(() => {
        running = undefined;
        schedule(again && failures === 0 ? 0 : intervalMs * 2 ** failures);
      });
  };
  return {
    start() {
      stopped = false;
      schedule(0);
    },
    poke() {
      if (stopped) return;
      again = true;
      if (!running) schedule(0);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
