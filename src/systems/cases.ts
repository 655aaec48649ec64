/** Runs the cases of systems' folders: inputs through the map, result against what is wanted. */
import { basename, dirname, resolve } from 'node:path';
import type { MapObserver } from '../mapping/index.ts';
import type { FolderMaps, MapContext } from './compile-folder.ts';
import { type CaseDifference, judgeCase } from './judge-case.ts';
import { type CaseEntry, type CaseFolder, openCases, titleOf } from './open-cases.ts';

export interface CaseResult {
  /** Name of the system's folder. */
  readonly system: string;
  /** Name of the case's folder. */
  readonly name: string;
  readonly title: string;
  readonly passed: boolean;
  /** Duration of the run in milliseconds. */
  readonly milliseconds: number;
  /** What kept the case from being compared: a broken file, a map that failed or did not fail; with its place. */
  readonly problem?: string;
  readonly differences: readonly CaseDifference[];
}

/** Called with the path of a folder and its maps, when they compile. */
export type WatchFolder = (folder: string, compiled: FolderMaps) => MapObserver | undefined;

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
  for (const directory of directories) {
    const folder = resolve(directory);
    const shown = `${basename(dirname(folder))}/${basename(folder)}`;
    results.push(...runFolder(await openCases(folder, shown, context), watch));
  }
  return results;
}

/** Runs the cases of a folder that is open. */
export function runFolder(open: CaseFolder, watch?: WatchFolder): readonly CaseResult[] {
  const { system, problem } = open;
  if (problem !== undefined)
    return [
      {
        system,
        name: system,
        title: 'the maps compile',
        passed: false,
        milliseconds: 0,
        problem,
        differences: [],
      },
    ];
  const observer = watch?.(open.folder, open.compiled);
  return open.cases.map((entry) => runEntry(open, entry, observer));
}

/** Runs one case; one that could not be read has failed. */
export function runEntry(open: CaseFolder, entry: CaseEntry, observer?: MapObserver): CaseResult {
  const base = { system: open.system, name: entry.name, title: titleOf(entry) };
  const map = entry.read && open.compiled.maps.get(entry.read.map);
  if (!entry.read || !map)
    return {
      ...base,
      passed: false,
      milliseconds: 0,
      problem: entry.problem ?? 'no such map',
      differences: [],
    };
  const start = performance.now();
  const { problem, differences } = judgeCase(entry.read, map, observer);
  const milliseconds = performance.now() - start;
  const passed = problem === undefined && differences.length === 0;
  return { ...base, passed, milliseconds, ...(problem && { problem }), differences };
}
