import { setImmediate as endOfTurn } from 'node:timers/promises';
import type { AuditEntry } from '../store/index.ts';

/**
 * Writes audit entries of several requests together: those of one turn of the event loop, and those that arrive
 * while an insert is under way, go out with the next one. Each caller's promise resolves once its own entries are
 * committed.
 * @param write commits the entries or throws; its error reaches every request whose entries were in that group
 */
export function createAuditGroup(
  write: (entries: readonly AuditEntry[]) => Promise<void>,
): (entries: readonly AuditEntry[]) => Promise<void> {
  let waiting: AuditEntry[] = [];
  let next: Promise<void> | undefined;
  let current: Promise<unknown> = Promise.resolve();
  let writing = false;
  const flush = async (): Promise<void> => {
    const group = waiting;
    waiting = [];
    next = undefined;
    writing = true;
    try {
      await write(group);
    } finally {
      writing = false;
    }
  };
  return (entries) => {
    waiting.push(...entries);
    if (!next) {
      next = (writing ? current : endOfTurn()).then(flush, flush);
      current = next;
    }
    return next;
  };
}
