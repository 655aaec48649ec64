/**
 * The official cases of the mapping language.
 *
 * @see https://github.com/FHIR/fhir-test-cases/tree/master/r5/structure-mapping
 */
import type { Codec } from '../codecs/codec.ts';
import { json } from '../codecs/json.ts';
import { createXmlCodec } from '../codecs/xml.ts';
import { type CompileOptions, compileMap } from '../compile/compile-map.ts';
import { parseMap } from '../language/parse-map.ts';
import { findModelUrl } from '../structure-map/find-model-url.ts';
import { fromStructureMap } from '../structure-map/from-structure-map.ts';
import type { MapTree } from '../tree.ts';
import { formatDiagnostic, MapCompileError, type MapEnvironment, MappingError } from '../types.ts';
import { diffValues } from './diff-values.ts';

export interface ConformanceResult {
  readonly name: string;
  readonly passed: boolean;
  /** Why not. */
  readonly message: string | undefined;
}

interface OfficialCase {
  readonly name: string;
  readonly source: string;
  readonly map: string;
  readonly output: string;
}

function readManifest(text: string): readonly OfficialCase[] {
  return [...text.matchAll(/<test\s([^>]*)\/>/g)].map(([, body = '']) => {
    const attribute = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(body)?.[1] ?? '';
    return {
      name: attribute('name'),
      source: attribute('source'),
      map: attribute('map'),
      output: attribute('output'),
    };
  });
}

function readMap(text: string, file: string): MapTree {
  const { map, diagnostics } = file.endsWith('.json')
    ? fromStructureMap(json.parse(text, file), file)
    : parseMap(text, file);
  if (!map) throw new MapCompileError(diagnostics);
  return map;
}

function runOne(
  given: OfficialCase,
  read: (file: string) => string,
  options: CompileOptions,
  environment: MapEnvironment,
): string | undefined {
  const map = compileMap(readMap(read(given.map), given.map), options);
  const [input = 'src'] = map.sources;
  const source = codecOf(given.source, options).parse(read(given.source), given.source);
  const result = map.run({ [input]: source }, environment);
  const codec = codecOf(given.output, options, findModelUrl(map.structureMap, 'target'));
  const expected = codec.parse(read(given.output), given.output);
  // What is compared has gone through its text form, so that a result which cannot be written is found, too.
  const [first] = diffValues(expected, codec.parse(codec.print(result), 'the result'));
  return (
    first && `${first.path}: expected ${JSON.stringify(first.expected)}, got ${JSON.stringify(first.actual)}`
  );
}

function codecOf(file: string, options: CompileOptions, type?: string): Codec {
  if (!file.endsWith('.xml')) return json;
  const { definitions, models = [] } = options;
  return createXmlCodec({ definitions, models, ...(type !== undefined && { type }) });
}

/**
 * Runs every case of the manifest.
 *
 * @param read the text of a file of the suite
 */
export function runConformance(
  read: (file: string) => string,
  options: CompileOptions,
  environment: MapEnvironment,
): readonly ConformanceResult[] {
  return readManifest(read('manifest.xml')).map((given) => {
    try {
      const message = runOne(given, read, options, environment);
      return { name: `${given.name} (${given.map})`, passed: message === undefined, message };
    } catch (error) {
      if (!(error instanceof MapCompileError || error instanceof MappingError)) throw error;
      const message =
        error instanceof MapCompileError ? error.diagnostics.map(formatDiagnostic).join('; ') : error.message;
      return { name: `${given.name} (${given.map})`, passed: false, message };
    }
  });
}
