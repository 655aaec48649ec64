/**
 * Searches resources of one type or of several.
 * @see https://hl7.org/fhir/R4/search.html
 */
import type { Definitions } from '../definitions/index.ts';
import { SiltaError } from '../outcome.ts';
import type { Queryable } from './database.ts';
import type { IndexPlan } from './index-plan.ts';
import { readIncluded } from './search-include.ts';
import { compileWhere, readPage, readPageText } from './search-page.ts';
import { createSearchScope, freshScope, type SearchScope } from './search-scope.ts';
import { readSearch, type Search } from './search-steering.ts';
import { readCodeSets, type SearchTerminology } from './search-terminology.ts';
import type { SearchPage, SearchPageText, SearchQuery } from './types.ts';

export interface SearchParts {
  readonly definitions: Definitions;
  readonly planOf: (type: string) => IndexPlan;
  readonly clock: () => Date;
  readonly terminology: SearchTerminology;
  /** Address of this server's FHIR base. */
  readonly base?: string;
  /** Name of the prepared statement of a text; undefined for none. */
  readonly statementName: (text: string) => string | undefined;
}

/** @throws SiltaError `invalid-parameter` naming the parameter */
export async function searchResources(
  sql: Queryable,
  parts: SearchParts,
  query: SearchQuery,
): Promise<SearchPage> {
  const { scope, search, total } = await prepareSearch(sql, parts, query);
  if (search.count === 0) return { matches: [], included: [], ...(total !== undefined && { total }) };
  const page = await readPage(sql, { scope, search, query, statementName: parts.statementName });
  const { included, cut } = await readIncluded(sql, scope, search.includes, { matches: page.placed, query });
  return {
    matches: page.placed.map(({ stored }) => stored),
    included,
    ...(cut && { includedCut: true }),
    ...totalOf({ search, query, total }, page.placed.length, page.next),
    ...(page.next !== undefined && { next: page.next }),
  };
}

/**
 * Searches as {@link searchResources} does, for the text of the entries.
 * @param base address of the FHIR base, without a trailing slash
 * @throws SiltaError `invalid-parameter` naming the parameter; TypeError for a search with includes
 */
export async function searchText(
  sql: Queryable,
  parts: SearchParts,
  query: SearchQuery,
  base: string,
): Promise<SearchPageText> {
  const { scope, search, total } = await prepareSearch(sql, parts, query);
  if (search.includes.length > 0) throw new TypeError('includes are read with the resources themselves');
  if (search.count === 0) return { entries: '', shown: [], ...(total !== undefined && { total }) };
  const page = await readPageText(sql, { scope, search, query, statementName: parts.statementName }, base);
  return { ...page, ...totalOf({ search, query, total }, page.shown.length, page.next) };
}

interface Prepared {
  readonly scope: SearchScope;
  readonly search: Search;
  /** Present when it was asked for. */
  readonly total: number | undefined;
}

async function prepareSearch(sql: Queryable, parts: SearchParts, query: SearchQuery): Promise<Prepared> {
  const types = query.types ?? [query.type];
  if (types.length === 0 || !types.every((type) => parts.definitions.resourceTypes.has(type))) {
    throw new SiltaError('not-supported', 'There is no resource type of this name in FHIR R4.');
  }
  const scope = createSearchScope({
    definitions: parts.definitions,
    planOf: parts.planOf,
    visibility: query.visibility,
    now: parts.clock().getTime(),
    codeSets: await readCodeSets(parts.terminology, query.parameters),
    ...(parts.base !== undefined && { base: parts.base }),
  });
  const search = readSearch(scope, types, query);
  const counted = search.total === 'accurate' || search.count === 0;
  return { scope, search, total: counted ? await countMatches(sql, parts, scope, search) : undefined };
}

/** The total that was counted, or the one that a first page without a next shows for free. */
function totalOf(
  { search, query, total }: Pick<Prepared, 'search' | 'total'> & { readonly query: SearchQuery },
  onPage: number,
  next: string | undefined,
): { readonly total?: number } {
  if (total !== undefined) return { total };
  const free = search.total === undefined && query.cursor === undefined && next === undefined;
  return free ? { total: onPage } : {};
}

async function countMatches(
  sql: Queryable,
  parts: SearchParts,
  scope: SearchScope,
  search: Search,
): Promise<number> {
  const own = freshScope(scope);
  const counts = search.types.map(
    (type) => `(SELECT count(*) FROM resource r WHERE ${compileWhere(own, search, type).join(' AND ')})`,
  );
  const text = `SELECT ${counts.join(' + ')} AS total`;
  const [row] = await sql.query<{ total: number }>(text, own.values, parts.statementName(text));
  return row?.total ?? 0;
}
