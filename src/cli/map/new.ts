/** `silta map new`: a working folder for a new system. */
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../config.ts';
import { CommandError } from '../exit.ts';
import { mappingsDirectory } from '../installation.ts';
import { shownAs } from './folders.ts';
import { writeLine } from './terminal.ts';

const TEMPLATE = fileURLToPath(new URL('./template/', import.meta.url));
const SCHEMA = fileURLToPath(new URL('../../../mappings/system.schema.json', import.meta.url));

/** The address that the schema's own `$id` gives: for folders that do not lie beside the schema. */
const SCHEMA_BESIDE = '../system.schema.json';

function fill(text: string, system: string, schema: string): string {
  const words = system.split('-');
  const names: Readonly<Record<string, string>> = {
    system,
    System: words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join(''),
    SYSTEM: system.replaceAll('-', '_').toUpperCase(),
    title: words.join(' ').replace(/^./, (first) => first.toUpperCase()),
    schema,
  };
  return text.replace(
    /__(system|System|SYSTEM|title|schema)__/g,
    (whole, name: string) => names[name] ?? whole,
  );
}

/** Where an editor finds the schema from the new folder. */
function schemaFrom(directory: string, folder: string): string {
  if (existsSync(join(directory, 'system.schema.json'))) return SCHEMA_BESIDE;
  return relative(folder, SCHEMA).split(sep).join('/');
}

/**
 * Makes the folder, whole or not at all.
 *
 * @param system name of the folder and of the system: `[a-z][a-z0-9-]*`
 * @param options.in folder of the systems; the installation's mappings when nothing is said
 * @throws CommandError when the name is no name, or something of the name is there already (2)
 */
export async function newSystem(system: string, options: { readonly in?: string } = {}): Promise<void> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(system))
    throw new CommandError(`${system}: a name is small letters, digits and hyphens, e.g. home-care`, 2);
  const config = readConfig({ ...process.env, SILTA_MODE: 'sandbox' });
  const directory = resolve(options.in ?? mappingsDirectory(config));
  if (!existsSync(directory)) throw new CommandError(`${shownAs(directory)}: there is no such folder`, 2);
  const folder = join(directory, system);
  if (existsSync(folder))
    throw new CommandError(`${shownAs(folder)} is there already; nothing was written`, 2);
  const draft = await mkdtemp(join(directory, '.new-'));
  try {
    await cp(TEMPLATE, draft, { recursive: true });
    for (const entry of await readdir(draft, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      await writeFile(file, fill(await readFile(file, 'utf8'), system, schemaFrom(directory, folder)));
    }
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  const shown = shownAs(folder);
  writeLine(`${shown} is there. Next:`);
  writeLine(`  npx silta map check ${shown} --strict`);
  writeLine(`  npx silta map test ${shown} --coverage --mutate`);
  writeLine(
    `  describe the system's message in ${dirname(shown) === '.' ? '' : `${dirname(shown)}/`}${system}/order.logical.json, then the maps`,
  );
}
