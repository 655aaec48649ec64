/** `silta map run`: one map over files, the result on standard output. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import {
  type Codec,
  type CompiledMap,
  compileMap,
  createCodec,
  decodeText,
  detectFormat,
  FORMATS,
  type Format,
  findModelUrl,
  formatDiagnostic,
  MapCompileError,
  MappingError,
  type MapTree,
  printDebugTrace,
  type TraceLine,
} from '../../mapping/index.ts';
import {
  compileFolder,
  type FolderMaps,
  type MapContext,
  type Model,
  printFault,
} from '../../systems/index.ts';
import { CommandError } from '../exit.ts';
import { mapContext, shownAs } from './folders.ts';
import { readGiven } from './print.ts';
import { readMapText } from './read-map.ts';

export interface RunOptions {
  /** `FILE` or `NAME=FILE`; the file's ending or its first characters tell the format. */
  readonly input: readonly string[];
  /** `true` for lines, `json` for a Parameters resource. */
  readonly trace?: boolean | string;
  /** `json` (when nothing is said), `xml`, `hl7v2` or `csv`. */
  readonly to?: string;
  /** File for the result instead of standard output. */
  readonly target?: string;
  readonly models?: readonly string[];
  readonly maps?: readonly string[];
  /** Sign between the cells of CSV that is read and written; when nothing is said, found when reading, a comma written. */
  readonly csvDelimiter?: string;
  /** Decimal sign in CSV. */
  readonly csvDecimal?: '.' | ',';
  /** Whether the first row of CSV names the columns. */
  readonly csvHeader?: boolean;
  /** Megabytes that an input may have. */
  readonly maxInput?: number;
}

/** A tree takes many times the memory of its text: beyond this Node's heap would end the program without a word. */
const MAX_INPUT_MEGABYTES = 100;

/** A map with what is needed to read and write its messages. */
interface Runnable {
  readonly map: CompiledMap;
  /** The map and those beside it. */
  readonly trees: readonly MapTree[];
  readonly models: readonly Model[];
  readonly context: MapContext;
  readonly options: RunOptions;
}

/**
 * Runs a map: the result goes to standard output or a file, the trace to standard error.
 *
 * @param file path of a map; the models, maps and ConceptMaps beside it are used
 * @throws CommandError when the map or the data is at fault (1) or the call (2)
 */
export async function runMap(file: string, options: RunOptions): Promise<void> {
  const { target, trace } = options;
  if (trace !== undefined && typeof trace === 'string' && trace !== 'json')
    throw new CommandError(`--trace ${trace}: only json can be said here`, 2);
  const runnable = await compileOne(resolve(file), file, options);
  const format = options.to ?? (target === undefined ? 'json' : detectFormat(target, ''));
  const output = outputCodec(runnable, format);
  const sources = await readSources(runnable, options.input);
  const text = run(runnable, sources, output, trace ?? false);
  if (target === undefined) process.stdout.write(text);
  else
    await writeFile(target, text).catch(() => {
      throw new CommandError(`--target ${target}: cannot be written`, 2);
    });
}

/** The result as text; nothing is written before it is whole. */
function run(
  { map, trees }: Runnable,
  sources: Record<string, unknown>,
  output: Codec,
  trace: boolean | string,
): string {
  const environment = { now: () => new Date(), uuid: randomUUID };
  try {
    if (trace === false) return output.print(map.run(sources, environment));
    const traced = map.trace(sources, environment);
    if (trace === 'json') {
      const parameters = printDebugTrace(traced.result, traced.trace, trees);
      process.stderr.write(`${JSON.stringify(parameters, null, 2)}\n`);
    } else for (const line of traced.trace) process.stderr.write(`${describeTrace(line)}\n`);
    return output.print(traced.result);
  } catch (error) {
    if (error instanceof MappingError) throw new CommandError(error.message);
    throw error;
  }
}

/** The folders whose models, maps and ConceptMaps are used: the map's own first. */
async function readSupport(
  own: string,
  { models = [], maps = [] }: RunOptions,
  context: MapContext,
): Promise<readonly FolderMaps[]> {
  const found: FolderMaps[] = [];
  for (const folder of [own, ...models, ...maps]) {
    if (!existsSync(folder)) throw new CommandError(`${folder}: there is no such folder`, 2);
    found.push(await compileFolder(resolve(folder), shownAs(resolve(folder)), context));
  }
  return found;
}

async function compileOne(path: string, shown: string, options: RunOptions): Promise<Runnable> {
  if (!existsSync(path)) throw new CommandError(`${shown}: there is no such map`, 2);
  const folder = dirname(path);
  const context = await mapContext();
  const support = await readSupport(folder, options, context);
  const broken = support.flatMap(({ faults }) => faults).filter(({ file }) => !/\.fml$/.test(file));
  if (broken.length > 0) throw new CommandError(broken.map(printFault).join('\n'));
  const tree = await readMapText(await readGiven(path), `${shownAs(folder)}/${basename(path)}`);
  const trees = [tree, ...support.flatMap((each) => [...each.trees.values()])];
  const models = support.flatMap((each) => each.models);
  const first = <T>(pick: (each: FolderMaps) => T | undefined): T | undefined =>
    support.map(pick).find((each) => each !== undefined);
  try {
    const map = compileMap(tree, {
      definitions: context.definitions,
      models,
      maps: (url) => first((each) => each.options.maps?.(url)),
      mapUrls: support.flatMap((each) => each.options.mapUrls ?? []),
      conceptMaps: (url) => first((each) => each.options.conceptMaps?.(url)),
      log: (message, { file, line, column }) =>
        void process.stderr.write(`${file}:${line}:${column}: ${message}\n`),
    });
    return { map, models, context, trees, options };
  } catch (error) {
    if (!(error instanceof MapCompileError)) throw error;
    const errors = error.diagnostics.filter((each) => each.severity === 'error');
    throw new CommandError(errors.map(formatDiagnostic).join('\n'));
  }
}

function codecOf({ context, models, options }: Runnable, format: Format, type: string | undefined): Codec {
  const { csvDelimiter: delimiter, csvDecimal: decimal, csvHeader: header } = options;
  try {
    return createCodec(format, {
      definitions: context.definitions,
      models,
      ...(delimiter !== undefined && { delimiter }),
      ...(decimal !== undefined && { decimal }),
      ...(header !== undefined && { header }),
      ...(type !== undefined && { type }),
    });
  } catch (error) {
    // The format needs another model than the map names.
    throw new CommandError((error as Error).message, 2);
  }
}

function outputCodec(runnable: Runnable, name: string): Codec {
  const format = FORMATS.find((each) => each === name);
  if (!format) throw new CommandError(`--to ${name}: ${FORMATS.join(', ')} are there`, 2);
  const { structureMap } = runnable.map;
  const targets = structureMap.group[0]?.input.filter((each) => each.mode === 'target') ?? [];
  if (format !== 'json' && targets.length !== 1)
    throw new CommandError(`--to ${name}: the map has several targets`, 2);
  return codecOf(runnable, format, findModelUrl(structureMap, 'target'));
}

async function readSources(runnable: Runnable, inputs: readonly string[]): Promise<Record<string, unknown>> {
  const { map } = runnable;
  const sources: Record<string, unknown> = {};
  for (const input of inputs) {
    const [, name, file = ''] = /^(?:([A-Za-z]\w*)=)?(.+)$/.exec(input) ?? [];
    const source = name ?? map.sources[0] ?? '';
    if (!map.sources.includes(source)) {
      throw new CommandError(`--input ${input}: the map's inputs are ${map.sources.join(', ')}`, 2);
    }
    const bytes = await readInput(file, input, runnable.options.maxInput ?? MAX_INPUT_MEGABYTES);
    const type = findModelUrl(map.structureMap, 'source', source);
    sources[source] = parseInput(runnable, type, bytes, file);
  }
  const missing = map.sources.filter((source) => !(source in sources));
  if (missing.length > 0) {
    throw new CommandError(`The map needs ${missing.map((name) => `--input ${name}=FILE`).join(' ')}`, 2);
  }
  return sources;
}

/** @param most megabytes that the file may have */
async function readInput(file: string, input: string, most: number): Promise<Uint8Array> {
  const unreadable = () => {
    throw new CommandError(`--input ${input}: ${file} cannot be read`, 2);
  };
  const refuseLarge = (bytes: number) => {
    if (bytes <= most * 1e6) return;
    const megabytes = Number((bytes / 1e6).toPrecision(3));
    throw new CommandError(`${file}: ${megabytes} MB are more than the ${most} MB of --max-input`);
  };
  const { size } = await stat(file).catch(unreadable);
  refuseLarge(size);
  const bytes = await readFile(file).catch(unreadable);
  // A pipe tells its size only when it was read.
  refuseLarge(bytes.length);
  return bytes;
}

function parseInput(runnable: Runnable, type: string | undefined, bytes: Uint8Array, file: string): unknown {
  try {
    const text = decodeText(bytes, file);
    return codecOf(runnable, detectFormat(file, text), type).parse(text, file);
  } catch (error) {
    if (error instanceof MappingError) throw new CommandError(error.message);
    throw error;
  }
}

function describeTrace(line: TraceLine): string {
  const { file, line: row, column } = line.position;
  const from = line.source === undefined ? '' : `  <- ${line.source}`;
  return `${line.target}${from}  ${line.rule ? `rule '${line.rule}' ` : ''}${file}:${row}:${column}`;
}
