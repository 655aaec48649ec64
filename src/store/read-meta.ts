/**
 * The profiles, tags and labels in use.
 * @see https://hl7.org/fhir/R4/resource-operation-meta.html
 */
import type { Queryable, Row } from './database.ts';
import { createSearchScope, type SearchScope, visibleRowsOfAnyType } from './search-scope.ts';
import type { MetaInUse, MetaQuery } from './types.ts';

/** Different ones of a kind that are told. */
const MOST_IN_USE = 1_000;

/** What the visible resources of some types have in their `meta`, each once, in order. */
export async function readMeta(
  sql: Queryable,
  parts: Pick<SearchScope, 'definitions' | 'planOf'>,
  query: MetaQuery,
): Promise<MetaInUse> {
  const distinct = async <R extends Row>(code: string, table: string, columns: readonly [string, string]) => {
    const scope = createSearchScope({ ...parts, visibility: query.visibility, now: 0 });
    const params = query.types.flatMap((type) => scope.planOf(type).parameters.get(code)?.param ?? []);
    const conditions = [
      `x.param = ANY (${scope.bind(params)}::integer[])`,
      'r.content IS NOT NULL',
      ...visibleRowsOfAnyType(scope, 'r'),
    ];
    const [one, other] = columns.map((column) => `x.${column}`);
    const text = `SELECT DISTINCT ${one}, ${other} FROM ${table} x JOIN resource r ON r.key = x.key
      WHERE ${conditions.join(' AND ')} ORDER BY ${one}, ${other} LIMIT ${MOST_IN_USE}`;
    return sql.query<R>(text, scope.values);
  };
  type Label = Row & { readonly system: string | null; readonly code: string };
  const coding = ({ system, code }: Label) => ({ ...(system !== null && { system }), code });
  const profiles = await distinct<Row & { readonly url: string; readonly version: string | null }>(
    '_profile',
    'search_reference',
    ['url', 'version'],
  );
  const security = await distinct<Label>('_security', 'search_token', ['system', 'code']);
  const tags = await distinct<Label>('_tag', 'search_token', ['system', 'code']);
  return {
    profile: profiles.map(({ url, version }) => (version === null ? url : `${url}|${version}`)),
    security: security.map(coding),
    tag: tags.map(coding),
  };
}
