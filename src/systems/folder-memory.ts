/**
 * What was made of a folder's files the last time, so that a change costs what it touches: a file is read anew when its
 * text is another, a map is compiled anew when it or something it asked for is another.
 */
import { type CompiledMap, type CompileOptions, compileMap, type MapTree } from '../mapping/index.ts';

type Models = NonNullable<CompileOptions['models']>;

interface KeptFile {
  readonly text: string;
  readonly made: unknown;
}

interface KeptMap {
  readonly tree: MapTree;
  readonly compiled: CompiledMap;
  /** Whether compiling with these options would ask for the same and be answered the same. */
  isCurrent(options: CompileOptions): boolean;
}

const areSame = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((each, index) => each === right[index]);

/** Options that note what a map asks of them. */
function noteAnswers(options: CompileOptions): { noted: CompileOptions; isCurrent: KeptMap['isCurrent'] } {
  const { definitions, models = [], mapUrls = [] } = options;
  const maps = new Map<string, unknown>();
  const conceptMaps = new Map<string, unknown>();
  let asksForAll = false;
  const note = <T>(answers: Map<string, unknown>, url: string, answer: T): T => {
    answers.set(url, answer);
    return answer;
  };
  return {
    noted: {
      ...options,
      maps: (url) => note(maps, url, options.maps?.(url)),
      conceptMaps: (url) => note(conceptMaps, url, options.conceptMaps?.(url)),
      get mapUrls() {
        asksForAll = true;
        return mapUrls;
      },
    },
    isCurrent: (now) =>
      now.definitions === definitions &&
      areSame(now.models ?? [], models) &&
      (!asksForAll || areSame(now.mapUrls ?? [], mapUrls)) &&
      [...maps].every(([url, answer]) => now.maps?.(url) === answer) &&
      [...conceptMaps].every(([url, answer]) => now.conceptMaps?.(url) === answer),
  };
}

/** What is known of one folder. */
export class FolderMemory {
  readonly #files = new Map<string, KeptFile>();
  readonly #maps = new Map<string, KeptMap>();
  #models: Models = [];

  /**
   * What `make` makes of a file's text.
   *
   * @throws whatever `make` throws; that is tried again the next time
   */
  file<T>(name: string, text: string, make: () => T): T {
    const kept = this.#files.get(name);
    // A file's name tells what is made of it.
    if (kept?.text === text) return kept.made as T;
    const made = make();
    this.#files.set(name, { text, made });
    return made;
  }

  /** The same list as long as it holds the same models: what the compiler derives of them belongs to the list. */
  models(found: Models): Models {
    if (!areSame(found, this.#models)) this.#models = found;
    return this.#models;
  }

  /**
   * A compiled map.
   *
   * @throws MapCompileError as {@link compileMap} does; that is tried again the next time
   */
  map(name: string, tree: MapTree, options: CompileOptions): CompiledMap {
    const kept = this.#maps.get(name);
    if (kept?.tree === tree && kept.isCurrent(options)) return kept.compiled;
    const { noted, isCurrent } = noteAnswers(options);
    const compiled = compileMap(tree, noted);
    this.#maps.set(name, { tree, compiled, isCurrent });
    return compiled;
  }

  /** Forgets files that are gone. */
  retain(names: readonly string[]): void {
    const present = new Set(names);
    for (const known of [this.#files, this.#maps])
      for (const name of known.keys()) if (!present.has(name)) known.delete(name);
  }
}

/** Memories of folders by their path. */
export class FolderMemories {
  readonly #folders = new Map<string, FolderMemory>();

  of(folder: string): FolderMemory {
    const memory = this.#folders.get(folder) ?? new FolderMemory();
    this.#folders.set(folder, memory);
    return memory;
  }
}
