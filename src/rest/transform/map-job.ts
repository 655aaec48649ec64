/** One transformation, whole: what the sandbox is given and what it answers. Plain data, to be sent between threads. */
import type { ConceptMap, Parameters, StructureDefinition } from 'fhir/r4';
import { compileStructure, type Definitions } from '../../definitions/index.ts';
import {
  type CompiledMap,
  compileMap,
  createCodec,
  type Format,
  findModelUrl,
  formatDiagnostic,
  fromStructureMap,
  MapCompileError,
  MappingError,
  type MapTree,
  parseMap,
  printDebugTrace,
} from '../../mapping/index.ts';

/** A map as FML, or as a StructureMap. */
export type GivenMap = { readonly fml: string } | { readonly resource: object };

/** What is transformed: a value, or a text of another format. */
export type GivenContent = { readonly value: unknown } | { readonly text: string; readonly format: Format };

export interface MapJob {
  readonly map: GivenMap;
  readonly supporting: readonly GivenMap[];
  readonly models: readonly StructureDefinition[];
  readonly conceptMaps: readonly ConceptMap[];
  /** Canonicals that were looked for and are not there. */
  readonly absent: readonly string[];
  /** By the name of the map's input; the empty name is the first input. */
  readonly content: readonly { readonly name: string; readonly content: GivenContent }[];
  readonly debug: boolean;
  /** The clock, an ISO instant. */
  readonly now: string;
}

/** Canonicals that a map refers to and the job does not hold. */
export interface Needs {
  readonly maps: readonly string[];
  readonly models: readonly string[];
  readonly conceptMaps: readonly string[];
}

export type JobAnswer =
  | { readonly kind: 'needs'; readonly needs: Needs }
  | { readonly kind: 'result'; readonly result: unknown; readonly trace?: Parameters }
  /** The map is broken, the data does not fit it, a line each with its place; or the result is too large. */
  | { readonly kind: 'fault'; readonly of: 'map' | 'data' | 'size'; readonly lines: readonly string[] };

class MapFault extends Error {
  override readonly name = 'MapFault';
  readonly lines: readonly string[];
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

function readMap(given: GivenMap, file: string): MapTree {
  const { map, diagnostics } =
    'fml' in given ? parseMap(given.fml, file) : fromStructureMap(given.resource, file);
  const errors = diagnostics.filter((each) => each.severity === 'error');
  if (!map || errors.length > 0) throw new MapFault(errors.map(formatDiagnostic));
  return map;
}

/** ConceptMaps that a map's translations name. */
function translationsOf(map: MapTree): readonly string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (typeof value === 'object' && value !== null) {
      const { name, arguments: list } = value as {
        name?: unknown;
        arguments?: readonly { value?: unknown }[];
      };
      const url = name === 'translate' ? list?.[1]?.value : undefined;
      if (typeof url === 'string' && !url.startsWith('#')) found.add(url);
      Object.values(value).forEach(look);
    }
  };
  look(map.groups);
  return [...found];
}

interface Known {
  readonly maps: readonly MapTree[];
  readonly definitions: Definitions;
}

function findNeeds(job: MapJob, { maps, definitions }: Known): Needs | undefined {
  const absent = new Set(job.absent);
  const lacking = (urls: readonly string[], has: (url: string) => boolean): readonly string[] =>
    [...new Set(urls)].filter((url) => !absent.has(url) && !has(url));
  const needs = {
    maps: lacking(
      maps.flatMap((map) => map.imports.map(({ url }) => url)).filter((url) => !url.includes('*')),
      (url) => maps.some((map) => map.url === url),
    ),
    models: lacking(
      maps.flatMap((map) => map.uses.map(({ url }) => url)),
      (url) => definitions.structure(url) !== undefined || job.models.some((model) => model.url === url),
    ),
    conceptMaps: lacking(maps.flatMap(translationsOf), (url) =>
      job.conceptMaps.some((map) => map.url === url),
    ),
  };
  return Object.values(needs).some((list) => list.length > 0) ? needs : undefined;
}

function compileModels(job: MapJob, definitions: Definitions) {
  return job.models.map((model) => {
    try {
      return compileStructure(model, definitions);
    } catch (error) {
      throw new MapFault([`the model ${model.url}: ${(error as Error).message}`]);
    }
  });
}

type Models = ReturnType<typeof compileModels>;

function readContent(job: MapJob, map: CompiledMap, models: Models, definitions: Definitions) {
  const sources: Record<string, unknown> = {};
  for (const { name, content } of job.content) {
    const input = name === '' ? (map.sources[0] ?? '') : name;
    if (!map.sources.includes(input)) throw new MapFault([`the map has no input '${input}'`]);
    if ('value' in content) {
      sources[input] = content.value;
      continue;
    }
    const type = findModelUrl(map.structureMap, 'source', input);
    const codec = createCodec(content.format, { definitions, models, ...(type !== undefined && { type }) });
    sources[input] = codec.parse(content.text, input);
  }
  return sources;
}

/**
 * Compiles and runs, or says what is lacking for it.
 *
 * @param uuid source of UUIDs
 */
export function performJob(job: MapJob, definitions: Definitions, uuid: () => string): JobAnswer {
  try {
    const map = readMap(job.map, 'map');
    const supporting = job.supporting.map((each, index) => readMap(each, `supporting map ${index + 1}`));
    const maps = [map, ...supporting];
    const needs = findNeeds(job, { maps, definitions });
    if (needs) return { kind: 'needs', needs };
    const models = compileModels(job, definitions);
    const compiled = compileMap(map, {
      definitions,
      models,
      maps: (url) => supporting.find((each) => each.url === url),
      mapUrls: supporting.map((each) => each.url),
      conceptMaps: (url) => job.conceptMaps.find((each) => each.url === url),
    });
    const sources = readContent(job, compiled, models, definitions);
    const environment = { now: () => new Date(job.now), uuid };
    if (!job.debug) return { kind: 'result', result: compiled.run(sources, environment) };
    const { result, trace } = compiled.trace(sources, environment);
    return { kind: 'result', result, trace: printDebugTrace(result, trace, maps) };
  } catch (error) {
    return describeFault(error);
  }
}

function describeFault(error: unknown): JobAnswer {
  if (error instanceof MapFault) return { kind: 'fault', of: 'map', lines: error.lines };
  if (error instanceof MappingError) return { kind: 'fault', of: 'data', lines: [error.message] };
  if (!(error instanceof MapCompileError)) throw error;
  const errors = error.diagnostics.filter((each) => each.severity === 'error');
  return { kind: 'fault', of: 'map', lines: errors.map(formatDiagnostic) };
}
