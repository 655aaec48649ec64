import type { Definitions } from '../definitions/index.ts';
import type { Database } from './database.ts';
import { createExportJobs } from './export-jobs.ts';
import { checkExportQuery, readSnapshot } from './export-snapshot.ts';
import type { ExportStore } from './export-types.ts';
import { createIndexPlans } from './index-plan.ts';

/** The store of Bulk Data exports over a migrated database. */
export function createExportStore(options: {
  readonly database: Database;
  readonly definitions: Definitions;
  readonly clock: () => Date;
}): ExportStore {
  const { database, definitions, clock } = options;
  const parts = { definitions, clock, planOf: createIndexPlans(definitions) };
  return {
    ...createExportJobs(database),
    check: (query) => checkExportQuery(parts, query),
    snapshot: (work) => readSnapshot(database, parts, work),
  };
}
