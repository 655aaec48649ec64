/**
 * Adds the resources that matches refer to, and those that refer to matches.
 * @see https://hl7.org/fhir/R4/search.html#include
 */
import { SiltaError } from '../outcome.ts';
import type { Queryable } from './database.ts';
import type { IndexedParameter } from './index-plan.ts';
import { toStoredVersion, type VersionRow, versionColumns } from './read-resource.ts';
import { findParameter } from './search-condition.ts';
import { malformed } from './search-input.ts';
import { freshScope, type SearchScope, visibleRowsOfAnyType } from './search-scope.ts';
import type { StoredVersion } from './types.ts';

export interface Include {
  readonly reverse: boolean;
  /** Type that holds the reference. */
  readonly source: string;
  readonly parameter: IndexedParameter;
  /** Confines the target's type. */
  readonly target?: string;
}

/** More than this is refused: a page is not a bulk export. */
const MOST_INCLUDED = 1000;

/** Reads an `_include` or `_revinclude` value: `Type:parameter[:target]`. */
export function readInclude(scope: SearchScope, type: string, name: string, value: string): Include {
  const reverse = name === '_revinclude';
  const [source = '', code = '', target, ...more] = value.split(':');
  if (!scope.definitions.resourceTypes.has(source) || code === '' || more.length > 0) {
    throw malformed(name, "the form is 'Type:parameter' or 'Type:parameter:target'");
  }
  if (!reverse && source !== type) throw malformed(name, `the first type must be ${type}`);
  if (target !== undefined && !scope.definitions.resourceTypes.has(target)) {
    throw malformed(name, 'the target is no resource type');
  }
  const parameter = findParameter(scope, source, code);
  if (parameter.definition.type !== 'reference') throw malformed(name, `'${code}' is no reference`);
  return { reverse, source, parameter, ...(target !== undefined && { target }) };
}

/** The included resources of a page, each once, without those that are matches themselves. */
export async function readIncluded(
  sql: Queryable,
  scope: SearchScope,
  includes: readonly Include[],
  page: { readonly keys: readonly number[]; readonly matches: readonly StoredVersion[] },
): Promise<readonly StoredVersion[]> {
  if (page.keys.length === 0) return [];
  const known = new Set(page.matches.map((each) => `${each.type}/${each.id}`));
  const included: StoredVersion[] = [];
  for (const include of includes) {
    for (const { text, values } of includeStatements(scope, include, page)) {
      for (const row of await sql.query<VersionRow>(text, values)) {
        const key = `${row.type}/${row.id}`;
        if (!known.has(key)) included.push(toStoredVersion(row));
        known.add(key);
      }
      refuseTooMany(included.length);
    }
  }
  return included;
}

function refuseTooMany(count: number): void {
  if (count <= MOST_INCLUDED) return;
  throw new SiltaError(
    'too-large',
    `The page includes more than ${MOST_INCLUDED} resources: ask for a smaller _count or for fewer includes.`,
  );
}

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

function includeStatements(
  scope: SearchScope,
  include: Include,
  page: { readonly keys: readonly number[]; readonly matches: readonly StoredVersion[] },
): Statement[] {
  if (include.reverse) return [reverseStatement(freshScope(scope), include, page.matches)];
  const statements = [forwardStatement(freshScope(scope), include, page.keys)];
  const byUrl = canonicalTargets(scope, include);
  return [
    ...statements,
    ...byUrl.map((target) => canonicalStatement(freshScope(scope), include, page.keys, target)),
  ];
}

const select = (from: string, conditions: readonly string[]): string =>
  `SELECT ${versionColumns('t')} FROM resource t WHERE t.content IS NOT NULL AND ${conditions.join(' AND ')}
   AND ${from} ORDER BY t.key LIMIT ${MOST_INCLUDED + 1}`;

function forwardStatement(scope: SearchScope, include: Include, keys: readonly number[]): Statement {
  const only = include.target ?? include.parameter.only;
  const conditions = [
    `x.key = ANY (${scope.bind(keys)}::bigint[])`,
    `x.param = ${include.parameter.param}`,
    'x.target_id IS NOT NULL',
    ...(only ? [`x.target_type = ${scope.bind(only)}`] : []),
    ...(include.parameter.only && include.target ? [`x.target_type = '${include.parameter.only}'`] : []),
  ];
  const from = `(t.type, t.id) IN (SELECT x.target_type, x.target_id FROM search_reference x WHERE ${conditions.join(' AND ')})`;
  return { text: select(from, ['true', ...visibleRowsOfAnyType(scope, 't')]), values: scope.values };
}

/** Types that a canonical of the parameter may name by their `url`. */
function canonicalTargets(scope: SearchScope, { parameter, target }: Include): string[] {
  const targets = target === undefined ? parameter.definition.targets : [target];
  return targets.filter(
    (type) =>
      parameter.definition.targets.includes(type) &&
      scope.definitions.resourceTypes.has(type) &&
      scope.planOf(type).parameters.get('url')?.definition.type === 'uri',
  );
}

function canonicalStatement(
  scope: SearchScope,
  include: Include,
  keys: readonly number[],
  target: string,
): Statement {
  const { parameters } = scope.planOf(target);
  const version = parameters.get('version');
  const sameVersion = version
    ? ` AND (x.version IS NULL OR EXISTS (SELECT FROM search_token v
        WHERE v.key = u.key AND v.param = ${version.param} AND v.code = x.version))`
    : '';
  const from = `t.key IN (SELECT u.key FROM search_reference x JOIN search_reference u
      ON u.param = ${parameters.get('url')?.param} AND u.url = x.url
    WHERE x.key = ANY (${scope.bind(keys)}::bigint[]) AND x.param = ${include.parameter.param}
      AND x.url IS NOT NULL${sameVersion})`;
  return {
    text: select(from, [`t.type = '${target}'`, ...visibleRowsOfAnyType(scope, 't')]),
    values: scope.values,
  };
}

function reverseStatement(
  scope: SearchScope,
  include: Include,
  matches: readonly StoredVersion[],
): Statement {
  const type = matches[0]?.type ?? '';
  const allowed = [include.target, include.parameter.only].every(
    (each) => each === undefined || each === type,
  );
  const from = `t.key IN (SELECT x.key FROM search_reference x WHERE x.param = ${include.parameter.param}
    AND x.target_type = '${type}' AND x.target_id = ANY (${scope.bind(matches.map((each) => each.id))}::text[]))`;
  const conditions = [`t.type = '${include.source}'`, ...visibleRowsOfAnyType(scope, 't')];
  return { text: select(from, allowed ? conditions : ['false']), values: scope.values };
}
