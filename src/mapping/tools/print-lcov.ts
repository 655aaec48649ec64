/**
 * Coverage in the form of lcov, which editors and build servers read: rules and rows are lines, conditions branches.
 *
 * @see https://github.com/linux-test-project/lcov (geninfo, tracefile format)
 */
import type { FileCoverage } from './file-coverage.ts';

function printFile({ file, coverage }: FileCoverage): string {
  const lines = new Map<number, number>();
  // A line with several rules is covered when each of them is.
  for (const { position, count } of [...coverage.rules, ...coverage.rows])
    lines.set(position.line, Math.min(count, lines.get(position.line) ?? Number.POSITIVE_INFINITY));
  const branches = coverage.conditions.flatMap(({ position, whenTrue, whenFalse }, block) =>
    [whenTrue, whenFalse].map((count, branch) => ({ line: position.line, block, branch, count })),
  );
  const taken = ({ count }: { readonly count: number }) => count > 0;
  return [
    'TN:',
    `SF:${file}`,
    ...branches.map(({ line, block, branch, count }) => `BRDA:${line},${block},${branch},${count}`),
    `BRF:${branches.length}`,
    `BRH:${branches.filter(taken).length}`,
    ...[...lines].sort(([left], [right]) => left - right).map(([line, count]) => `DA:${line},${count}`),
    `LF:${lines.size}`,
    `LH:${[...lines.values()].filter((count) => count > 0).length}`,
    'end_of_record',
    '',
  ].join('\n');
}

/** Prints a tracefile of several maps. */
export function printLcov(files: readonly FileCoverage[]): string {
  return files.map(printFile).join('');
}
