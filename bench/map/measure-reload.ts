/** A folder of maps that is compiled again after one of them was edited, as a running gateway and `map test --watch` do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileStructure, type Definitions } from '../../src/definitions/index.ts';
import { compileFolder, FolderMemories, type MapContext } from '../../src/systems/index.ts';
import { longMap } from './long-map.ts';

export interface ReloadFigure {
  /** Maps of the folder, each as long as the one that is compiled. */
  readonly maps: number;
  /** From the edit of one of them to all of them being there again. */
  readonly millis: number;
  /** The same without knowing what was compiled before. */
  readonly wholeMillis: number;
}

const MAPS = 10;
const TURNS = 10;

/** @throws Error when a map of the folder does not compile */
export async function measureReload(definitions: Definitions): Promise<ReloadFigure> {
  const context: MapContext = {
    definitions,
    compileModel: (model) => compileStructure(model, definitions),
  };
  const remembering: MapContext = { ...context, memories: new FolderMemories() };
  const folder = await mkdtemp(join(tmpdir(), 'silta-bench-'));
  const write = (map: number, turn: number) =>
    writeFile(join(folder, `long-${map}.fml`), longMap(turn, `long-${map}`));
  try {
    for (let map = 0; map < MAPS; map += 1) await write(map, 0);
    await timeCompile(folder, remembering);
    const again: number[] = [];
    const whole: number[] = [];
    for (let turn = 1; turn <= TURNS; turn += 1) {
      await write(turn % MAPS, turn);
      again.push(await timeCompile(folder, remembering));
      whole.push(await timeCompile(folder, context));
    }
    return { maps: MAPS, millis: Math.min(...again), wholeMillis: Math.min(...whole) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeCompile(folder: string, context: MapContext): Promise<number> {
  const start = performance.now();
  const { faults } = await compileFolder(folder, 'bench', context);
  if (faults.length > 0) throw new Error(`The benchmark's maps do not compile: ${JSON.stringify(faults)}`);
  return performance.now() - start;
}
