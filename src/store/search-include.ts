/**
 * Adds the resources that matches refer to, and those that refer to matches.
 * @see https://hl7.org/fhir/R4/search.html#include
 */
import type { Queryable } from './database.ts';
import { toStoredVersion, type VersionRow, versionColumns } from './read-resource.ts';
import type { Include } from './search-include-value.ts';
import { freshScope, type SearchScope, visibleRowsOfAnyType } from './search-scope.ts';
import type { SearchQuery, StoredVersion } from './types.ts';

/** A resource on a page, by which others are included. */
export interface Placed {
  readonly key: number;
  readonly stored: StoredVersion;
}

export interface Included {
  readonly included: readonly StoredVersion[];
  /** Whether there are more than fit. */
  readonly cut: boolean;
}

/** Rounds of `:iterate` at most: references may go in circles, and a page is no bulk export. */
const MOST_ROUNDS = 10;
const MOST_INCLUDED = 1000;

interface Gathering {
  readonly scope: SearchScope;
  readonly query: Pick<SearchQuery, 'includable' | 'mostIncluded'>;
  /** Everything on the page so far, by its key. */
  readonly known: Map<number, Placed>;
  readonly included: StoredVersion[];
}

/** The included resources of a page, each once, without those that are matches themselves. */
export async function readIncluded(
  sql: Queryable,
  scope: SearchScope,
  includes: readonly Include[],
  page: { readonly matches: readonly Placed[]; readonly query: Gathering['query'] },
): Promise<Included> {
  const known = new Map(page.matches.map((each) => [each.key, each]));
  const gathering: Gathering = { scope, query: page.query, known, included: [] };
  let frontier = page.matches;
  for (let round = 0; round < MOST_ROUNDS && frontier.length > 0; round++) {
    const found: Placed[] = [];
    for (const include of includes) {
      if (round > 0 && !include.iterate) continue;
      const { rows, cut } = await follow(sql, gathering, include, frontier);
      found.push(...rows);
      if (cut) return { included: gathering.included, cut };
    }
    frontier = found;
  }
  return { included: gathering.included, cut: frontier.length > 0 && includes.some((each) => each.iterate) };
}

type KeysOf = (scope: SearchScope, include: Include, frontier: readonly Placed[]) => string | undefined;
const REFERRED: readonly KeysOf[] = [referredById, referredByUrl];
const REFERRING: readonly KeysOf[] = [referringById, referringByUrl];

interface KeyedRow extends VersionRow {
  readonly key: number;
}

/** One include from the resources of the round before. */
async function follow(
  sql: Queryable,
  gathering: Gathering,
  include: Include,
  frontier: readonly Placed[],
): Promise<{ readonly rows: readonly Placed[]; readonly cut: boolean }> {
  const most = gathering.query.mostIncluded ?? MOST_INCLUDED;
  const rows: Placed[] = [];
  for (const keysOf of include.reverse ? REFERRING : REFERRED) {
    const own = freshScope(gathering.scope);
    const keys = keysOf(own, include, frontier);
    if (keys === undefined) continue;
    const room = most - gathering.included.length;
    const text = statement(own, gathering, { include, keys, limit: room + 1 });
    const found = await sql.query<KeyedRow>(text, own.values);
    for (const row of found.slice(0, room)) {
      const placed = { key: row.key, stored: toStoredVersion(row) };
      gathering.known.set(row.key, placed);
      gathering.included.push(placed.stored);
      rows.push(placed);
    }
    if (found.length > room) return { rows, cut: true };
  }
  return { rows, cut: false };
}

function statement(
  scope: SearchScope,
  { query, known }: Gathering,
  { include, keys, limit }: { readonly include: Include; readonly keys: string; readonly limit: number },
): string {
  const readable = query.includable?.[include.reverse ? 'referring' : 'referred'];
  const conditions = [
    't.content IS NOT NULL',
    keys,
    `t.key <> ALL (${scope.bind([...known.keys()])}::bigint[])`,
    ...(readable ? [`t.type = ANY (${scope.bind([...readable])}::text[])`] : []),
    ...(include.target !== undefined && !include.reverse ? [`t.type = ${scope.bind(include.target)}`] : []),
    ...visibleRowsOfAnyType(scope, 't'),
  ];
  return `SELECT t.key, ${versionColumns('t')} FROM resource t WHERE ${conditions.join(' AND ')} ORDER BY t.key LIMIT ${limit}`;
}

/** Rows `x` of the include's references. An alias is its whole with one type of target. */
function references(scope: SearchScope, parameters: Include['parameters']): string {
  const whole = parameters.filter((each) => each.only === undefined).map((each) => each.param);
  const aliases = parameters
    .filter((each) => each.only !== undefined)
    .map((each) => `(x.param = ${each.param} AND x.target_type = '${each.only}')`);
  const conditions = [
    ...(whole.length > 0 ? [`x.param = ANY (${scope.bind(whole)}::integer[])`] : []),
    ...aliases,
  ];
  return `(${conditions.join(' OR ')})`;
}

function referredById(scope: SearchScope, include: Include, frontier: readonly Placed[]): string {
  const keys = scope.bind(frontier.map(({ key }) => key));
  return `(t.type, t.id) IN (SELECT x.target_type, x.target_id FROM search_reference x
    WHERE x.key = ANY (${keys}::bigint[]) AND ${references(scope, include.parameters)} AND x.target_id IS NOT NULL)`;
}

function referringById(
  scope: SearchScope,
  include: Include,
  frontier: readonly Placed[],
): string | undefined {
  const targets = frontier.filter(
    ({ stored }) => include.target === undefined || stored.type === include.target,
  );
  if (targets.length === 0) return undefined;
  const present = new Set(targets.map(({ stored }) => stored.type));
  const parameters = include.parameters.filter(({ definition }) =>
    definition.targets.some((type) => present.has(type)),
  );
  if (parameters.length === 0) return undefined;
  const types = scope.bind(targets.map(({ stored }) => stored.type));
  const ids = scope.bind(targets.map(({ stored }) => stored.id));
  return `t.key IN (SELECT x.key FROM unnest(${types}::text[], ${ids}::text[]) AS w(type, id)
    JOIN search_reference x ON x.target_type = w.type AND x.target_id = w.id WHERE ${references(scope, parameters)})`;
}

/** The canonical parameters of an include, with the numbers of `url` and `version` of what they may name. */
function canonicals(
  scope: SearchScope,
  { parameters, target }: Include,
): { readonly params: string; readonly urls: string; readonly versions: string } | undefined {
  const canonical = parameters.filter((each) => each.canonical);
  const types = new Set(canonical.flatMap(({ definition }) => definition.targets));
  const plans = [...types]
    .filter((type) => scope.definitions.resourceTypes.has(type) && (target ?? type) === type)
    .map((type) => scope.planOf(type).parameters);
  const numbers = (code: string, type: string): number[] =>
    plans.flatMap((each) => {
      const parameter = each.get(code);
      return parameter?.definition.type === type ? [parameter.param] : [];
    });
  const urls = numbers('url', 'uri');
  if (urls.length === 0) return undefined;
  return {
    params: scope.bind(canonical.map((each) => each.param)),
    urls: scope.bind(urls),
    versions: scope.bind(numbers('version', 'token')),
  };
}

const sameVersion = (versions: string): string =>
  `(x.version IS NULL OR EXISTS (SELECT FROM search_token v
    WHERE v.key = u.key AND v.param = ANY (${versions}::integer[]) AND v.code = x.version))`;

function referredByUrl(
  scope: SearchScope,
  include: Include,
  frontier: readonly Placed[],
): string | undefined {
  const numbers = canonicals(scope, include);
  if (!numbers) return undefined;
  const keys = scope.bind(frontier.map(({ key }) => key));
  return `t.key IN (SELECT u.key FROM search_reference x
    JOIN search_reference u ON u.param = ANY (${numbers.urls}::integer[]) AND u.url = x.url
    WHERE x.key = ANY (${keys}::bigint[]) AND x.param = ANY (${numbers.params}::integer[])
      AND x.url IS NOT NULL AND ${sameVersion(numbers.versions)})`;
}

function referringByUrl(
  scope: SearchScope,
  include: Include,
  frontier: readonly Placed[],
): string | undefined {
  const numbers = canonicals(scope, include);
  if (!numbers) return undefined;
  const keys = scope.bind(frontier.map(({ key }) => key));
  return `t.key IN (SELECT x.key FROM search_reference u
    JOIN search_reference x ON x.param = ANY (${numbers.params}::integer[]) AND x.url = u.url
    WHERE u.key = ANY (${keys}::bigint[]) AND u.param = ANY (${numbers.urls}::integer[])
      AND ${sameVersion(numbers.versions)})`;
}
