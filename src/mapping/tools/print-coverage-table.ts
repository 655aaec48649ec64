/** Coverage as a table for a terminal. */
import { type CoverageParts, type Part, percentOf } from './file-coverage.ts';

/** A line of the table with what was not exercised. */
export interface CoverageLine {
  readonly file: string;
  readonly parts: CoverageParts;
  readonly misses: readonly string[];
}

/** Percents are cut, not rounded: 100 % means all. */
function printPart(part: Part): string {
  return part.of === 0 ? '–' : `${Math.floor(percentOf(part))} % (${part.hit}/${part.of})`;
}

/**
 * Prints a line a file, and below it what no case exercised.
 *
 * @returns lines without line ends
 */
export function printCoverageTable(lines: readonly CoverageLine[]): readonly string[] {
  const table = [
    ['map', 'rules', 'conditions', 'rows'],
    ...lines.map(({ file, parts }) => [
      file,
      printPart(parts.rules),
      printPart(parts.conditions),
      printPart(parts.rows),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const [head = '', ...printed] = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [
    head,
    ...printed.flatMap((line, index) => [line, ...(lines[index]?.misses ?? []).map((miss) => `  ${miss}`)]),
  ];
}
