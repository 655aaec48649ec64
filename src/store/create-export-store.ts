import type { Definitions } from '../definitions/index.ts';
import type { Database } from './database.ts';
import { createExportJobs } from './export-jobs.ts';
import { checkExportQuery, readSnapshot } from './export-snapshot.ts';
import type { ExportStore } from './export-types.ts';
import { createIndexPlans, type IndexOptions } from './index-plan.ts';
import { createDefinedTerminology, type SearchTerminology } from './search-terminology.ts';

/** The store of Bulk Data exports over a migrated database; told of searches what the store itself is told. */
export function createExportStore(
  options: {
    readonly database: Database;
    readonly definitions: Definitions;
    readonly clock: () => Date;
    readonly terminology?: SearchTerminology;
  } & IndexOptions,
): ExportStore {
  const { database, definitions, clock, base } = options;
  const parts = {
    definitions,
    clock,
    planOf: createIndexPlans(definitions, options),
    terminology: options.terminology ?? createDefinedTerminology(definitions),
    ...(base !== undefined && { base }),
  };
  return {
    ...createExportJobs(database),
    check: (query) => checkExportQuery(parts, query),
    snapshot: (work) => readSnapshot(database, parts, work),
  };
}
