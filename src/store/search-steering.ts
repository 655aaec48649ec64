/** Sorts a search's parameters into what confines it and what steers its answer. */
import { SiltaError } from '../outcome.ts';
import { type Include, isInclude, readInclude } from './search-include-value.ts';
import { malformed } from './search-input.ts';
import type { SearchScope } from './search-scope.ts';
import { isKnownParameter } from './search-steps.ts';
import type { SearchQuery } from './types.ts';

export interface Search {
  readonly types: readonly string[];
  readonly conditions: readonly (readonly [name: string, value: string])[];
  readonly sort?: string;
  readonly count: number;
  readonly total?: 'none' | 'accurate';
  readonly includes: readonly Include[];
}

const DEFAULT_COUNT = 50;
const MOST_COUNT = 1000;
const MOST_CONDITIONS = 60;
const MOST_INCLUDES = 20;
/** Parameters of the answer's form: the REST API's affair. */
const IGNORED = new Set(['_format', '_pretty', '_elements']);
const STEERING = new Set(['_sort', '_count', '_total', '_summary']);

/** Parameters that steer a search instead of confining it. */
export const CONTROL_PARAMETERS: readonly string[] = [...STEERING, '_include', '_revinclude'];

/** @throws SiltaError `invalid-parameter` */
export function readSearch(scope: SearchScope, types: readonly string[], query: SearchQuery): Search {
  const conditions: (readonly [string, string])[] = [];
  const includes: Include[] = [];
  const steering = new Map<string, string>();
  for (const [name, value] of query.parameters) {
    if (IGNORED.has(name)) continue;
    if (STEERING.has(name)) {
      if (steering.has(name)) throw malformed(name, 'it may be given once only');
      steering.set(name, value);
    } else if (isInclude(name)) includes.push(readInclude(scope, types, [name, value], query.includable));
    else conditions.push([name, value]);
  }
  if (conditions.length > MOST_CONDITIONS) {
    throw new SiltaError('invalid-parameter', `A search has at most ${MOST_CONDITIONS} conditions.`);
  }
  if (includes.length > MOST_INCLUDES) {
    throw new SiltaError('invalid-parameter', `A search has at most ${MOST_INCLUDES} includes.`);
  }
  return { types, conditions, includes, ...readSteering(steering) };
}

function readSteering(given: ReadonlyMap<string, string>): Pick<Search, 'sort' | 'count' | 'total'> {
  const summaries = ['true', 'false', 'text', 'data', 'count'];
  const summary = readChoice('_summary', given.get('_summary'), summaries);
  const total = readChoice('_total', given.get('_total'), ['none', 'estimate', 'accurate']);
  const sort = given.get('_sort');
  return {
    count: summary === 'count' ? 0 : readCount(given.get('_count')),
    ...(sort !== undefined && { sort }),
    // The planner's estimate would tell of what the caller may not see.
    ...(total !== undefined && { total: total === 'none' ? 'none' : 'accurate' }),
  };
}

/** Whether a search of the type knows a parameter of this name, whatever its modifier and value. */
export function knowsParameter(
  parts: Pick<SearchScope, 'definitions' | 'planOf'>,
  type: string,
  name: string,
): boolean {
  const [code = ''] = name.split(':');
  const steers = IGNORED.has(name) || STEERING.has(code) || isInclude(name);
  return steers || isKnownParameter(parts, type, name);
}

function readChoice(name: string, value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value === undefined || allowed.includes(value)) return value;
  throw malformed(name, `allowed: ${allowed.join(', ')}`);
}

function readCount(value: string | undefined): number {
  if (value === undefined) return DEFAULT_COUNT;
  if (!/^\d{1,9}$/.test(value)) throw malformed('_count', 'the value is a whole number');
  return Math.min(Number(value), MOST_COUNT);
}
