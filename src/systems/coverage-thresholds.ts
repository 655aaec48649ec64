/** How much of a system's maps its cases must exercise: `coverage` in system.yaml. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { Faults } from './fault.ts';
import { schemaErrors } from './schema-errors.ts';

/** Least parts in percent. */
export interface CoverageThresholds {
  readonly rules?: number;
  readonly conditions?: number;
  readonly rows?: number;
}

/**
 * Reads the thresholds of a system; none when it has no system.yaml or says nothing. Variables are not resolved.
 *
 * @param shown how faults name the folder
 * @throws Faults when the file is not YAML or not as the schema wants it
 */
export async function readCoverageThresholds(folder: string, shown: string): Promise<CoverageThresholds> {
  const file = join(folder, 'system.yaml');
  if (!existsSync(file)) return {};
  const document = parseDocument(await readFile(file, 'utf8'));
  const fault = (message: string) =>
    new Faults([{ file: `${shown}/system.yaml`, line: 1, column: 1, message }]);
  const [broken] = document.errors;
  if (broken) throw fault(broken.message.split('\n')[0] ?? broken.code);
  const content = document.toJS() as { readonly coverage?: CoverageThresholds };
  const [wrong] = schemaErrors(content);
  if (wrong) throw fault(`${wrong.path.join('.')}: ${wrong.message}`);
  return content.coverage ?? {};
}
