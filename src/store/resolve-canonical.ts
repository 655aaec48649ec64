import type { Resource } from '../resource.ts';
import type { Queryable } from './database.ts';
import type { IndexPlan } from './index-plan.ts';
import { indexText } from './index-values.ts';

export interface CanonicalResolver {
  /** The resource with this canonical; without `|version` the newest active version. */
  resolve(type: string, canonical: string): Promise<Resource | undefined>;
  /** Forgets what is remembered of a type; called when one is written. */
  forget(type: string): void;
}

/** How long an answer may be older than what another gateway wrote. */
const FRESH_MS = 5_000;
const MOST_REMEMBERED = 500;
const MOST_VERSIONS = 200;

/**
 * Resolves canonical URLs in the store, remembering answers for a few seconds.
 * @see https://hl7.org/fhir/R4/references.html#canonical
 */
export function createCanonicalResolver(
  sql: Queryable,
  planOf: (type: string) => IndexPlan,
  clock: () => Date,
): CanonicalResolver {
  const remembered = new Map<
    string,
    { readonly until: number; readonly answer: Promise<Resource | undefined> }
  >();
  return {
    resolve: (type, canonical) => {
      const key = `${type} ${canonical}`;
      const now = clock().getTime();
      const known = remembered.get(key);
      if (known && known.until > now && known.until <= now + FRESH_MS) return known.answer;
      const answer = findCanonical(sql, planOf(type), canonical);
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(key, { until: now + FRESH_MS, answer });
      answer.catch(() => remembered.delete(key));
      return answer;
    },
    forget: (type) => {
      for (const key of remembered.keys()) if (key.startsWith(`${type} `)) remembered.delete(key);
    },
  };
}

async function findCanonical(
  sql: Queryable,
  plan: IndexPlan,
  canonical: string,
): Promise<Resource | undefined> {
  const url = plan.parameters.get('url');
  if (url?.definition.type !== 'uri') return undefined;
  const bar = canonical.indexOf('|');
  const version = bar < 0 ? undefined : canonical.slice(bar + 1);
  const rows = await sql.query<{ content: string }>(
    `SELECT r.content FROM search_reference x JOIN resource r ON r.key = x.key
     WHERE x.param = $1 AND x.url = $2 AND r.content IS NOT NULL ORDER BY r.last_updated DESC, r.key DESC LIMIT ${MOST_VERSIONS}`,
    [url.param, indexText(bar < 0 ? canonical : canonical.slice(0, bar))],
    'resolve-canonical',
  );
  return chooseVersion(
    rows.map((row) => JSON.parse(row.content) as Resource),
    version,
  );
}

/** Of the resources with one canonical URL the one with this version; without a version the newest active one. */
export function chooseVersion(found: readonly Resource[], version: string | undefined): Resource | undefined {
  if (version !== undefined) return found.find((each) => each['version'] === version);
  const active = found.filter((each) => each['status'] === 'active');
  return (active.length > 0 ? active : found).reduce<Resource | undefined>(
    (best, each) => (best && compareVersions(best['version'], each['version']) >= 0 ? best : each),
    undefined,
  );
}

/** Compares business versions part by part, numbers as numbers: 1.10.0 is newer than 1.9.0. */
export function compareVersions(one: unknown, other: unknown): number {
  const collator = new Intl.Collator('en', { numeric: true });
  return collator.compare(typeof one === 'string' ? one : '', typeof other === 'string' ? other : '');
}
