/** `silta conformance search`: stores examples and finds each again by its own values. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { type Definitions, loadDefinitions } from '../definitions/index.ts';
import { GATEWAY } from '../principal.ts';
import type { Resource } from '../resource.ts';
import { createStore, migrate, openDatabase, type Store, startEmbeddedPostgres } from '../store/index.ts';
import { deriveSearchValues } from './derive-search-values.ts';
import { CommandError } from './exit.ts';
import { profilesDirectory } from './installation.ts';

type Example = Resource & { readonly id: string };

/** How a parameter of a type fared. */
interface Tally {
  searched: number;
  /** Examples that were not found, and why when the search was refused. */
  readonly missed: string[];
}

const write = (line: string) => process.stdout.write(`${line}\n`);

/**
 * Stores every example of a directory in a database of its own and demands that each is found by each of its values.
 * Values are derived from the parameters' FHIRPath, not from the index.
 *
 * @param directory with examples as JSON files, such as HL7's package of them
 * @throws CommandError when an example is not found (1) or the directory holds none (2)
 */
export async function judgeSearch(directory: string): Promise<void> {
  const config = readConfig({ ...process.env, SILTA_MODE: 'sandbox' });
  const definitions = await loadDefinitions({ profiles: profilesDirectory(config) });
  const examples = await readExamples(directory, definitions);
  if (examples.length === 0) throw new CommandError(`${directory}: there are no examples here`, 2);
  const tallies = await withDatabase(config.DATABASE_URL, async (database) => {
    await migrate(database);
    const store = createStore({ database, definitions, clock: () => new Date() });
    await storeAll(store, examples);
    await database.query('ANALYZE');
    return findAll(store, definitions, examples);
  });
  report(examples.length, tallies);
}

const UNSTORED = new Set(['Bundle', 'Parameters', 'OperationOutcome']);

async function readExamples(directory: string, { resourceTypes }: Definitions): Promise<Example[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${directory}: cannot be read: ${error.code}`, 2);
  });
  const examples = new Map<string, Example>();
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const content: unknown = JSON.parse(await readFile(join(directory, name), 'utf8'));
    const { resourceType, id } = content as Partial<Resource>;
    // One of HL7's examples has a longer id than an id may be: no server would take it.
    if (resourceType === undefined || !/^[A-Za-z0-9\-.]{1,64}$/.test(id ?? '')) continue;
    if (!resourceTypes.has(resourceType) || UNSTORED.has(resourceType)) continue;
    examples.set(`${resourceType}/${id}`, content as Example);
  }
  return [...examples.values()];
}

async function withDatabase<T>(
  url: string | undefined,
  work: (database: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> {
  const name = `silta_conformance_${randomBytes(6).toString('hex')}`;
  if (url !== undefined) return inDatabase(url, name, work);
  const directory = await mkdtemp(join(tmpdir(), 'silta-conformance-'));
  const postgres = await startEmbeddedPostgres({ directory, disposable: true });
  try {
    return await inDatabase(postgres.urlOf('postgres'), name, work);
  } finally {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @param url of the server, by any of its databases */
async function inDatabase<T>(
  url: string,
  name: string,
  work: (database: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> {
  const admin = openDatabase(url, { poolSize: 1 });
  try {
    await admin.query(`CREATE DATABASE ${name}`);
    const own = new URL(url);
    own.pathname = `/${name}`;
    const database = openDatabase(own.href, { poolSize: 4 });
    try {
      return await work(database);
    } finally {
      await database.close();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  } finally {
    await admin.close();
  }
}

const AT_ONCE = 20;

async function storeAll(store: Store, examples: readonly Example[]): Promise<void> {
  const context = { principal: GATEWAY, requestId: 'conformance' };
  for (let at = 0; at < examples.length; at += AT_ONCE) {
    const writes = examples
      .slice(at, at + AT_ONCE)
      .map((resource) => ({ kind: 'create', resource }) as const);
    await store.write(writes, context);
  }
}

async function findAll(
  store: Store,
  definitions: Definitions,
  examples: readonly Example[],
): Promise<ReadonlyMap<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for (const example of examples) {
    const type = example.resourceType;
    const parameters = definitions.searchParameters(type);
    const byUrl = new Map([...parameters.values()].map((each) => [each.url, each]));
    for (const definition of parameters.values()) {
      for (const { modifier, value } of deriveSearchValues(example, definition, byUrl)) {
        const key = `${type}?${definition.code}`;
        const tally = tallies.get(key) ?? { searched: 0, missed: [] };
        tallies.set(key, tally);
        tally.searched++;
        const problem = await isFound(store, example, [definition.code + modifier, value]);
        if (problem !== undefined) tally.missed.push(`${example.id}: ${problem}`);
      }
    }
  }
  return tallies;
}

/** What went wrong; undefined when the example was found. */
async function isFound(
  store: Store,
  { resourceType: type, id }: Example,
  condition: readonly [name: string, value: string],
): Promise<string | undefined> {
  try {
    const { matches } = await store.search({
      type,
      parameters: [['_id', id], condition],
      visibility: { sectors: ['health', 'social'] },
    });
    return matches.length === 1 ? undefined : `not found by ${condition.join('=')}`;
  } catch (error) {
    return (error as Error).message;
  }
}

const SHOWN = 3;

function report(examples: number, tallies: ReadonlyMap<string, Tally>): void {
  const wrong = [...tallies].filter(([, { missed }]) => missed.length > 0);
  for (const [key, { searched, missed }] of wrong) {
    write(`✗ ${key}  ${missed.length} of ${searched} not found`);
    for (const each of missed.slice(0, SHOWN)) write(`    ${each}`);
  }
  const sum = (count: (tally: Tally) => number): number =>
    [...tallies.values()].reduce((total, tally) => total + count(tally), 0);
  const [searched, missed] = [sum((each) => each.searched), sum((each) => each.missed.length)];
  write(
    `${examples} examples, ${tallies.size} parameters, ${searched} searches: ${missed} did not find their example`,
  );
  if (missed > 0) throw new CommandError(`${missed} search(es) did not find their example`);
}
