/** `silta map run`: one map over files, the result on standard output. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import {
  type Codec,
  type CompiledMap,
  createXmlCodec,
  findModelUrl,
  json,
  MappingError,
  type TraceLine,
} from '../mapping/index.ts';
import { compileFolder, type MapContext, type Model, printFault } from '../systems/index.ts';
import { CommandError } from './exit.ts';
import { mapContext, shownAs } from './map-folders.ts';

export interface RunOptions {
  /** `FILE` or `NAME=FILE`; what ends in `.xml` is XML, everything else JSON. */
  readonly input: readonly string[];
  readonly trace?: boolean;
  /** `json` (when nothing is said) or `xml`. */
  readonly to?: string;
}

/** A map with what is needed to read and write its messages. */
interface Runnable {
  readonly map: CompiledMap;
  readonly models: readonly Model[];
  readonly context: MapContext;
}

/**
 * Runs a map: the result goes to standard output, the trace to standard error.
 *
 * @param file path of a map (`*.fml`); the models and ConceptMaps beside it are used
 * @throws CommandError when the map or the data is at fault (1) or the call (2)
 */
export async function runMap(file: string, options: RunOptions): Promise<void> {
  const runnable = await compileOne(resolve(file), file);
  const output = outputCodec(runnable, options.to ?? 'json');
  const sources = await readSources(runnable, options.input);
  const environment = { now: () => new Date(), uuid: randomUUID };
  try {
    const { result, trace } = options.trace
      ? runnable.map.trace(sources, environment)
      : { result: runnable.map.run(sources, environment), trace: [] };
    for (const line of trace) process.stderr.write(`${describeTrace(line)}\n`);
    process.stdout.write(`${output.print(result).trimEnd()}\n`);
  } catch (error) {
    if (error instanceof MappingError) throw new CommandError(error.message);
    throw error;
  }
}

async function compileOne(path: string, shown: string): Promise<Runnable> {
  if (!existsSync(path)) throw new CommandError(`${shown}: there is no such map`, 2);
  const folder = dirname(path);
  const context = await mapContext();
  const { maps, faults, models } = await compileFolder(folder, shownAs(folder), context);
  const map = maps.get(basename(path));
  if (map) return { map, models, context };
  throw new CommandError(faults.map(printFault).join('\n') || `${shown}: is not a map (*.fml)`);
}

function xmlCodec({ context, models }: Runnable, type: string | undefined): Codec {
  return createXmlCodec({
    definitions: context.definitions,
    models,
    ...(type !== undefined && { type }),
  });
}

function outputCodec(runnable: Runnable, format: string): Codec {
  if (format === 'json') return json;
  if (format !== 'xml') throw new CommandError(`--to ${format}: json or xml is wanted`, 2);
  const { structureMap } = runnable.map;
  const targets = structureMap.group[0]?.input.filter((each) => each.mode === 'target') ?? [];
  if (targets.length !== 1) throw new CommandError('--to xml: the map has several targets', 2);
  return xmlCodec(runnable, findModelUrl(structureMap, 'target'));
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
    const text = await readFile(file, 'utf8').catch(() => {
      throw new CommandError(`--input ${input}: ${file} cannot be read`, 2);
    });
    const isXml = extname(file).toLowerCase() === '.xml';
    const codec = isXml ? xmlCodec(runnable, findModelUrl(map.structureMap, 'source', source)) : json;
    sources[source] = parseInput(codec, text, file);
  }
  const missing = map.sources.filter((source) => !(source in sources));
  if (missing.length > 0) {
    throw new CommandError(`The map needs ${missing.map((name) => `--input ${name}=FILE`).join(' ')}`, 2);
  }
  return sources;
}

function parseInput(codec: Codec, text: string, file: string): unknown {
  try {
    return codec.parse(text, file);
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
