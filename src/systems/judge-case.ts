/** One case: inputs through the map, result against what is wanted. */
import {
  type CompiledMap,
  type MapEnvironment,
  type MapObserver,
  MappingError,
  type TraceLine,
} from '../mapping/index.ts';
import { type Difference, findDifferences } from './differences.ts';
import type { Case } from './read-case.ts';

export interface CaseDifference extends Difference {
  /** `file:line:col` and name of the rule that wrote the element, when it was written. */
  readonly writtenBy?: string;
}

export interface Verdict {
  /** What kept the case from being compared: a map that failed or did not fail; with its place. */
  readonly problem?: string;
  readonly differences: readonly CaseDifference[];
  /** What the map gave, as the JSON that would be sent; absent when it failed. */
  readonly actual?: unknown;
  /** How the map failed. */
  readonly failure?: MappingError;
}

/**
 * Runs a case and judges it, with a fixed clock and counted UUIDs, so that it gives the same result every time.
 *
 * @param observer sees what the map does, for coverage
 */
export function judgeCase(read: Case, map: CompiledMap, observer?: MapObserver): Verdict {
  let result: unknown;
  try {
    const environment = environmentOf(read.now);
    result = observer ? map.observe(read.sources, environment, observer) : map.run(read.sources, environment);
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return { ...judgeFailure(read, error), failure: error };
  }
  const actual: unknown = JSON.parse(JSON.stringify(result));
  if ('error' in read.wanted) {
    const problem = `the map gave a result, though it should fail at ${read.wanted.error.at}`;
    return { problem, differences: [], actual };
  }
  if ('missing' in read.wanted) {
    const problem = `there is no ${read.wanted.missing}; 'silta map test --update' writes it`;
    return { problem, differences: [], actual };
  }
  const differences = findDifferences(read.wanted.result, actual);
  return { differences: differences.length === 0 ? [] : explain(differences, read, map), actual };
}

function judgeFailure(read: Case, error: MappingError): Verdict {
  if (!('error' in read.wanted)) return { problem: error.message, differences: [] };
  const { at, rule, message } = read.wanted.error;
  const { line, column } = error.position;
  const matches =
    at === `${line}:${column}` &&
    (rule === undefined || rule === error.rule) &&
    (message === undefined || error.message.includes(message));
  const wanted = [at, rule && `rule '${rule}'`, message].filter((part) => part !== undefined).join(', ');
  return matches
    ? { differences: [] }
    : { problem: `the map failed in another way than wanted (${wanted}): ${error.message}`, differences: [] };
}

/** A fixed clock and UUIDs that count. */
function environmentOf(now: Date): MapEnvironment {
  let count = 0;
  return {
    now: () => now,
    uuid: () => {
      count += 1;
      return `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
    },
  };
}

/** Adds the rule that wrote each differing element, from a traced run. */
function explain(
  differences: readonly Difference[],
  read: Case,
  map: CompiledMap,
): readonly CaseDifference[] {
  const { trace } = map.trace(read.sources, environmentOf(read.now));
  return differences.map((difference) => {
    const line = difference.actual === undefined ? undefined : findWriter(trace, difference.path);
    if (!line) return difference;
    const { file, line: row, column } = line.position;
    const rule = line.rule === undefined ? '' : ` rule '${line.rule}'`;
    return { ...difference, writtenBy: `${file}:${row}:${column}${rule}` };
  });
}

/** The line of the trace that wrote an element, or the nearest one around it. Trace paths start with the target's type. */
function findWriter(trace: readonly TraceLine[], path: string): TraceLine | undefined {
  for (let at = path; at !== ''; at = at.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, '')) {
    const line = trace.findLast(({ target }) => target.slice(target.indexOf('.') + 1) === at);
    if (line) return line;
  }
  return undefined;
}
