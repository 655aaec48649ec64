/** Everything that can be found wrong with a system's folder without running it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { checkMap, type MapDiagnostic } from '../mapping/index.ts';
import { compileFolder, type MapContext } from './compile-folder.ts';
import { type Fault, Faults } from './fault.ts';
import { loadSystem } from './load-system.ts';
import type { SystemText } from './read-system-file.ts';
import { rowPlacesOf } from './row-places.ts';
import { schemaErrors } from './schema-errors.ts';

/** What a variable without value and default stands for in a check: no deployment's environment is at hand. */
const UNSET = 'https://unset.example';

export interface FolderCheck {
  /** How many maps there are. */
  readonly maps: number;
  readonly diagnostics: readonly MapDiagnostic[];
}

/**
 * Checks the maps, models and ConceptMaps of a folder and its system.yaml, if it has one.
 *
 * @param shown how diagnostics name the folder
 * @param strict whether source elements that no rule reads are findings, too
 * @returns errors and warnings by file, each file's in the order of its text
 */
export async function checkFolder(
  folder: string,
  shown: string,
  context: MapContext,
  strict: boolean,
): Promise<FolderCheck> {
  const compiled = await compileFolder(folder, shown, context);
  const others = [...compiled.trees.values()];
  const routed = await readByRoutes(folder);
  const rowPlace = await rowPlacesOf(folder, shown, compiled);
  const diagnostics: MapDiagnostic[] = compiled.faults
    .filter(({ file }) => !file.endsWith('.fml'))
    .map((fault) => ({ ...fault, severity: 'error' as const }));
  for (const name of compiled.mapFiles) {
    const text = await readFile(join(folder, name), 'utf8');
    const readElsewhere = routed(name);
    const options = { ...compiled.options, strict, others, rowPlace, readElsewhere };
    diagnostics.push(...checkMap(text, `${shown}/${name}`, options));
  }
  const system = await checkSystem(folder, shown, context);
  return { maps: compiled.mapFiles.length, diagnostics: [...system, ...diagnostics] };
}

/** Faults of system.yaml alone: those of the maps are found with more care. */
async function checkSystem(
  folder: string,
  shown: string,
  context: MapContext,
): Promise<readonly MapDiagnostic[]> {
  const file = join(folder, 'system.yaml');
  if (!existsSync(file)) return [];
  const names = [...(await readFile(file, 'utf8')).matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)];
  const environment = Object.fromEntries(names.map(([, name = '']) => [name, UNSET]));
  const options = { ...context, directory: dirname(folder), environment, sandboxDefaults: true };
  try {
    await loadSystem(basename(folder), options);
    return [];
  } catch (error) {
    if (!(error instanceof Faults)) throw error;
    return error.faults
      .filter((fault) => fault.file.endsWith('/system.yaml'))
      .map((fault: Fault) => ({ ...fault, file: `${shown}/system.yaml`, severity: 'error' as const }));
  }
}

/** Elements that expressions of system.yaml read of a map's first source: they decide whether and with what it runs. */
async function readByRoutes(folder: string): Promise<(map: string) => ReadonlySet<string>> {
  const file = join(folder, 'system.yaml');
  const text = existsSync(file) ? await readFile(file, 'utf8') : '';
  const content = parseDocument(text).toJS() as Partial<SystemText> | null;
  return (map) => {
    // A file that is not as the schema wants it has its faults told elsewhere.
    if (content === null || schemaErrors(content).length > 0) return new Set();
    const routes = (content.routes ?? []).filter((route) => route.map === map);
    const inbound = (content.inbound ?? []).filter((each) => each.map === map);
    const expressions = [
      ...routes.flatMap((route) => [route.when ?? '', ...Object.values(route.with ?? {})]),
      ...inbound.map((each) => each.messageId),
    ];
    const words = expressions.flatMap(
      (each) => each.replace(/'[^']*'/g, '').match(/(?<![.\w])[A-Za-z]\w*/g) ?? [],
    );
    return new Set(words);
  };
}
