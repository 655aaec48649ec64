import type { AuditEntry } from '../store/index.ts';

/**
 * Writes audit entries of several requests together: while one insert is under way, the entries that arrive wait
 * and go out with the next one. Each caller's promise resolves once its own entries are committed.
 * @param write commits the entries or throws; its error reaches every request whose entries were in that group
 */
export function createAuditGroup(
  write: (entries: readonly AuditEntry[]) => Promise<void>,
): (entries: readonly AuditEntry[]) => Promise<void> {
  let waiting: AuditEntry[] = [];
  let next: Promise<void> | undefined;
  let current: Promise<unknown> = Promise.resolve();
  const flush = (): Promise<void> => {
    const group = waiting;
    waiting = [];
    next = undefined;
    return write(group);
  };
  return (entries) => {
    waiting.push(...entries);
    if (!next) {
      next = current.then(flush, flush);
      current = next;
    }
    return next;
  };
}
