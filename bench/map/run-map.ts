/** The mapping benchmark: a compiled map beside a hand-written function that makes the same. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SaxesParser } from 'saxes';
import { compileStructure, type Definitions, loadDefinitions } from '../../src/definitions/index.ts';
import { type CompiledMap, compileMap, createCodec, parseMap } from '../../src/mapping/index.ts';
import { longMap } from './long-map.ts';
import { measureReload, type ReloadFigure } from './measure-reload.ts';
import { DOCUMENT_MODEL, makeDocument, makeReport } from './messages.ts';
import { makeResponse, OBSERVATIONS_MAP, toObservations } from './observations.ts';
import { timeBoth } from './time-runs.ts';

export interface SizeFigure {
  /** Items of the source. */
  readonly n: number;
  readonly microsPerItem: number;
  readonly handMicrosPerItem: number;
  readonly ratio: number;
}

export interface CompileFigure {
  readonly lines: number;
  /** The first time in this process, from text to function. */
  readonly firstMillis: number;
  /** After an edit. */
  readonly againMillis: number;
}

export interface FormatFigure {
  readonly format: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** The same text taken apart and nothing made of it. */
  readonly bareBytesPerSecond: number;
}

export interface LeakFigure {
  readonly runs: number;
  readonly heapBefore: number;
  readonly heapAfter: number;
}

export interface MapFigures {
  readonly sizes: readonly SizeFigure[];
  readonly compile: CompileFigure;
  readonly reload: ReloadFigure;
  readonly formats: readonly FormatFigure[];
  readonly leak: LeakFigure | undefined;
}

const SIZES = [10, 100, 1_000, 10_000, 100_000];
const ENVIRONMENT = { now: () => new Date(0), uuid: () => '00000000-0000-4000-8000-000000000000' };

/**
 * @param seconds time of each comparison
 * @param runs of a small map, to see whether memory grows; 0 for none
 * @throws MapCompileError, or Error when map and function do not make the same
 */
export async function runMap(seconds: number, runs: number): Promise<MapFigures> {
  const definitions = await loadDefinitions({ profiles: join(import.meta.dirname, '..', '..', 'profiles') });
  const compile = measureCompile(definitions);
  const map = compileText(OBSERVATIONS_MAP, definitions);
  return {
    sizes: SIZES.map((n) => measureSize(map, n, seconds)),
    compile,
    reload: await measureReload(definitions),
    formats: [measureXml(definitions, seconds), measureHl7v2(definitions, seconds)],
    leak: runs > 0 ? measureLeak(map, runs) : undefined,
  };
}

function compileText(text: string, definitions: Definitions): CompiledMap {
  const { map, diagnostics } = parseMap(text, 'bench.fml');
  if (!map) throw new Error(`The benchmark's map does not parse: ${JSON.stringify(diagnostics)}`);
  return compileMap(map, { definitions });
}

function measureCompile(definitions: Definitions): CompileFigure {
  const times = Array.from({ length: 20 }, (_, turn) => {
    const start = performance.now();
    compileText(longMap(turn), definitions);
    return performance.now() - start;
  });
  const [firstMillis = 0, ...more] = times;
  return { lines: longMap(0).split('\n').length, firstMillis, againMillis: Math.min(...more) };
}

function measureSize(map: CompiledMap, n: number, seconds: number): SizeFigure {
  const response = makeResponse(n);
  const byMap = () => map.run({ response }, ENVIRONMENT);
  const byHand = () => toObservations(response);
  if (!isDeepStrictEqual(byMap(), byHand()))
    throw new Error('The map and the function make different Bundles.');
  const [mapMicros, handMicros] = timeBoth(seconds, byMap, byHand);
  return {
    n,
    microsPerItem: mapMicros / n,
    handMicrosPerItem: handMicros / n,
    ratio: mapMicros / handMicros,
  };
}

function measureFormat(
  format: string,
  text: string,
  seconds: number,
  parse: () => unknown,
  bare: () => unknown,
): FormatFigure {
  const bytes = Buffer.byteLength(text);
  const [micros, bareMicros] = timeBoth(seconds, parse, bare);
  return {
    format,
    bytes,
    bytesPerSecond: (bytes * 1e6) / micros,
    bareBytesPerSecond: (bytes * 1e6) / bareMicros,
  };
}

function measureXml(definitions: Definitions, seconds: number): FormatFigure {
  const models = [compileStructure(DOCUMENT_MODEL, definitions)];
  const codec = createCodec('xml', { definitions, models, type: DOCUMENT_MODEL.url });
  const text = makeDocument(1_000);
  const bare = () => new SaxesParser({ xmlns: true }).write(text).close();
  return measureFormat('xml', text, seconds, () => codec.parse(text, 'bench.xml'), bare);
}

function measureHl7v2(definitions: Definitions, seconds: number): FormatFigure {
  const codec = createCodec('hl7v2', { definitions, type: 'urn:hl7-org:v2xml:ORU_R01' });
  const text = makeReport(1_000);
  const bare = () => text.split('\r').map((line) => line.split('|').map((field) => field.split('^')));
  return measureFormat('hl7v2', text, seconds, () => codec.parse(text, 'bench.hl7'), bare);
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function measureLeak(map: CompiledMap, runs: number): LeakFigure {
  const response = makeResponse(10);
  const repeat = (count: number): void => {
    for (let run = 0; run < count; run += 1) map.run({ response }, ENVIRONMENT);
  };
  repeat(10_000);
  const heapBefore = heapUsed();
  repeat(runs);
  return { runs, heapBefore, heapAfter: heapUsed() };
}
