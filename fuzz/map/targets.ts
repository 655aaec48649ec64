/** What is fuzzed: each takes a text and throws when something is wrong with the way that it is handled. */
import { isDeepStrictEqual } from 'node:util';
import type { Definitions } from '../../src/definitions/index.ts';
import {
  type Codec,
  type CompiledMap,
  compileMap,
  decodeText,
  fromStructureMap,
  MapCompileError,
  type MapDiagnostic,
  MappingError,
  parseMap,
  printMap,
  toStructureMap,
} from '../../src/mapping/index.ts';

export type Target = (text: string) => void;

const ENVIRONMENT = { now: () => new Date(0), uuid: () => '00000000-0000-4000-8000-000000000000' };

/** A tree without the places, which printing changes; and without the sign of zero, which JSON does not write. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (key, inner: unknown) => (key === 'position' ? undefined : inner));
  return text === undefined ? undefined : JSON.parse(text);
}

function requirePlaces(diagnostics: readonly MapDiagnostic[]): void {
  for (const { line, column, message } of diagnostics)
    if (!(line >= 1 && column >= 1 && message !== '')) throw new Error('A diagnostic has no place.');
}

/** Compiling and running may refuse, but only with what names a place. */
function runAny(compile: () => CompiledMap, sources: readonly unknown[]): void {
  try {
    const map = compile();
    for (const source of sources) {
      const given = Object.fromEntries(map.sources.map((name) => [name, source]));
      map.run(given, ENVIRONMENT);
    }
  } catch (error) {
    if (!(error instanceof MapCompileError) && !(error instanceof MappingError)) throw error;
    if (error instanceof MapCompileError) requirePlaces(error.diagnostics);
  }
}

/** Texts of maps: parsed, printed, turned into StructureMaps, compiled and run. */
export function mapTarget(definitions: Definitions, sources: readonly unknown[]): Target {
  return (text) => {
    const { map, diagnostics } = parseMap(text, 'fuzz.fml');
    requirePlaces(diagnostics);
    if (!map) {
      if (diagnostics.length === 0) throw new Error('No map and no diagnostic.');
      return;
    }
    const again = parseMap(printMap(map), 'printed.fml').map;
    if (!isDeepStrictEqual(plain(again), plain(map)))
      throw new Error('What is printed does not parse to the same map.');
    fromStructureMap(toStructureMap(map), 'fuzz.json');
    runAny(() => compileMap(map, { definitions }), sources);
  };
}

/** StructureMaps as JSON. */
export function structureMapTarget(definitions: Definitions): Target {
  return (text) => {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      return;
    }
    const { map } = fromStructureMap(given, 'fuzz.json');
    if (map) runAny(() => compileMap(map, { definitions }), []);
  };
}

/** Messages: refused at a place, or read; what was read can be written and read again, or is refused with its name. */
export function codecTarget(codec: Codec): Target {
  return (text) => {
    let value: unknown;
    try {
      value = codec.parse(decodeText(Buffer.from(text), 'fuzz'), 'fuzz');
      const again = codec.parse(codec.print(value), 'again');
      if (!isDeepStrictEqual(plain(again), plain(value)))
        throw new Error('What is written does not read as the same.');
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      if (!(error.position.line >= 1 && error.position.column >= 1))
        throw new Error('An error has no place.', { cause: error });
    }
  };
}
