/** `silta reindex`: the search index of the database in DATABASE_URL, built anew while gateways run. */
import { randomUUID } from 'node:crypto';
import { readConfig } from '../config.ts';
import { loadDefinitions } from '../definitions/index.ts';
import { SiltaError } from '../outcome.ts';
import { GATEWAY } from '../principal.ts';
import { migrate, openDatabase, type ReindexProgress, reindex, writeAudit } from '../store/index.ts';
import { CommandError } from './exit.ts';
import { profilesDirectory } from './installation.ts';
import { listenForStop } from './until-stopped.ts';

export interface ReindexFlags {
  readonly type: readonly string[];
  readonly param?: string;
  readonly after?: string;
}

const PROGRESS_MS = 1_000;

/**
 * Rebuilds index rows by the definitions and settings of this environment, which are the gateways' own. Progress goes
 * to standard error, each line with the key to go on after; SIGINT and SIGTERM end it after the batch under way.
 */
export async function reindexDatabase(flags: ReindexFlags): Promise<void> {
  const query = readFlags(flags);
  const config = readConfig(process.env);
  if (!config.DATABASE_URL) throw new CommandError('DATABASE_URL is not set: which database?', 2);
  const stop = listenForStop();
  const database = openDatabase(config.DATABASE_URL, { poolSize: 2 });
  try {
    await migrate(database);
    const definitions = await loadDefinitions({ profiles: profilesDirectory(config) });
    const base = `${config.SILTA_BASE_URL}/fhir`;
    const wordless = new Set(config.SILTA_CONTENT_UNSEARCHED);
    const detail = [...flags.type, ...(flags.param === undefined ? [] : [`param ${flags.param}`])].join(' ');
    const run = open(() => reindex({ database, definitions, base, wordless }, query));
    await writeAudit(database, [
      {
        principal: GATEWAY,
        requestId: randomUUID(),
        action: 'reindex',
        outcome: 'success',
        entities: [],
        ...(detail !== '' && { detail }),
      },
    ]);
    await report(run, stop);
  } finally {
    await database.close();
  }
}

/** A type or parameter that is not known is a wrong call. */
function open<T>(begin: () => T): T {
  try {
    return begin();
  } catch (error) {
    if (error instanceof SiltaError) throw new CommandError(error.message, 2);
    throw error;
  }
}

function readFlags({ type, param, after }: ReindexFlags): Parameters<typeof reindex>[1] {
  if (after !== undefined && !/^\d{1,15}$/.test(after)) {
    throw new CommandError('--after: the key that a stopped run named, a whole number', 2);
  }
  return {
    ...(type.length > 0 && { types: type }),
    ...(param !== undefined && { code: param }),
    ...(after !== undefined && { after: Number(after) }),
  };
}

async function report(run: AsyncIterable<ReindexProgress>, stop: Promise<unknown>): Promise<void> {
  let stopped = false;
  void stop.then(() => {
    stopped = true;
  });
  let rebuilt = 0;
  let said = performance.now();
  for await (const progress of run) {
    rebuilt = progress.rebuilt;
    const isEnd = progress.after === progress.last;
    if (stopped && !isEnd) {
      throw new CommandError(
        `stopped after ${rebuilt} resources; go on with the same command and --after ${progress.after}`,
      );
    }
    if (performance.now() - said < PROGRESS_MS) continue;
    said = performance.now();
    process.stderr.write(`${rebuilt} resources; key ${progress.after} of ${progress.last}\n`);
  }
  process.stdout.write(`${rebuilt} resources indexed anew\n`);
}
