import { SiltaError } from '../outcome.ts';
import type { Queryable } from './database.ts';
import type { StoredVersion, Write, WriteContext } from './types.ts';
import {
  type WriteParts,
  type WriteRequest,
  writeRequests,
  writeResources,
  writtenReference,
} from './write-resources.ts';

/** Writes in one statement at most; a request with more goes alone and at once. */
const MOST_WRITES = 64;
/** Statements under way at most: one works while another waits for the disk. */
const MOST_RUNNING = 2;

interface Waiting extends WriteRequest {
  resolve(stored: readonly StoredVersion[]): void;
  reject(error: unknown): void;
}

/**
 * Writes for several requests together: those that ask in one turn of the event loop, or while statements are under way,
 * share the next statement and its commit. Each request keeps what it would have alone: its own audit row, all of
 * its writes or none, its own error. When a group fails, nothing of it is written, and each of its requests is
 * written alone.
 * @returns a function that resolves once the request's writes are committed
 */
export function createGroupedWriter(
  sql: Queryable,
  parts: WriteParts,
): (writes: readonly Write[], context: WriteContext) => Promise<readonly StoredVersion[]> {
  let waiting: Waiting[] = [];
  let running = 0;
  let starting = false;
  /** What is being written now; who writes the same waits for it. */
  const busy = new Set<string>();
  const alone = ({ writes, context }: WriteRequest) =>
    retryDeadlocks(() => writeResources(sql, parts, writes, context));
  const settle = async (each: Waiting, stored: Promise<readonly StoredVersion[]>): Promise<void> => {
    await stored.then(each.resolve, each.reject);
    for (const write of each.writes) busy.delete(writtenReference(write));
    start();
  };
  const run = async (group: readonly Waiting[]): Promise<void> => {
    const outcome = await writeGroup(sql, parts, group);
    running--;
    for (const [index, each] of group.entries()) {
      if ('stored' in outcome) void settle(each, Promise.resolve(outcome.stored[index] ?? []));
      else void settle(each, outcome.mayRepeat ? alone(each) : Promise.reject(outcome.error));
    }
    start();
  };
  const start = (): void => {
    starting = false;
    while (running < MOST_RUNNING) {
      const { group, left } = takeGroup(waiting, busy);
      if (group.length === 0) return;
      waiting = left;
      running++;
      void run(group);
    }
  };
  return (writes, context) => {
    if (writes.length === 0) return Promise.resolve([]);
    if (writes.length > MOST_WRITES || context.once !== undefined) return alone({ writes, context });
    return new Promise((resolve, reject) => {
      waiting.push({ writes, context, resolve, reject });
      if (!starting) setImmediate(start);
      starting = true;
    });
  };
}

type Outcome =
  | { readonly stored: readonly (readonly StoredVersion[])[] }
  | { readonly error: unknown; readonly mayRepeat: boolean };

async function writeGroup(
  sql: Queryable,
  parts: WriteParts,
  group: readonly WriteRequest[],
): Promise<Outcome> {
  let sent = false;
  const watched: Queryable = {
    query: (...statement) => {
      sent = true;
      return sql.query(...statement);
    },
  };
  try {
    return { stored: await writeRequests(watched, parts, group) };
  } catch (error) {
    // A lost connection does not say whether the group was committed; then nobody may write again.
    return { error, mayRepeat: !sent || wasRolledBack(error) };
  }
}

/** The first of those who wait, in their order; who writes what others before write waits for them. */
function takeGroup(
  waiting: readonly Waiting[],
  busy: Set<string>,
): { readonly group: Waiting[]; readonly left: Waiting[] } {
  const group: Waiting[] = [];
  const left: Waiting[] = [];
  const before = new Set<string>();
  let writes = 0;
  for (const each of waiting) {
    const references = each.writes.map(writtenReference);
    const isFree = !references.some((one) => busy.has(one) || before.has(one));
    if (isFree && writes + references.length <= MOST_WRITES) {
      group.push(each);
      writes += references.length;
      for (const reference of references) busy.add(reference);
    } else {
      left.push(each);
      for (const reference of references) before.add(reference);
    }
  }
  return { group, left };
}

/** Whether the database itself refused the statement; Node's own codes, such as `EPIPE`, start with an E. */
function wasRolledBack(error: unknown): boolean {
  if (error instanceof SiltaError) return error.code !== 'unavailable';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) && !/^(08|57)/.test(code);
}

const ATTEMPTS = 5;

async function retryDeadlocks<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isDeadlock = (error as { code?: string }).code === '40P01';
      if (!isDeadlock || attempt >= ATTEMPTS) throw error;
    }
  }
}
