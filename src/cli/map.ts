/** `silta map check | run | test`: work on mappings without a gateway. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { readConfig } from '../config.ts';
import { compileStructure, loadDefinitions } from '../definitions/index.ts';
import { type CompiledMap, json, MappingError, type TraceLine } from '../mapping/index.ts';
import { type CaseResult, compileFolder, type MapContext, printFault, runCases } from '../systems/index.ts';
import { CommandError } from './exit.ts';
import { mappingsDirectory, profilesDirectory } from './installation.ts';

const write = (line: string) => process.stdout.write(`${line}\n`);
const sandboxConfig = () => readConfig({ ...process.env, SILTA_MODE: 'sandbox' });

async function mapContext(): Promise<MapContext> {
  const definitions = await loadDefinitions({ profiles: profilesDirectory(sandboxConfig()) });
  return { definitions, compileModel: (model) => compileStructure(model, definitions) };
}

/** The folders that `paths` mean: a system's folder, a file in it, a folder of systems; without paths all systems. */
async function foldersOf(paths: readonly string[]): Promise<string[]> {
  const given = paths.length > 0 ? paths : [mappingsDirectory(sandboxConfig())];
  const found = await Promise.all(given.map((path) => foldersBelow(resolve(path), path)));
  return [...new Set(found.flat())].sort();
}

async function foldersBelow(path: string, shown: string): Promise<string[]> {
  if (!existsSync(path)) throw new CommandError(`${shown}: there is no such file or folder`, 2);
  const folder = extname(path) === '' ? path : dirname(path);
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.some((entry) => entry.isFile() && entry.name.endsWith('.fml'))) return [folder];
  const inner = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  const systems = inner.filter((each) => existsSync(join(each, 'system.yaml')));
  if (systems.length === 0) throw new CommandError(`${shown}: no maps (*.fml) here`, 2);
  return systems;
}

const shownAs = (folder: string) => relative(process.cwd(), folder) || basename(folder);

/** `silta map check`: prints every fault as `file:line:col: …`; fails when there is one. */
export async function checkMaps(paths: readonly string[]): Promise<void> {
  const context = await mapContext();
  const folders = await foldersOf(paths);
  const checked = await Promise.all(folders.map((folder) => compileFolder(folder, shownAs(folder), context)));
  const faults = checked.flatMap((each) => each.faults);
  for (const fault of faults) write(printFault(fault));
  const maps = checked.reduce((sum, each) => sum + each.maps.size, 0);
  if (faults.length > 0) throw new CommandError(`${faults.length} fault(s) in ${folders.length} folder(s)`);
  write(`${maps} maps in ${folders.length} folder(s): no faults`);
}

/** `silta map run`: the result as JSON on standard output, the trace on standard error. */
export async function runMap(
  file: string,
  options: { readonly input: readonly string[]; readonly trace?: boolean },
): Promise<void> {
  const map = await compileOne(resolve(file), file);
  const sources = await readSources(map, options.input);
  const environment = { now: () => new Date(), uuid: randomUUID };
  try {
    const { result, trace } = options.trace
      ? map.trace(sources, environment)
      : { result: map.run(sources, environment), trace: [] };
    for (const line of trace) process.stderr.write(`${describeTrace(line)}\n`);
    write(json.print(result));
  } catch (error) {
    if (error instanceof MappingError) throw new CommandError(error.message);
    throw error;
  }
}

async function compileOne(path: string, shown: string): Promise<CompiledMap> {
  if (!existsSync(path)) throw new CommandError(`${shown}: there is no such map`, 2);
  const folder = dirname(path);
  const { maps, faults } = await compileFolder(folder, shownAs(folder), await mapContext());
  const map = maps.get(basename(path));
  if (map) return map;
  throw new CommandError(faults.map(printFault).join('\n') || `${shown}: is not a map (*.fml)`);
}

async function readSources(map: CompiledMap, inputs: readonly string[]): Promise<Record<string, unknown>> {
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
    sources[source] = parseInput(text, file);
  }
  const missing = map.sources.filter((source) => !(source in sources));
  if (missing.length > 0) {
    throw new CommandError(`The map needs ${missing.map((name) => `--input ${name}=FILE`).join(' ')}`, 2);
  }
  return sources;
}

function parseInput(text: string, file: string): unknown {
  try {
    return json.parse(text, file);
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
}

function describeTrace(line: TraceLine): string {
  const { file, line: row, column } = line.position;
  const from = line.source === undefined ? '' : `  <- ${line.source}`;
  return `${line.target}${from}  ${line.rule ? `rule '${line.rule}' ` : ''}${file}:${row}:${column}`;
}

/** `silta map test`: a line a case, and for a failing one each difference with the rule that wrote it. */
export async function testMaps(paths: readonly string[]): Promise<void> {
  const results = await runCases(await foldersOf(paths), await mapContext());
  for (const result of results) reportCase(result);
  const failed = results.filter((result) => !result.passed).length;
  write(`\n${results.length - failed} passed, ${failed} failed`);
  if (failed > 0) throw new CommandError(`${failed} case(s) failed`);
  if (results.length === 0) throw new CommandError('no cases were found', 2);
}

function reportCase(result: CaseResult): void {
  write(`${result.passed ? '✓' : '✗'} ${result.system}/${result.name}  ${result.title}`);
  if (result.problem) write(`    ${result.problem.replaceAll('\n', '\n    ')}`);
  for (const { path, expected, actual, writtenBy } of result.differences) {
    write(`    ${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
    if (writtenBy) write(`      written by ${writtenBy}`);
  }
}
