/**
 * Orders a search and continues it where a page ended (keyset paging): what is written meanwhile moves no page.
 * @see https://hl7.org/fhir/R4/search.html#sort
 */
import { createHash } from 'node:crypto';
import { SiltaError } from '../outcome.ts';
import { toTimestamp } from './date-range.ts';
import type { IndexedParameter } from './index-plan.ts';
import { malformed } from './search-input.ts';
import { findParameter } from './search-parameter.ts';
import type { SearchScope } from './search-scope.ts';

export interface SortKey {
  /** SQL expression that is never null. */
  readonly expression: string;
  readonly sqlType: 'timestamptz' | 'text' | 'numeric' | 'bigint';
  readonly descending: boolean;
  /** Computes the expression, when it is not a column of the resource. */
  readonly join?: string;
}

const MOST_KEYS = 5;

/** The sort keys of `_sort`, the last of them unique. Without any: oldest change first, so that a puller misses none. */
export function compileSort(
  scope: SearchScope,
  r: string,
  type: string,
  sort: string | undefined,
): SortKey[] {
  const names = (sort ?? '_lastUpdated').split(',');
  if (names.length > MOST_KEYS) throw malformed('_sort', `at most ${MOST_KEYS} keys`);
  const keys = names.map((name) => {
    const descending = name.startsWith('-');
    return sortKey(scope, r, type, { code: descending ? name.slice(1) : name, descending });
  });
  const descending = keys.at(-1)?.descending ?? false;
  return [...keys, { expression: `${r}.key`, sqlType: 'bigint', descending }];
}

function sortKey(
  scope: SearchScope,
  r: string,
  type: string,
  { code, descending }: { readonly code: string; readonly descending: boolean },
): SortKey {
  if (code === '_lastUpdated') return { expression: `${r}.last_updated`, sqlType: 'timestamptz', descending };
  if (code === '_id') return { expression: `${r}.id`, sqlType: 'text', descending };
  const parameter = findParameter(scope, type, code);
  const { column, sqlType, missing } = sortColumn(parameter, descending);
  const s = scope.alias();
  const only = parameter.only ? ` AND x.target_type = '${parameter.only}'` : '';
  const join = `CROSS JOIN LATERAL (SELECT coalesce(${descending ? 'max' : 'min'}(${column}), ${missing}::${sqlType})${
    sqlType === 'text' ? ' COLLATE "C"' : ''
  } AS v FROM search_${parameter.table} x WHERE x.key = ${r}.key AND x.param = ${parameter.param}${only}) ${s}`;
  return { expression: `${s}.v`, sqlType, descending, join };
}

/** What a parameter sorts by; resources without a value come last. */
function sortColumn(
  parameter: IndexedParameter,
  descending: boolean,
): { readonly column: string; readonly sqlType: SortKey['sqlType']; readonly missing: string } {
  const text = { sqlType: 'text', missing: descending ? `''` : 'chr(1114111)' } as const;
  const infinity = descending ? `'-infinity'` : `'infinity'`;
  switch (parameter.table) {
    case 'date':
      return { column: descending ? 'x.high' : 'x.low', sqlType: 'timestamptz', missing: infinity };
    case 'quantity':
      return { column: descending ? 'x.high' : 'x.low', sqlType: 'numeric', missing: infinity };
    case 'string':
      // A link holds the last row's values: no more of a long text than the index does.
      return { column: 'left(x.value, 200)', ...text };
    case 'token':
      return { column: 'x.code', ...text };
    case 'reference':
      return { column: 'coalesce(x.target_id, x.url)', ...text };
    default:
      throw malformed('_sort', 'composite parameters and texts have no order');
  }
}

export const orderBy = (keys: readonly SortKey[]): string =>
  keys.map((key) => `${key.expression}${key.descending ? ' DESC' : ''}`).join(', ');

/** A sort key's value as the cursor carries it: moments in seconds since 1970, the rest as text. */
export const placeOf = (key: SortKey): string =>
  key.sqlType === 'timestamptz' ? `date_part('epoch', ${key.expression})::text` : `${key.expression}::text`;

/**
 * The value as it was. Of a moment, whose seconds are a double, that is its millisecond: `to_timestamp` would give
 * moments far from 2000 a microsecond too much or too little, and a row would come before or after itself.
 */
function boundPlace(scope: SearchScope, key: SortKey, value: string | undefined): string {
  const exact = key.sqlType === 'timestamptz' ? toTimestamp(Math.round(Number(value) * 1000)) : value;
  return `${scope.bind(exact)}::${key.sqlType}`;
}

/** The rows behind the one that the cursor names. */
export function compileAfter(
  scope: SearchScope,
  keys: readonly SortKey[],
  values: readonly string[],
): string {
  const places = keys.map((key, index) => boundPlace(scope, key, values[index]));
  const uniform = keys.every((key) => key.descending === keys[0]?.descending);
  if (uniform) {
    const columns = keys.map((key) => key.expression).join(', ');
    return `(${columns}) ${keys[0]?.descending ? '<' : '>'} (${places.join(', ')})`;
  }
  const alternatives = keys.map((key, index) => {
    const same = keys.slice(0, index).map((each, at) => `${each.expression} = ${places[at]}`);
    return `(${[...same, `${key.expression} ${key.descending ? '<' : '>'} ${places[index]}`].join(' AND ')})`;
  });
  return `(${alternatives.join(' OR ')})`;
}

/** What a cursor belongs to: another search must not be continued with it. */
export function searchSignature(
  types: readonly string[],
  parameters: readonly (readonly [string, string])[],
): string {
  return createHash('sha256')
    .update(JSON.stringify([types, parameters]))
    .digest('base64url')
    .slice(0, 16);
}

/** Writes the place of a page's last row. */
export function writeCursor(signature: string, values: readonly string[]): string {
  return Buffer.from(JSON.stringify([signature, ...values])).toString('base64url');
}

/** @throws SiltaError `invalid-parameter` for a text that no page of this search gave out */
export function readCursor(cursor: string, signature: string, keys: readonly SortKey[]): string[] {
  const refuse = (): SiltaError =>
    new SiltaError(
      'invalid-parameter',
      'The page link does not belong to this search. Start the search anew.',
    );
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw refuse();
  }
  if (!Array.isArray(content) || content.length !== keys.length + 1 || content[0] !== signature)
    throw refuse();
  const values = content.slice(1) as unknown[];
  const valid = values.every((value, index) => isValue(value, keys[index]?.sqlType));
  if (!valid) throw refuse();
  return values as string[];
}

function isValue(value: unknown, type: SortKey['sqlType'] | undefined): boolean {
  if (typeof value !== 'string' || value.includes('\u0000')) return false;
  switch (type) {
    case 'bigint':
      return /^\d{1,18}$/.test(value);
    case 'timestamptz':
      return (
        /^-?Infinity$/.test(value) ||
        (/^-?\d{1,12}(\.\d{1,6})?$/.test(value) && Math.abs(Number(value)) < 2.6e11)
      );
    case 'numeric':
      return /^(-?Infinity|-?\d{1,200}(\.\d{1,200})?)$/.test(value);
    default:
      return true;
  }
}
