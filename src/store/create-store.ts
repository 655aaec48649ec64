import type { Definitions } from '../definitions/index.ts';
import type { Database } from './database.ts';
import { inSavepoint } from './delivery-savepoint.ts';
import { createIndexPlans, type IndexOptions } from './index-plan.ts';
import { matchResource } from './match-resource.ts';
import { createStatementNames } from './name-statements.ts';
import { readChanges } from './read-changes.ts';
import { readCompartment } from './read-compartment.ts';
import { createGroupedReader } from './read-in-groups.ts';
import { readMeta } from './read-meta.ts';
import { readHistory, readResource, readVersion } from './read-resource.ts';
import { createCanonicalResolver } from './resolve-canonical.ts';
import { searchResources, searchText } from './search-resources.ts';
import { knowsParameter } from './search-steering.ts';
import { typesReached } from './search-steps.ts';
import { createDefinedTerminology, type SearchTerminology } from './search-terminology.ts';
import type { Transaction } from './transaction.ts';
import type { Store, StoreTransaction, Write, WriteContext } from './types.ts';
import { writeAudit } from './write-audit.ts';
import { createGroupedWriter } from './write-in-groups.ts';
import { writeResources } from './write-resources.ts';

/**
 * The store over a migrated database.
 * @param options.clock gives `meta.lastUpdated`
 * @param options.terminology what codes mean; by default what the gateway was started with
 */
export function createStore(
  options: {
    readonly database: Database;
    readonly definitions: Definitions;
    readonly clock: () => Date;
    readonly terminology?: SearchTerminology;
  } & IndexOptions,
): Store {
  const { database, definitions, clock, base } = options;
  const parts = {
    definitions,
    planOf: createIndexPlans(definitions, options),
    clock,
    terminology: options.terminology ?? createDefinedTerminology(definitions),
    ...(base !== undefined && { base }),
    statementName: createStatementNames(),
  };
  const canonicals = createCanonicalResolver(database, parts.planOf, clock);
  const forget = (writes: readonly Write[]): void => {
    for (const write of writes)
      canonicals.forget(write.kind === 'delete' ? write.type : write.resource.resourceType);
  };
  const write = createGroupedWriter(database, parts);
  const open = (sql: Transaction, written: Write[]): StoreTransaction => ({
    sql,
    lock: async (key) => {
      await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key], 'lock-key');
    },
    read: (type, id) => readResource(sql, type, id),
    search: (query) => searchResources(sql, parts, query),
    match: (resource, searches) => matchResource(sql, parts, resource, searches),
    write: async (writes, context) => {
      written.push(...writes);
      return writeInTransaction(sql, parts, writes, context);
    },
  });
  return {
    read: createGroupedReader(database),
    readVersion: (type, id, versionId) => readVersion(database, type, id, versionId),
    history: (type, id, range) => readHistory(database, type, id, range),
    changes: (query) => readChanges(database, parts, query),
    search: (query) => searchResources(database, parts, query),
    searchText: (query, base) => searchText(database, parts, query, base),
    compartment: (query) => readCompartment(database, parts, query),
    meta: (query) => readMeta(database, parts, query),
    searchParameters: (type) =>
      [...parts.planOf(type).parameters.values()].map(({ definition }) => definition),
    knowsParameter: (type, name) => knowsParameter(parts, type, name),
    typesReached: (type, name) => typesReached(parts, type, name),
    write: async (writes, context) => {
      const stored = await write(writes, context);
      forget(writes);
      return stored;
    },
    transaction: async (work) => {
      const written: Write[] = [];
      const result = await database.transaction((sql) => work(open(sql, written)));
      forget(written);
      return result;
    },
    audit: (entries) => writeAudit(database, entries),
    resolveCanonical: canonicals.resolve,
  };
}

/** A cause that had its effect already fails one write and not the transaction around it. */
function writeInTransaction(
  sql: Transaction,
  parts: Parameters<typeof writeResources>[1],
  writes: readonly Write[],
  context: WriteContext,
): ReturnType<typeof writeResources> {
  const write = () => writeResources(sql, parts, writes, context);
  if (context.once === undefined) return write();
  return inSavepoint(sql, write, (error) => {
    throw error;
  });
}
