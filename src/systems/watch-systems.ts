/** Takes changes of the mappings over without a restart; a broken edit keeps the last good version. */
import { Faults, printFault } from './fault.ts';
import { type LoadOptions, loadSystem } from './load-system.ts';
import { loadSystems, systemFolders } from './load-systems.ts';
import type { Logger } from './logger.ts';
import type { SystemDefinition } from './types.ts';
import { watchFolders } from './watch-folders.ts';

export interface WatchOptions extends LoadOptions {
  readonly logger: Logger;
  /** Called after each change that was taken over. */
  readonly onChange?: (systems: readonly SystemDefinition[]) => void;
  /** Quiet time after the last write before files are read, in milliseconds (150): editors write in steps. */
  readonly debounceMs?: number;
}

export interface SystemsWatch {
  /** The systems as they are now, in alphabetical order of their names. */
  current(): readonly SystemDefinition[];
  /** Stops watching; resolves when a reload under way has ended. */
  close(): Promise<void>;
}

/**
 * Loads the connected systems and keeps them up to date with their files.
 *
 * @throws SiltaError as {@link loadSystems} does, when anything is wrong at the start
 */
export async function watchSystems(options: WatchOptions): Promise<SystemsWatch> {
  const loaded = new Map<string, SystemDefinition>();
  const touched = new Set<string>();
  let systems: readonly SystemDefinition[] = [];
  let timer: NodeJS.Timeout | undefined;
  let work: Promise<void> = Promise.resolve();

  const reload = async () => {
    const names = [...touched];
    touched.clear();
    try {
      await watcher.refresh();
      if (!(await reloadFolders(names, loaded, options))) return;
      systems = [...loaded.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      options.onChange?.(systems);
    } catch (error) {
      options.logger.error(
        { err: error },
        'The mappings could not be read again; the last good version stays.',
      );
    }
  };
  // Watching starts before loading: what is changed in between is loaded again.
  const watcher = watchFolders(options.directory, {
    touched(name) {
      touched.add(name);
      clearTimeout(timer);
      timer = setTimeout(() => {
        work = work.then(reload);
      }, options.debounceMs ?? 150);
    },
    failed(error) {
      options.logger.error(
        { err: error },
        'The mappings are no longer watched; restart to take changes over.',
      );
    },
  });
  const close = async () => {
    watcher.close();
    clearTimeout(timer);
    await work;
  };
  const loadFirst = async () => {
    await watcher.refresh();
    systems = await loadSystems(options);
    for (const system of systems) loaded.set(system.name, system);
  };
  const first = loadFirst();
  // A reload waits for the first load; that one's failure is thrown below.
  work = first.catch(() => undefined);
  try {
    await first;
  } catch (error) {
    await close();
    throw error;
  }
  return { current: () => systems, close };
}

/** Reloads the touched folders, all of them when a change could not be told. @returns whether anything changed */
async function reloadFolders(
  names: readonly string[],
  current: Map<string, SystemDefinition>,
  options: WatchOptions,
): Promise<boolean> {
  const folders = new Set(await systemFolders(options.directory));
  const concerned = names.includes('') ? new Set([...folders, ...current.keys()]) : new Set(names);
  let changed = false;
  for (const name of concerned) {
    if (!folders.has(name)) {
      if (!current.delete(name)) continue;
      options.logger.warn({ system: name }, 'A connected system was removed: its folder has no system.yaml.');
      changed = true;
    } else if (await reloadFolder(name, current, options)) changed = true;
  }
  return changed;
}

async function reloadFolder(
  name: string,
  current: Map<string, SystemDefinition>,
  options: WatchOptions,
): Promise<boolean> {
  try {
    current.set(name, await loadSystem(name, options));
    // A warning, like a removal: what the gateway sends has changed while it runs, and whoever edits waits for the word.
    options.logger.warn({ system: name }, 'A connected system was taken over from its folder.');
    return true;
  } catch (error) {
    if (!(error instanceof Faults)) throw error;
    const faults = error.faults.map(printFault);
    const meanwhile = current.has(name) ? 'its last good version stays' : 'it is not connected';
    options.logger.error({ system: name, faults }, `A connected system is broken; ${meanwhile}.`);
    return false;
  }
}
