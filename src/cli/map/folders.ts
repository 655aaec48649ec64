/** Where the maps are that a `silta map` command works on, and what they are compiled with. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { readConfig } from '../../config.ts';
import { compileStructure, loadDefinitions } from '../../definitions/index.ts';
import { FolderMemories, type MapContext } from '../../systems/index.ts';
import { CommandError } from '../exit.ts';
import { mappingsDirectory, profilesDirectory } from '../installation.ts';

const sandboxConfig = () => readConfig({ ...process.env, SILTA_MODE: 'sandbox' });

/** What maps are compiled with: FHIR R4, the installation's profiles and the folder's own models. */
export async function mapContext(): Promise<MapContext> {
  const definitions = await loadDefinitions({ profiles: profilesDirectory(sandboxConfig()) });
  return {
    definitions,
    compileModel: (model) => compileStructure(model, definitions),
    memories: new FolderMemories(),
  };
}

/** The folders that `paths` mean: a system's folder, a file in it, a folder of systems; without paths all systems. */
export async function foldersOf(paths: readonly string[]): Promise<string[]> {
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

/** How messages name a file or folder: from here when it is below, else in full. */
export function shownAs(path: string): string {
  const shown = relative(process.cwd(), path);
  return shown.startsWith('..') ? path : shown || basename(path);
}

/** Faults of files that configure a command mean that it was called wrongly. */
export async function faultsAsUse<T>(reading: Promise<T>): Promise<T> {
  return reading.catch((error: Error) => {
    if (error.name !== 'Faults') throw error;
    throw new CommandError(error.message, 2);
  });
}
