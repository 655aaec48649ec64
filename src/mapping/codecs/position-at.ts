import type { Position } from '../types.ts';

/** Line and column of an offset in a text, for errors: looked for only when there is one. */
export function positionAt(text: string, offset: number, file: string): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { file, line: before.split('\n').length, column: offset - lineStart + 1 };
}
