/** `silta map check`: everything that can be found wrong with maps and system.yaml without running them. */
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { formatDiagnostic, type MapDiagnostic } from '../../mapping/index.ts';
import { checkFolder } from '../../systems/index.ts';
import { CommandError } from '../exit.ts';
import { foldersOf, mapContext, shownAs } from './folders.ts';
import { paint, writeLine } from './terminal.ts';

export interface CheckOptions {
  /** Warnings fail, too, and source elements that nothing reads are warnings. */
  readonly strict?: boolean;
  readonly format?: string;
}

/** Which files are meant, when paths name files: findings in others are left out. */
function onlyFiles(paths: readonly string[]): ReadonlySet<string> | undefined {
  const files = paths.map((path) => resolve(path)).filter((path) => statSync(path).isFile());
  return files.length > 0 && files.length === paths.length ? new Set(files) : undefined;
}

function printText(found: readonly MapDiagnostic[]): void {
  for (const each of found) {
    const style = each.severity === 'error' ? 'red' : 'yellow';
    const place = `${each.file}:${each.line}:${each.column}:`;
    writeLine(paint(style, place) + formatDiagnostic(each).slice(place.length));
  }
}

function conclude(maps: number, folders: number, errors: number, warnings: number): string {
  const what = `${maps} map${maps === 1 ? '' : 's'} in ${folders} folder(s)`;
  if (errors === 0 && warnings === 0) return `${what}: no faults`;
  return `${what}: ${errors} error(s), ${warnings} warning(s)`;
}

/**
 * Prints every finding as `file:line:col: …`, or all as JSON.
 *
 * @throws CommandError when there is an error, or under `strict` a warning (1); wrong use (2)
 */
export async function checkMaps(paths: readonly string[], options: CheckOptions = {}): Promise<void> {
  const { strict = false, format = 'text' } = options;
  if (format !== 'text' && format !== 'json')
    throw new CommandError(`--format ${format}: text or json is wanted`, 2);
  const folders = await foldersOf(paths);
  const only = onlyFiles(paths);
  const context = await mapContext();
  const checks = [];
  for (const folder of folders) checks.push(await checkFolder(folder, shownAs(folder), context, strict));
  const found = checks
    .flatMap((each) => each.diagnostics)
    .filter(({ file }) => only === undefined || only.has(resolve(file)));
  const maps = only
    ? [...only].filter((file) => basename(file).endsWith('.fml')).length
    : checks.reduce((sum, each) => sum + each.maps, 0);
  const errors = found.filter(({ severity }) => severity === 'error').length;
  const warnings = found.length - errors;
  if (format === 'json') {
    const summary = { maps, folders: folders.length, errors, warnings };
    writeLine(JSON.stringify({ summary, findings: found }, null, 2));
  } else {
    printText(found);
    if (errors === 0) writeLine(conclude(maps, folders.length, errors, warnings));
  }
  if (errors > 0 || (strict && warnings > 0))
    throw new CommandError(`${errors + (strict ? warnings : 0)} fault(s) in ${folders.length} folder(s)`);
}
