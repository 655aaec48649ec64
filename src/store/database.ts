import pg from 'pg';
import { SiltaError } from '../outcome.ts';
import { createTransaction, type Transaction } from './transaction.ts';

/** A row as Postgres returns it. */
export type Row = Record<string, unknown>;

/**
 * A prepared statement whose plan is the same whatever its values are: it is planned once for a connection. Otherwise
 * Postgres plans anew for every execution when a plan for the values themselves promises to be cheaper.
 */
export interface PlannedOnce {
  readonly plannedOnce: string;
}

/** Runs one parameterised statement. `name` makes it a prepared statement. */
export interface Queryable {
  query<T extends Row = Row>(
    sql: string,
    values?: readonly unknown[],
    name?: string | PlannedOnce,
  ): Promise<T[]>;
}

/** A pool of connections to one Postgres database; the only place that knows `pg`. */
export interface Database extends Queryable {
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Waits for running statements and closes every connection. */
  close(): Promise<void>;
}

// Timestamps and bigints stay what SQL made of them: the statements format timestamps, and counters fit a double.
const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** SQLSTATE classes after which the same transaction may succeed: serialization failure, deadlock. */
const RETRYABLE = new Set(['40001', '40P01']);
const TRANSACTION_ATTEMPTS = 5;

/**
 * Opens pools on `url` (a `postgres://` address).
 * @param poolSize connections at most, one at least of each kind: a quarter of them keep plans ({@link PlannedOnce}),
 *   the others plan by the values; on few cores a small pool is faster than a large one
 * @param onError told of connections that break while idle
 */
export function openDatabase(
  url: string,
  options: { readonly poolSize?: number; readonly onError?: (error: Error) => void } = {},
): Database {
  let closing = false;
  const size = options.poolSize ?? 8;
  const openPool = (max: number, settings?: string): pg.Pool =>
    new pg.Pool({
      connectionString: url,
      max: Math.max(1, max),
      types,
      application_name: 'silta',
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
      ...(settings && { options: settings }),
      // While it closes, the pool does not wait for its connections' farewell: a server that stops next cuts them.
    }).on('error', (error) => closing || options.onError?.(error));
  const few = Math.max(1, Math.floor(size / 4));
  const pool = openPool(size - few);
  const keeping = openPool(few, '-c plan_cache_mode=force_generic_plan');
  return {
    query: (sql, values, name) => run(typeof name === 'object' ? keeping : pool, sql, values, name),
    transaction: (work) => inTransaction(pool, work),
    close: async () => {
      closing = true;
      await Promise.all([pool.end(), keeping.end()]);
    },
  };
}

async function run<T extends Row>(
  client: pg.Pool | pg.PoolClient,
  sql: string,
  values: readonly unknown[] = [],
  prepared?: string | PlannedOnce,
): Promise<T[]> {
  const name = typeof prepared === 'object' ? prepared.plannedOnce : prepared;
  const result = await client.query<T>({ text: sql, values: [...values], ...(name && { name }) });
  return result.rows;
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const client = await connect(pool);
    try {
      await client.query('BEGIN');
      const result = await work(createTransaction((sql, values, name) => run(client, sql, values, name)));
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      await client.query('ROLLBACK').then(
        () => client.release(),
        (broken: Error) => client.release(broken),
      );
      const state = (error as { code?: string }).code;
      if (attempt >= TRANSACTION_ATTEMPTS || !state || !RETRYABLE.has(state)) throw error;
    }
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new SiltaError('unavailable', 'The database cannot be reached.', { cause, retryAfter: 5 });
  }
}
