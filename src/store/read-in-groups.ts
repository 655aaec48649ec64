import type { Queryable } from './database.ts';
import { toStoredVersion, type VersionRow, versionColumns } from './read-resource.ts';
import type { StoredVersion } from './types.ts';

const STATEMENT = `SELECT ${versionColumns('r')} FROM unnest($1::text[], $2::text[]) AS w(type, id)
  JOIN resource r ON r.type = w.type AND r.id = w.id`;

/** Reads in one statement at most; so many waiting are worth another statement beside the one under way. */
const MOST_READS = 64;

interface Waiting {
  readonly type: string;
  readonly id: string;
  resolve(stored: StoredVersion | undefined): void;
  reject(error: unknown): void;
}

/**
 * Reads current versions for several callers together: those that ask in one turn of the event loop, or while a
 * statement is under way, share the next statement. What a caller gets was read after it asked.
 * @returns a function of type and id; its error reaches every caller of that group
 */
export function createGroupedReader(
  sql: Queryable,
): (type: string, id: string) => Promise<StoredVersion | undefined> {
  let waiting: Waiting[] = [];
  let running = 0;
  const run = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const found = await readGroup(sql, group);
      for (const each of group) each.resolve(found.get(`${each.type}/${each.id}`));
    } catch (error) {
      for (const each of group) each.reject(error);
    }
  };
  const start = (): void => {
    while (waiting.length >= MOST_READS || (running === 0 && waiting.length > 0)) {
      const group = waiting.slice(0, MOST_READS);
      waiting = waiting.slice(MOST_READS);
      running++;
      void run(group).then(() => {
        running--;
        start();
      });
    }
  };
  return (type, id) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ type, id, resolve, reject }) === 1) setImmediate(start);
    });
}

async function readGroup(
  sql: Queryable,
  group: readonly Waiting[],
): Promise<ReadonlyMap<string, StoredVersion>> {
  const values = [group.map((each) => each.type), group.map((each) => each.id)];
  const rows = await sql.query<VersionRow>(STATEMENT, values, 'read-resources');
  return new Map(rows.map((row) => [`${row.type}/${row.id}`, toStoredVersion(row)]));
}
