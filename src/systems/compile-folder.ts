/** The maps of one folder, compiled with the models and ConceptMaps that lie beside them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConceptMap, StructureDefinition } from 'fhir/r4';
import {
  type CompiledMap,
  type CompileOptions,
  MapCompileError,
  type MapDiagnostic,
  type MapTree,
  parseMap,
} from '../mapping/index.ts';
import { type Fault, Faults } from './fault.ts';
import { type FolderMemories, FolderMemory } from './folder-memory.ts';
import { parseJson } from './read-json.ts';

/** A model as the mapping room wants it. */
export type Model = NonNullable<CompileOptions['models']>[number];

/** What maps are compiled with. */
export interface MapContext {
  readonly definitions: CompileOptions['definitions'];
  /** Makes a model of a logical StructureDefinition: `compileStructure` of the definitions. */
  readonly compileModel: (definition: StructureDefinition) => Model;
  /** What was made of folders before, for whoever compiles them again after a change. */
  readonly memories?: FolderMemories;
}

export interface FolderMaps {
  /** Compiled maps by file name. */
  readonly maps: ReadonlyMap<string, CompiledMap>;
  /** File names of maps that did not compile; their faults are among `faults`. */
  readonly broken: ReadonlySet<string>;
  readonly faults: readonly Fault[];
  /** The logical models of the folder. */
  readonly models: readonly Model[];
  /** The texts of the maps as trees, by file name; without those that do not parse. */
  readonly trees: ReadonlyMap<string, MapTree>;
  /** The ConceptMaps of the folder. */
  readonly conceptMaps: readonly ConceptMap[];
  /** The same by file name. */
  readonly conceptMapFiles: ReadonlyMap<string, ConceptMap>;
  /** File names of all maps, also of those that do not parse. */
  readonly mapFiles: readonly string[];
  /** What the maps were compiled with. */
  readonly options: CompileOptions;
}

/**
 * Reads `*.logical.json`, `*.conceptmap.json` and `*.fml` of a folder and compiles the maps.
 *
 * @param folder path of the folder
 * @param shown how faults name the folder, e.g. `mappings/sap-c4c`
 */
export async function compileFolder(folder: string, shown: string, context: MapContext): Promise<FolderMaps> {
  const names = (await readdir(folder)).sort();
  const reader = new FolderReader(folder, shown, context.memories?.of(`${folder} ${shown}`));
  reader.memory.retain(names);
  const found = await reader.read(names, '.logical.json', (content) => readModel(content, context));
  const models = reader.memory.models([...found.values()]);
  const conceptMapFiles = await reader.read(names, '.conceptmap.json', readConceptMap);
  const conceptMaps = [...conceptMapFiles.values()];
  const trees = await reader.readMaps(names);
  const byUrl = new Map([...trees.values()].flatMap((tree) => (tree ? [[tree.url, tree]] : [])));
  const options: CompileOptions = {
    definitions: context.definitions,
    models,
    maps: (url) => byUrl.get(url),
    mapUrls: [...byUrl.keys()],
    conceptMaps: (url) => conceptMaps.find((each) => each.url === url),
  };
  const parsed = new Map([...trees].flatMap(([name, tree]) => (tree ? [[name, tree]] : [])));
  return {
    ...compileAll(trees, options, reader),
    models,
    trees: parsed,
    conceptMaps,
    conceptMapFiles,
    mapFiles: [...trees.keys()],
    options,
  };
}

/** Reads the files of a folder, as far as they are others than the last time, and collects what is wrong with them. */
class FolderReader {
  readonly faults: Fault[] = [];
  readonly memory: FolderMemory;
  readonly #folder: string;
  readonly #shown: string;

  constructor(folder: string, shown: string, memory = new FolderMemory()) {
    this.#folder = folder;
    this.#shown = shown;
    this.memory = memory;
  }

  /** What a reader makes of the JSON files of a suffix, by file name; without those that are broken. */
  async read<T>(
    names: readonly string[],
    suffix: string,
    make: (content: unknown) => T,
  ): Promise<ReadonlyMap<string, T>> {
    const made = new Map<string, T>();
    for (const name of names.filter((each) => each.endsWith(suffix))) {
      const file = `${this.#shown}/${name}`;
      const text = await readFile(join(this.#folder, name), 'utf8');
      try {
        made.set(
          name,
          this.memory.file(name, text, () => at(file, make, parseJson(text, file))),
        );
      } catch (error) {
        if (!(error instanceof Faults)) throw error;
        this.faults.push(...error.faults);
      }
    }
    return made;
  }

  /** The maps by file name; undefined for one that does not parse. */
  async readMaps(names: readonly string[]): Promise<ReadonlyMap<string, MapTree | undefined>> {
    const trees = new Map<string, MapTree | undefined>();
    for (const name of names.filter((each) => each.endsWith('.fml'))) {
      const text = await readFile(join(this.#folder, name), 'utf8');
      const { map, diagnostics } = this.memory.file(name, text, () =>
        parseMap(text, `${this.#shown}/${name}`),
      );
      this.faults.push(...diagnostics.map(asFault));
      trees.set(name, map);
    }
    return trees;
  }
}

/** Runs a reader of parsed JSON; what it throws is a fault at the head of the file. */
function at<T>(file: string, make: (content: unknown) => T, content: unknown): T {
  try {
    return make(content);
  } catch (error) {
    throw new Faults([{ file, line: 1, column: 1, message: (error as Error).message }]);
  }
}

function readModel(content: unknown, context: MapContext): Model {
  const definition = content as StructureDefinition | null;
  if (definition?.resourceType !== 'StructureDefinition' || definition.kind !== 'logical') {
    throw new Error('a model is a StructureDefinition of kind logical');
  }
  return context.compileModel(definition);
}

function readConceptMap(content: unknown): ConceptMap {
  const map = content as ConceptMap | null;
  if (map?.resourceType !== 'ConceptMap' || !map.url)
    throw new Error('a ConceptMap with a url is wanted here');
  return map;
}

function compileAll(
  trees: ReadonlyMap<string, MapTree | undefined>,
  options: CompileOptions,
  { memory, faults }: FolderReader,
): Pick<FolderMaps, 'maps' | 'broken' | 'faults'> {
  const maps = new Map<string, CompiledMap>();
  const broken = new Set<string>();
  for (const [name, tree] of trees) {
    if (!tree) {
      broken.add(name);
      continue;
    }
    try {
      maps.set(name, memory.map(name, tree, options));
    } catch (error) {
      if (!(error instanceof MapCompileError)) throw error;
      broken.add(name);
      faults.push(...error.diagnostics.filter((each) => each.severity === 'error').map(asFault));
    }
  }
  return { maps, broken, faults };
}

function asFault({ file, line, column, message, suggestion }: MapDiagnostic): Fault {
  return { file, line, column, message: suggestion === undefined ? message : `${message} (${suggestion})` };
}
