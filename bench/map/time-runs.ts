/** Times two ways of the same work against each other. */

/** Longest time that one window of measuring takes, in milliseconds. */
const WINDOW = 40;

/** Microseconds that one call takes in a window. */
function timeWindow(work: () => unknown): number {
  const start = performance.now();
  let count = 0;
  let now = start;
  do {
    work();
    count += 1;
    now = performance.now();
  } while (now - start < WINDOW);
  return ((now - start) * 1000) / count;
}

/**
 * Microseconds of one call of each, in its fastest window: windows alternate, so that what else the machine does
 * slows both ways or neither.
 */
export function timeBoth(
  seconds: number,
  one: () => unknown,
  other: () => unknown,
): readonly [number, number] {
  const best: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const end = performance.now() + seconds * 1000;
  for (let turn = 0; turn < 4 || performance.now() < end; turn += 1) {
    best[0] = Math.min(best[0], timeWindow(one));
    best[1] = Math.min(best[1], timeWindow(other));
  }
  return best;
}
