import type { IndexColumns } from './index-resource.ts';
import type { Transaction } from './transaction.ts';

/** Index rows of some stored versions; their `row` is the place of the version, from 1. */
export interface Rebuilt {
  readonly versions: readonly { readonly key: number; readonly version: number }[];
  readonly columns: IndexColumns;
  /** The patients whose compartments each is in, when all rows are there. */
  readonly patients?: readonly (readonly string[])[];
  /** Numbers of the parameters whose rows these are; absent: all rows. */
  readonly params?: readonly number[];
}

/** The columns behind `key` and `param`, in the order of {@link IndexColumns}, as types of their arrays. */
const COLUMNS = {
  token: { system: 'text', code: 'text' },
  string: { value: 'text', exact: 'text' },
  date: { low: 'timestamptz', high: 'timestamptz' },
  reference: { target_type: 'text', target_id: 'text', url: 'text', version: 'text' },
  quantity: { low: 'numeric', high: 'numeric', system: 'text', code: 'text', unit: 'text' },
} as const satisfies Partial<Record<keyof IndexColumns, object>>;
type ColumnTable = keyof typeof COLUMNS;
const COLUMN_TABLES = Object.keys(COLUMNS) as ColumnTable[];

const LOCK = `SELECT r.key FROM resource r JOIN unnest($1::bigint[], $2::integer[]) AS w(key, version)
  ON r.key = w.key AND r.version_id = w.version FOR UPDATE OF r SKIP LOCKED`;
const CONFINE = `UPDATE resource r SET patients = string_to_array(w.patients, ' ')
  FROM unnest($1::bigint[], $2::text[]) AS w(key, patients)
  WHERE r.key = w.key AND r.patients <> string_to_array(w.patients, ' ')`;
const COMPONENTS =
  'INSERT INTO search_component SELECT * FROM json_populate_recordset(NULL::search_component, $1)';
const TEXTS = `INSERT INTO search_text (key, param, words) SELECT key, param, to_tsvector('simple', words)
  FROM json_to_recordset($1) AS t(key bigint, param integer, words text)`;

/**
 * Replaces the index rows of those versions that are still current and that nobody else is writing. They are locked
 * until the transaction ends.
 * @returns the keys of the resources whose rows were replaced
 */
export async function replaceIndexRows(tx: Transaction, rebuilt: Rebuilt): Promise<ReadonlySet<number>> {
  const { versions, columns, patients, params } = rebuilt;
  const keys = versions.map(({ key }) => key);
  const locked = await tx.query<{ key: number }>(LOCK, [keys, versions.map(({ version }) => version)]);
  const done = new Set(locked.map(({ key }) => key));
  if (done.size === 0) return done;
  const keyOf = (row: number): number => keys[row - 1] as number;
  await clear(tx, [...done], params);
  if (patients) await confine(tx, keys, patients, done);
  for (const table of COLUMN_TABLES) await insertColumns(tx, table, columns[table], { keyOf, done });
  for (const [statement, rows] of [
    [COMPONENTS, columns.component],
    [TEXTS, columns.text],
  ] as const) {
    const keyed = rows.map(({ row, ...others }) => ({ key: keyOf(Number(row)), ...others }));
    const own = keyed.filter(({ key }) => done.has(key));
    if (own.length > 0) await tx.query(statement, [JSON.stringify(own)]);
  }
  return done;
}

async function clear(
  tx: Transaction,
  keys: readonly number[],
  params: readonly number[] | undefined,
): Promise<void> {
  for (const table of [...COLUMN_TABLES, 'component', 'text']) {
    const all = `DELETE FROM search_${table} WHERE key = ANY ($1::bigint[])`;
    if (params) await tx.query(`${all} AND param = ANY ($2::integer[])`, [keys, params]);
    else await tx.query(all, [keys]);
  }
}

/** Who may see a resource goes by its patients, which are found like index rows. */
async function confine(
  tx: Transaction,
  keys: readonly number[],
  patients: readonly (readonly string[])[],
  done: ReadonlySet<number>,
): Promise<void> {
  const own = keys.flatMap((key, index) =>
    done.has(key) ? [[key, patients[index]?.join(' ')] as const] : [],
  );
  await tx.query(CONFINE, [own.map(([key]) => key), own.map(([, joined]) => joined)]);
}

async function insertColumns(
  tx: Transaction,
  table: ColumnTable,
  columns: IndexColumns[ColumnTable],
  { keyOf, done }: { readonly keyOf: (row: number) => number; readonly done: ReadonlySet<number> },
): Promise<void> {
  const [rows, ...others] = columns;
  const places = rows.flatMap((row, place) => (done.has(keyOf(row)) ? [place] : []));
  if (places.length === 0) return;
  const types = ['integer', ...Object.values(COLUMNS[table])].map((type, at) => `$${at + 2}::${type}[]`);
  await tx.query(
    `INSERT INTO search_${table} (key, param, ${Object.keys(COLUMNS[table]).join(', ')})
      SELECT * FROM unnest($1::bigint[], ${types.join(', ')})`,
    [
      places.map((place) => keyOf(rows[place] as number)),
      ...others.map((column) => places.map((place) => column[place])),
    ],
  );
}
