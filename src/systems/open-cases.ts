/** A system's folder with its maps compiled and its cases read. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { createCodec, detectFormat, findModelUrl, MappingError } from '../mapping/index.ts';
import { compileFolder, type FolderMaps, type MapContext } from './compile-folder.ts';
import { Faults, printFault } from './fault.ts';
import { type Case, readCase } from './read-case.ts';

/** A case as it lies in its folder. */
export interface CaseEntry {
  /** Name of the case's folder. */
  readonly name: string;
  /** Path of its case.yaml. */
  readonly file: string;
  /** Absent when the case or a file it names is broken. */
  readonly read?: Case;
  /** What is broken, with its place. */
  readonly problem?: string;
}

export interface CaseFolder {
  /** Name of the system's folder. */
  readonly system: string;
  readonly folder: string;
  /** How messages name it. */
  readonly shown: string;
  readonly compiled: FolderMaps;
  readonly cases: readonly CaseEntry[];
  /** The faults of the maps, a line each; no case can run then. */
  readonly problem?: string;
}

/** The title of a case whose own is not known: its folder's name. */
export const titleOf = (entry: CaseEntry): string => entry.read?.title ?? entry.name;

/**
 * Compiles the maps of a folder and reads `cases/<name>/case.yaml`, in the order of the names.
 *
 * @param wanted whether a case is read at all
 */
export async function openCases(
  directory: string,
  shown: string,
  context: MapContext,
  wanted: (name: string) => boolean = () => true,
): Promise<CaseFolder> {
  const folder = resolve(directory);
  const compiled = await compileFolder(folder, shown, context);
  const base = { system: basename(folder), folder, shown, compiled };
  if (compiled.faults.length > 0)
    return { ...base, cases: [], problem: compiled.faults.map(printFault).join('\n') };
  const cases: CaseEntry[] = [];
  for (const name of (await caseNames(folder)).filter(wanted)) cases.push(await readEntry(base, name));
  return { ...base, cases };
}

/** Names of the cases of a folder; none when it has no `cases`. */
async function caseNames(folder: string): Promise<readonly string[]> {
  const directory = join(folder, 'cases');
  if (!existsSync(directory)) return [];
  const entries = await readdir(directory, { withFileTypes: true });
  // A folder whose name starts with an underscore holds inputs that several cases share.
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map((entry) => entry.name)
    .sort();
}

async function readEntry(
  { folder, shown, compiled }: Pick<CaseFolder, 'folder' | 'shown' | 'compiled'>,
  name: string,
): Promise<CaseEntry> {
  const path = ['cases', name, 'case.yaml'].join('/');
  const file = join(folder, path);
  try {
    const read = await readCase(file, `${shown}/${path}`, {
      sources: (map) => compiled.maps.get(map)?.sources,
      parse: (map, source, text, at) => parseInput(compiled, map, source, text, at),
    });
    return { name, file, read };
  } catch (error) {
    if (!(error instanceof Faults)) throw error;
    return { name, file, problem: error.message };
  }
}

/** Reads an input by the format that its name tells and the model that the map names. */
function parseInput(compiled: FolderMaps, map: string, source: string, text: string, file: string): unknown {
  const { definitions, models = [] } = compiled.options;
  const structureMap = compiled.maps.get(map)?.structureMap;
  const type = structureMap && findModelUrl(structureMap, 'source', source);
  try {
    const options = { definitions, models, ...(type !== undefined && { type }) };
    return createCodec(detectFormat(file, text), options).parse(text, file);
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    const { line, column } = error.position;
    const message = error.message.slice(`${file}:${line}:${column}: `.length);
    throw new Faults([{ file, line, column, message }]);
  }
}
