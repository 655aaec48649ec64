import {
  type CompiledMap,
  type MapEnvironment,
  type MapObserver,
  MappingError,
  type TraceLine,
} from '../types.ts';
import { type Difference, diffValues } from './diff-values.ts';

/** One case of a map: its input, and either the output it must give or the error it must fail with. */
export interface MapCase {
  readonly sources: Readonly<Record<string, unknown>>;
  readonly expected?: unknown;
  /** Part of the message that the map must fail with. */
  readonly expectedError?: string;
}

/** A difference with the rule that wrote the element. */
export interface CaseDifference extends Difference {
  readonly writtenBy: TraceLine | undefined;
}

export interface CaseResult {
  readonly passed: boolean;
  /** What the map gave; undefined when it failed. */
  readonly result: unknown;
  readonly error: MappingError | undefined;
  readonly differences: readonly CaseDifference[];
}

/** The line of the trace that wrote a path, or the nearest element around it. */
function findWriter(trace: readonly TraceLine[], path: string): TraceLine | undefined {
  for (let at = path; ; at = at.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, '')) {
    const line = trace.findLast((each) => each.target.slice(each.target.indexOf('.') + 1) === at);
    if (line || at === '') return line;
  }
}

function describeFailure(error: MappingError, expectedError: string | undefined): CaseResult {
  const passed = expectedError !== undefined && error.message.includes(expectedError);
  return { passed, result: undefined, error, differences: [] };
}

/**
 * Runs a case of a compiled map.
 *
 * @param observer told of what the run does, e.g. a coverage
 * @returns whether it passed, and what differs with the rule that wrote it
 * @throws whatever is not a MappingError: a defect of the engine, not of the map
 */
export function runCase(
  map: CompiledMap,
  given: MapCase,
  environment: () => MapEnvironment,
  observer?: MapObserver,
): CaseResult {
  let result: unknown;
  try {
    result = observer
      ? map.observe(given.sources, environment(), observer)
      : map.run(given.sources, environment());
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return describeFailure(error, given.expectedError);
  }
  if (given.expectedError !== undefined) return { passed: false, result, error: undefined, differences: [] };
  const differences = diffValues(given.expected, result);
  if (differences.length === 0) return { passed: true, result, error: undefined, differences: [] };
  const { trace } = map.trace(given.sources, environment());
  return {
    passed: false,
    result,
    error: undefined,
    differences: differences.map((each) => ({ ...each, writtenBy: findWriter(trace, each.path) })),
  };
}
