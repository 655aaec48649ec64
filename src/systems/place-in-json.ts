/** Where a value stands in a JSON text. */
import { isNode, LineCounter, parseDocument } from 'yaml';

/**
 * @param path keys and indexes from the root
 * @returns line and column from 1; undefined when there is no such value. JSON is YAML, and YAML's reader keeps places
 */
export function placeInJson(
  text: string,
  path: readonly (string | number)[],
): { readonly line: number; readonly column: number } | undefined {
  const lines = new LineCounter();
  const node = parseDocument(text, { lineCounter: lines }).getIn(path, true);
  if (!isNode(node) || !node.range) return undefined;
  const { line, col } = lines.linePos(node.range[0]);
  return { line, column: col };
}
