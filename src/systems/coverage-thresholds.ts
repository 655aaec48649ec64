/** How much of a system's maps its cases must exercise: `coverage` in system.yaml. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { Faults } from './fault.ts';
import { schemaErrors } from './schema-errors.ts';

/** Least parts in percent. */
export interface CoverageThresholds {
  readonly rules?: number;
  readonly conditions?: number;
  readonly rows?: number;
  /** Part of the mutants that a case must notice. */
  readonly mutants?: number;
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
  const lines = new LineCounter();
  const document = parseDocument(await readFile(file, 'utf8'), { lineCounter: lines });
  const fault = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return { file: `${shown}/system.yaml`, line: Math.max(1, line), column: Math.max(1, col), message };
  };
  const broken = document.errors.map((error) =>
    fault(error.pos[0], error.message.split('\n')[0] ?? error.code),
  );
  if (broken.length > 0) throw new Faults(broken);
  const content = document.toJS() as { readonly coverage?: CoverageThresholds };
  const wrong = schemaErrors(content).map(({ path, message }) => fault(offsetOf(document, path), message));
  if (wrong.length > 0) throw new Faults(wrong);
  return content.coverage ?? {};
}

/** Offset of the value at a path, or of the nearest one around it. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return 0;
}
