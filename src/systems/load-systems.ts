/** All systems of a directory: every mistake is found before the boot fails. */
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asBootError, type Fault, Faults } from './fault.ts';
import { type LoadOptions, loadSystem } from './load-system.ts';
import type { Logger } from './logger.ts';
import type { SystemDefinition } from './types.ts';

/** Names of the folders that hold a system.yaml, in alphabetical order. */
export async function systemFolders(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const kept = await Promise.all(names.map((name) => exists(join(directory, name, 'system.yaml'))));
  return names.filter((_, index) => kept[index]).sort();
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Loads every connected system.
 *
 * @param options directory of the systems' folders, FHIR definitions, environment, logger
 * @returns systems by alphabetical order of their folders
 * @throws SiltaError `invalid-resource` with one issue a mistake, each starting `file:line:col`
 */
export async function loadSystems(
  options: LoadOptions & { readonly logger: Logger },
): Promise<readonly SystemDefinition[]> {
  const systems: SystemDefinition[] = [];
  const faults: Fault[] = [];
  for (const name of await systemFolders(options.directory)) {
    try {
      systems.push(await loadSystem(name, options));
    } catch (error) {
      if (!(error instanceof Faults)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length > 0) throw asBootError(faults);
  options.logger.info({ systems: systems.map(({ name }) => name) }, 'Connected systems loaded.');
  return systems;
}
