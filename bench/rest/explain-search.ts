import type { Definitions } from '../../src/definitions/index.ts';
import { createStore, type Database, type SearchQuery } from '../../src/store/index.ts';

/**
 * The plan of the statement that a search is answered with, as `EXPLAIN (ANALYZE)` tells it.
 * @throws SiltaError when the search is refused
 */
export async function explainSearch(
  database: Database,
  definitions: Definitions,
  query: SearchQuery,
): Promise<string> {
  const plans: string[] = [];
  const explaining: Database = {
    ...database,
    query: async (sql, values) => {
      const rows = await database.query(
        `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) ${sql}`,
        values,
      );
      plans.push(rows.map((row) => String(row['QUERY PLAN'])).join('\n'));
      return [];
    },
  };
  await createStore({ database: explaining, definitions, clock: () => new Date() }).search(query);
  return plans.join('\n');
}
