/** One folder under mappings/ → one system: its file, its models and maps, its routes with their maps compiled. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CompiledMap } from '../mapping/index.ts';
import { compileFolder, type MapContext } from './compile-folder.ts';
import { type Fault, Faults } from './fault.ts';
import {
  type InboundText,
  type RouteText,
  readSystemFile,
  type SystemFile,
  type Variables,
} from './read-system-file.ts';
import type { Inbound, Route, SystemDefinition } from './types.ts';

export interface LoadOptions extends MapContext, Variables {
  /** Folder of the systems' folders, e.g. `mappings`. */
  readonly directory: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Loads the system of one folder.
 *
 * @param name name of the folder below `options.directory`
 * @throws Faults with every mistake in the folder
 */
export async function loadSystem(name: string, options: LoadOptions): Promise<SystemDefinition> {
  const folder = join(options.directory, name);
  const shown = `${basename(options.directory)}/${name}`;
  const [file, compiled] = await Promise.all([
    readFile(join(folder, 'system.yaml'), 'utf8').then((text) =>
      collect(() => readSystemFile(text, `${shown}/system.yaml`, options)),
    ),
    compileFolder(folder, shown, options),
  ]);
  const faults = [...file.faults, ...compiled.faults];
  if (!file.value) throw new Faults(faults);
  const bind = new Binder(file.value, compiled.maps, compiled.broken);
  const { title, sector, transport } = file.value.content;
  const routes = (file.value.content.routes ?? []).flatMap((route, index) => bind.route(route, index));
  const inbound = (file.value.content.inbound ?? []).flatMap((each, index) => bind.inbound(each, index));
  faults.push(...bind.faults);
  if (faults.length > 0) throw new Faults(faults);
  return {
    name,
    title,
    sector,
    transport: { timeoutMs: DEFAULT_TIMEOUT_MS, options: {}, ...transport },
    routes,
    inbound,
  };
}

function collect<T>(read: () => T): { readonly value?: T; readonly faults: readonly Fault[] } {
  try {
    return { value: read(), faults: [] };
  } catch (error) {
    if (error instanceof Faults) return { faults: error.faults };
    throw error;
  }
}

/** Puts compiled maps in the places of their file names. */
class Binder {
  readonly faults: Fault[] = [];
  readonly #file: SystemFile;
  readonly #maps: ReadonlyMap<string, CompiledMap>;
  readonly #broken: ReadonlySet<string>;

  constructor(file: SystemFile, maps: ReadonlyMap<string, CompiledMap>, broken: ReadonlySet<string>) {
    this.#file = file;
    this.#maps = maps;
    this.#broken = broken;
  }

  route(route: RouteText, index: number): Route[] {
    const map = this.#map(route.map, ['routes', index, 'map']);
    if (!map) return [];
    const given = Object.keys(route.with ?? {});
    for (const name of given.filter((each) => !map.sources.slice(1).includes(each))) {
      const wanted = map.sources.slice(1).join(', ') || 'none';
      this.#fault(
        ['routes', index, 'with', name],
        `${route.map} has no further input '${name}'; it has: ${wanted}`,
      );
    }
    for (const name of map.sources.slice(1).filter((each) => !given.includes(each))) {
      this.#fault(
        ['routes', index, 'map'],
        `${route.map} needs the input '${name}': say under 'with' where it is`,
      );
    }
    return [{ ...route, map, with: route.with ?? {} }];
  }

  inbound(inbound: InboundText, index: number): Inbound[] {
    const map = this.#map(inbound.map, ['inbound', index, 'map']);
    if (!map) return [];
    if (map.sources.length !== 1) {
      this.#fault(
        ['inbound', index, 'map'],
        `${inbound.map} needs ${map.sources.length} inputs; a message is one`,
      );
    }
    return [{ ...inbound, map }];
  }

  #map(name: string, path: readonly (string | number)[]): CompiledMap | undefined {
    const map = this.#maps.get(name);
    // A map that does not compile has its own faults already.
    if (!map && !this.#broken.has(name)) this.#fault(path, `there is no map '${name}' in the folder`);
    return map;
  }

  #fault(path: readonly (string | number)[], message: string): void {
    this.faults.push(this.#file.faultAt(path, message));
  }
}
