/** Which of several searches one resource would be found by. */
import { SiltaError } from '../outcome.ts';
import type { Queryable } from './database.ts';
import { compileParameter } from './search-condition.ts';
import type { SearchParts } from './search-resources.ts';
import { createSearchScope, visibleRows } from './search-scope.ts';
import { readCodeSets } from './search-terminology.ts';
import type { MatchQuery, StoredVersion } from './types.ts';

/**
 * Judges a version by searches of its type, in one statement: their conditions on one row. A version that is no longer
 * current is found by none, as the index is of current versions.
 * @returns for each search whether it finds the resource; undefined where the search itself is wrong
 */
export async function matchResource(
  sql: Queryable,
  parts: SearchParts,
  { type, id, versionId }: Pick<StoredVersion, 'type' | 'id' | 'versionId'>,
  searches: readonly MatchQuery[],
): Promise<readonly (boolean | undefined)[]> {
  const codeSets = await readCodeSets(
    parts.terminology,
    searches.flatMap(({ parameters }) => parameters),
  );
  const values: unknown[] = [type, id, versionId];
  const conditions = searches.map(({ parameters, visibility }) => {
    const scope = {
      ...createSearchScope({
        definitions: parts.definitions,
        planOf: parts.planOf,
        visibility,
        now: parts.clock().getTime(),
        codeSets,
        ...(parts.base !== undefined && { base: parts.base }),
      }),
      bind: (value: unknown) => `$${values.push(value)}`,
    };
    const bound = values.length;
    try {
      const all = [
        'true',
        ...visibleRows(scope, 'r', type),
        ...parameters.map(([name, value]) => compileParameter(scope, { r: 'r', type }, name, value)),
      ];
      return `(${all.join(' AND ')})`;
    } catch (error) {
      if (!(error instanceof SiltaError)) throw error;
      // What it had bound has no place in the statement.
      values.length = bound;
      return 'NULL::boolean';
    }
  });
  const text = `SELECT ARRAY[${conditions.join(', ')}]::boolean[] AS found FROM resource r
    WHERE r.type = $1 AND r.id = $2 AND r.version_id = $3 AND r.content IS NOT NULL`;
  const [row] = await sql.query<{ found: (boolean | null)[] }>(text, values, parts.statementName(text));
  return searches.map((_, index) => (row ? (row.found[index] ?? undefined) : false));
}
