/** `silta map docs`: the fields of a system's maps as Markdown tables. */
import { listFields, printFieldTable } from '../../mapping/index.ts';
import { compileFolder, printFault } from '../../systems/index.ts';
import { CommandError } from '../exit.ts';
import { foldersOf, mapContext, shownAs } from './folders.ts';

/**
 * Prints a table for each map of the folders that a path means.
 *
 * @throws CommandError when a map is broken: a table of half a map would be taken for the whole
 */
export async function printDocs(path: string): Promise<void> {
  const context = await mapContext();
  for (const folder of await foldersOf([path])) {
    const { faults, trees } = await compileFolder(folder, shownAs(folder), context);
    if (faults.length > 0) throw new CommandError(faults.map(printFault).join('\n'));
    const tables = [...trees].map(([name, tree]) =>
      printFieldTable(name, tree, listFields(tree, [...trees.values()])),
    );
    process.stdout.write(`# Fields of ${folder.slice(folder.lastIndexOf('/') + 1)}\n\n${tables.join('\n')}`);
  }
}
