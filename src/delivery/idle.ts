import { setTimeout as sleep } from 'node:timers/promises';
import { countDue, countUnhandled, type Database } from '../store/index.ts';

const PAUSE_MS = 10;

/** Resolves when no change waits for the relay and no delivery is being sent or could be sent now. */
export async function awaitIdle(
  database: Database,
  systems: () => readonly string[],
  poke: () => void,
): Promise<void> {
  for (;;) {
    const { count } = await countUnhandled(database);
    if (count === 0 && (await countDue(database, systems())) === 0) return;
    if (count > 0) poke();
    await sleep(PAUSE_MS);
  }
}
