/** Runs the cases of systems' folders: inputs through the map, result against what is wanted. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type CompiledMap, type MapEnvironment, type MapObserver, MappingError } from '../mapping/index.ts';
import { compileFolder, type FolderMaps, type MapContext } from './compile-folder.ts';
import { type Difference, findDifferences } from './differences.ts';
import { Faults, printFault } from './fault.ts';
import { type Case, readCase } from './read-case.ts';

export interface CaseDifference extends Difference {
  /** `file:line:col` and name of the rule that wrote the element, when it was written. */
  readonly writtenBy?: string;
}

export interface CaseResult {
  /** Name of the system's folder. */
  readonly system: string;
  /** Name of the case's folder. */
  readonly name: string;
  readonly title: string;
  readonly passed: boolean;
  /** What kept the case from being compared: a broken file, a map that failed or did not fail; with its place. */
  readonly problem?: string;
  readonly differences: readonly CaseDifference[];
}

/**
 * Runs `cases/<name>/case.yaml` of every given folder.
 *
 * A case runs with a fixed clock and counted UUIDs, so that it gives the same result every time.
 * @param directories folders of systems, e.g. `['mappings/sap-c4c']`
 * @param context what the maps are compiled with
 * @param watch told of each folder before its cases run; the observer it gives sees what the maps do, for coverage
 * @returns one result a case, in the order of the folders and then of the names; a folder whose maps do not
 * compile gives one failed result named after the folder
 */
export async function runCases(
  directories: readonly string[],
  context: MapContext,
  watch?: WatchFolder,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const directory of directories) results.push(...(await runFolder(resolve(directory), context, watch)));
  return results;
}

/** Called with the path of a folder and its maps, when they compile. */
export type WatchFolder = (folder: string, compiled: FolderMaps) => MapObserver | undefined;

async function runFolder(
  folder: string,
  context: MapContext,
  watch: WatchFolder | undefined,
): Promise<readonly CaseResult[]> {
  const system = basename(folder);
  const shown = `${basename(dirname(folder))}/${system}`;
  const compiled = await compileFolder(folder, shown, context);
  if (compiled.faults.length > 0) {
    const problem = compiled.faults.map(printFault).join('\n');
    return [{ system, name: system, title: 'the maps compile', passed: false, problem, differences: [] }];
  }
  const observer = watch?.(folder, compiled);
  const entries = await readdir(join(folder, 'cases'), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const results: CaseResult[] = [];
  for (const name of names.sort()) {
    // A folder whose name starts with an underscore holds inputs that several cases share.
    if (!name.startsWith('_'))
      results.push(await runOne(system, name, { folder, shown, compiled, observer }));
  }
  return results;
}

async function runOne(
  system: string,
  name: string,
  on: {
    readonly folder: string;
    readonly shown: string;
    readonly compiled: FolderMaps;
    readonly observer: MapObserver | undefined;
  },
): Promise<CaseResult> {
  const path = ['cases', name, 'case.yaml'].join('/');
  try {
    const { maps } = on.compiled;
    const read = await readCase(
      join(on.folder, path),
      `${on.shown}/${path}`,
      (map) => maps.get(map)?.sources,
    );
    const map = maps.get(read.map);
    if (!map) throw new Error(`readCase let the unknown map ${read.map} pass`);
    const { problem, differences } = judge(read, map, on.observer);
    const passed = problem === undefined && differences.length === 0;
    return { system, name, title: read.title, passed, ...(problem && { problem }), differences };
  } catch (error) {
    if (!(error instanceof Faults) && (error as { code?: unknown }).code !== 'ENOENT') throw error;
    return { system, name, title: name, passed: false, problem: (error as Error).message, differences: [] };
  }
}

interface Verdict {
  readonly problem?: string;
  readonly differences: readonly CaseDifference[];
}

function judge(read: Case, map: CompiledMap, observer: MapObserver | undefined): Verdict {
  let result: unknown;
  try {
    const environment = environmentOf(read.now);
    result = observer ? map.observe(read.sources, environment, observer) : map.run(read.sources, environment);
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return judgeFailure(read, error);
  }
  if ('error' in read.wanted) {
    return {
      problem: `the map gave a result, though it should fail at ${read.wanted.error.at}`,
      differences: [],
    };
  }
  // The result is compared as the JSON that would be sent.
  const differences = findDifferences(read.wanted.result, JSON.parse(JSON.stringify(result)));
  return { differences: differences.length === 0 ? [] : explain(differences, read, map) };
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
    const line = trace.findLast(({ target }) => withoutRoot(target) === difference.path);
    if (!line) return difference;
    const { file, line: row, column } = line.position;
    const rule = line.rule === undefined ? '' : ` rule '${line.rule}'`;
    return { ...difference, writtenBy: `${file}:${row}:${column}${rule}` };
  });
}

/** Trace paths start with the type of the target; differences do not. */
function withoutRoot(target: string): string {
  return target.slice(target.indexOf('.') + 1);
}
