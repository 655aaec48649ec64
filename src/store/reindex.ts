/**
 * Builds the search index anew for what is stored: after a search parameter was added, or after a release that indexes
 * more. Gateways may write meanwhile; whatever they write has its rows by their own plans.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Definitions } from '../definitions/index.ts';
import { parseStored } from '../exact-json.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { didYouMean } from '../suggest.ts';
import type { Database, Queryable, Row } from './database.ts';
import { createIndexPlans, type IndexOptions, type IndexPlan, numbersOf } from './index-plan.ts';
import { emptyIndexColumns, indexParameters, indexResource } from './index-resource.ts';
import { type Rebuilt, replaceIndexRows } from './replace-index-rows.ts';

export interface ReindexQuery {
  /** Resource types; absent: every type, or with `code` every type that has the parameter. */
  readonly types?: readonly string[];
  /** Code of the one search parameter whose rows are built anew; absent: all rows. */
  readonly code?: string;
  /** Begins after this key: `after` of the last progress of a run that was stopped. */
  readonly after?: number;
}

export interface ReindexProgress {
  /** Everything up to this key is done. */
  readonly after: number;
  /** The last key there was at the start; what is created later is indexed when it is written. */
  readonly last: number;
  /** Resources whose rows were built anew in this run. */
  readonly rebuilt: number;
}

interface Parts {
  readonly database: Database;
  readonly planOf: (type: string) => IndexPlan;
  readonly resourceTypes: ReadonlySet<string>;
}

/** Of one batch: resources, and characters of content beyond the first resource's. */
const MOST_ROWS = 100;
const MOST_CONTENT = 4_000_000;
const LOCKED_PAUSE_MS = 50;

/**
 * Rebuilds batch by batch in the order of keys, each batch in a transaction of its own. It may be stopped after any
 * batch and gone on with from its `after`.
 * @param options as the gateways have them: rows are found by what wrote them
 * @returns progress after each batch, the last one with `after` equal to `last`
 * @throws SiltaError `invalid-parameter` for a type or search parameter that is not known
 */
export function reindex(
  options: { readonly database: Database; readonly definitions: Definitions } & IndexOptions,
  query: ReindexQuery,
): AsyncGenerator<ReindexProgress> {
  const { database, definitions } = options;
  const planOf = createIndexPlans(definitions, options);
  const parts = { database, planOf, resourceTypes: definitions.resourceTypes };
  return rebuild(parts, readScope(parts, query), query.after ?? 0);
}

async function* rebuild(parts: Parts, scope: Scope, start: number): AsyncGenerator<ReindexProgress> {
  const { database } = parts;
  const [row] = await database.query<{ last: number }>('SELECT coalesce(max(key), 0) AS last FROM resource');
  const last = row?.last ?? 0;
  let after = start;
  let rebuilt = 0;
  while (after < last) {
    const batch = await readBatch(database, { ...scope, after, last });
    await rebuildBatch(parts, scope, batch);
    rebuilt += batch.length;
    after = batch.at(-1)?.key ?? last;
    yield { after, last, rebuilt };
  }
}

interface Scope {
  readonly types: readonly string[];
  readonly code?: string;
}

function readScope({ planOf, resourceTypes }: Parts, { types, code }: ReindexQuery): Scope {
  for (const type of types ?? []) {
    if (resourceTypes.has(type)) continue;
    throw new SiltaError(
      'invalid-parameter',
      `'${type}' is no resource type of FHIR R4.${didYouMean(type, resourceTypes)}`,
    );
  }
  if (code === undefined) return { types: types ?? [...resourceTypes] };
  const has = (type: string): boolean => written(planOf(type), code).length > 0;
  const having = [...resourceTypes].filter(has);
  const without = types?.find((type) => !having.includes(type));
  if (having.length > 0 && without === undefined) return { types: types ?? having, code };
  const known = (types ?? [...resourceTypes]).flatMap((type) => [...planOf(type).parameters.keys()]);
  throw new SiltaError(
    'invalid-parameter',
    `${without ?? 'No type'} has ${without ? 'no' : 'a'} search parameter '${code}' with index rows.${didYouMean(code, known)}`,
  );
}

/** The parameters that write the rows which a code is searched by: an alias has none of its own. */
function written(plan: IndexPlan, code: string): IndexPlan['written'] {
  const param = plan.parameters.get(code)?.param;
  return plan.written.filter((each) => each.param === param);
}

interface Stored extends Row {
  readonly key: number;
  readonly type: string;
  readonly version: number;
  readonly content: string;
}

const BATCH = `SELECT key, type, version_id AS version, content FROM (
    SELECT key, type, version_id, content, sum(octet_length(content)) OVER (ORDER BY key) AS bytes,
      row_number() OVER (ORDER BY key) AS n
    FROM (SELECT key, type, version_id, content FROM resource
      WHERE key > $1 AND key <= $2 AND type = ANY ($3::text[]) AND content IS NOT NULL
      ORDER BY key LIMIT ${MOST_ROWS}) AS next) AS sized
  WHERE n = 1 OR bytes <= ${MOST_CONTENT} ORDER BY key`;

function readBatch(
  sql: Queryable,
  {
    after,
    last,
    types,
  }: { readonly after: number; readonly last: number; readonly types: readonly string[] },
): Promise<Stored[]> {
  return sql.query<Stored>(BATCH, [after, last, types]);
}

const AGAIN = `SELECT key, type, version_id AS version, content FROM resource
  WHERE key = ANY ($1::bigint[]) AND content IS NOT NULL ORDER BY key`;

/**
 * What somebody else is writing just now is left alone and looked at again, in the version that it has then: this way
 * nobody who writes waits for a batch, or a batch for one who waits for it.
 */
async function rebuildBatch(
  { database, planOf }: Parts,
  { code }: Scope,
  batch: readonly Stored[],
): Promise<void> {
  let pending = batch;
  while (pending.length > 0) {
    const rows = build(planOf, code, pending);
    const done = await database.transaction((tx) => replaceIndexRows(tx, rows));
    const left = pending.filter(({ key }) => !done.has(key)).map(({ key }) => key);
    if (left.length === 0) return;
    await pause(LOCKED_PAUSE_MS);
    pending = await database.query<Stored>(AGAIN, [left]);
  }
}

function build(planOf: Parts['planOf'], code: string | undefined, resources: readonly Stored[]): Rebuilt {
  const columns = emptyIndexColumns();
  const params = new Set<number>();
  const patients = resources.map(({ type, content }, index) => {
    const plan = planOf(type);
    const resource = parseStored(content) as Resource & { readonly id: string };
    if (code === undefined) return indexResource(resource, plan, index + 1, columns);
    const some = written(plan, code);
    for (const number of some.flatMap(numbersOf)) params.add(number);
    indexParameters(resource, { plan, parameters: some }, index + 1, columns);
    return [];
  });
  return {
    versions: resources.map(({ key, version }) => ({ key, version })),
    columns,
    ...(code === undefined ? { patients } : { params: [...params] }),
  };
}
