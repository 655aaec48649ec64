/** `silta map print`: maps in the standard layout. */
import { readFile, writeFile } from 'node:fs/promises';
import { formatDiagnostic, parseMap, printMap } from '../../mapping/index.ts';
import { CommandError } from '../exit.ts';

export interface PrintOptions {
  readonly write?: boolean;
  readonly check?: boolean;
}

/** Reads a file that the user named. */
export async function readGiven(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => {
    throw new CommandError(`${file}: there is no such file`, 2);
  });
}

/**
 * Prints a map; every fault of its grammar is told.
 *
 * @throws CommandError when the map does not parse or, under `check`, has another layout (1)
 */
export async function printMapFile(file: string, options: PrintOptions = {}): Promise<void> {
  const text = await readGiven(file);
  const { map, diagnostics } = parseMap(text, file);
  if (!map || diagnostics.some((each) => each.severity === 'error'))
    throw new CommandError(diagnostics.map(formatDiagnostic).join('\n'));
  const printed = printMap(map);
  if (options.check) {
    if (printed !== text) throw new CommandError(`${file}: not in the standard layout`);
  } else if (options.write) await writeFile(file, printed);
  else process.stdout.write(printed);
}
