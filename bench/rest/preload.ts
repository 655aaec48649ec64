/** Fills the two databases with the same resources before anything is measured. */
import { join } from 'node:path';
import pg from 'pg';
import { loadDefinitions } from '../../src/definitions/index.ts';
import type { Principal } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import { createStore, migrate, openDatabase, type Store, type WriteContext } from '../../src/store/index.ts';
import { idOf, patient, questionnaire, response, type Sizes, storedAt, task } from './samples.ts';

/** Writes in one statement. */
const BATCH = 250;
const PROFILES = join(import.meta.dirname, '..', '..', 'profiles');
const WRITER: Principal = { kind: 'system', who: 'Device/bench', scopes: [], sectors: ['health'] };

/**
 * Writes through the gateway's own store, and marks the changes as handled.
 * @param url of an empty database
 */
export async function preloadGateway(url: string, sizes: Sizes): Promise<void> {
  const database = openDatabase(url, { poolSize: 2 });
  try {
    await migrate(database);
    const definitions = await loadDefinitions({ profiles: PROFILES });
    let now = storedAt(0);
    const store = createStore({
      database,
      definitions,
      clock: () => now,
      wordless: new Set(['QuestionnaireResponse', 'Task', 'Patient']),
    });
    const context = { principal: WRITER, requestId: 'preload' };
    await writeAll(store, [questionnaire()], context);
    const kinds = [
      { size: sizes.patients, make: patient },
      {
        size: sizes.responses,
        make: (n: number) => ({ ...response(n, sizes), id: idOf('QuestionnaireResponse', n) }),
      },
      { size: sizes.tasks, make: (n: number) => ({ ...task(n, sizes), id: idOf('Task', n) }) },
    ];
    for (const { size, make } of kinds) {
      for (let n = 0; n < size; n += BATCH) {
        now = storedAt(n);
        const batch = Array.from({ length: Math.min(BATCH, size - n) }, (_, offset) => make(n + offset));
        await writeAll(store, batch, context);
      }
    }
    await database.query('UPDATE change SET handled_at = clock_timestamp()');
    await database.query('VACUUM ANALYZE');
  } finally {
    await database.close();
  }
}

/** FHIR's own types and the gateway's are the same JSON. */
async function writeAll(store: Store, batch: readonly object[], context: WriteContext): Promise<void> {
  const resources = batch as readonly (Resource & { readonly id: string })[];
  await store.write(
    resources.map((resource) => ({ kind: 'create', resource })),
    context,
  );
}

const BARE_TABLE = `CREATE TABLE resource (
  type text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, version integer NOT NULL,
  last_updated timestamptz NOT NULL, content text NOT NULL, questionnaire text COLLATE "C", patient text COLLATE "C",
  status text COLLATE "C", PRIMARY KEY (type, id))`;
const BARE_INDEXES = `
  CREATE INDEX ON resource (questionnaire, last_updated, id) WHERE type = 'QuestionnaireResponse';
  CREATE INDEX ON resource (patient, status) WHERE type = 'Task'`;

/**
 * Copies what the gateway's database holds into the table of the bare server, the JSON text unchanged.
 * @param url of an empty database
 */
export async function preloadBare(url: string, gatewayUrl: string): Promise<void> {
  const from = new pg.Client({ connectionString: gatewayUrl });
  const to = new pg.Client({ connectionString: url });
  await Promise.all([from.connect(), to.connect()]);
  try {
    await to.query(BARE_TABLE);
    for (let last = 0; ; ) {
      const { rows } = await from.query<CopiedRow>(COPIED, [last, BATCH]);
      if (rows.length === 0) break;
      last = Number(rows.at(-1)?.key);
      const columns = COLUMNS.map((column) => rows.map((row) => row[column]));
      await to.query(INSERT, columns);
    }
    await to.query(BARE_INDEXES);
    await to.query('VACUUM ANALYZE');
  } finally {
    await Promise.all([from.end(), to.end()]);
  }
}

const COLUMNS = [
  'type',
  'id',
  'version',
  'last_updated',
  'content',
  'questionnaire',
  'patient',
  'status',
] as const;
type CopiedRow = Readonly<Record<(typeof COLUMNS)[number] | 'key', unknown>>;

const COPIED = `SELECT key, type, id, version_id AS version, last_updated, content,
    content::jsonb ->> 'questionnaire' AS questionnaire,
    coalesce(content::jsonb -> 'subject', content::jsonb -> 'for') ->> 'reference' AS patient,
    content::jsonb ->> 'status' AS status
  FROM resource WHERE key > $1 AND content IS NOT NULL ORDER BY key LIMIT $2`;
const INSERT = `INSERT INTO resource (${COLUMNS.join(', ')})
  SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[])`;
