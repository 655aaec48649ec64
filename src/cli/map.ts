/** `silta map check | test`: work on mappings without a gateway. */
import { type CaseResult, compileFolder, printFault, runCases } from '../systems/index.ts';
import { CommandError } from './exit.ts';
import { createCoverageReport, type ReportFolders } from './map-coverage.ts';
import { foldersOf, mapContext, shownAs } from './map-folders.ts';

const write = (line: string) => process.stdout.write(`${line}\n`);

/** `silta map check`: prints every fault as `file:line:col: …`; fails when there is one. */
export async function checkMaps(paths: readonly string[]): Promise<void> {
  const context = await mapContext();
  const folders = await foldersOf(paths);
  const checked = await Promise.all(folders.map((folder) => compileFolder(folder, shownAs(folder), context)));
  const faults = checked.flatMap((each) => each.faults);
  for (const fault of faults) write(printFault(fault));
  const maps = checked.reduce((sum, each) => sum + each.maps.size, 0);
  if (faults.length > 0) throw new CommandError(`${faults.length} fault(s) in ${folders.length} folder(s)`);
  write(`${maps} maps in ${folders.length} folder(s): no faults`);
}

export interface TestOptions extends ReportFolders {
  readonly coverage?: boolean;
}

/**
 * `silta map test`: a line a case, and for a failing one each difference with the rule that wrote it; on demand what
 * the cases exercised.
 *
 * @throws CommandError when a case fails or a coverage is below its threshold (1), or there is no case (2)
 */
export async function testMaps(paths: readonly string[], options: TestOptions = {}): Promise<void> {
  const { coverage = false, lcov, html } = options;
  const report = coverage || lcov !== undefined || html !== undefined ? createCoverageReport() : undefined;
  const results = await runCases(await foldersOf(paths), await mapContext(), report?.watch);
  for (const result of results) reportCase(result);
  const failed = results.filter((result) => !result.passed).length;
  if (report) write('');
  const below = (await report?.finish(write, options)) ?? [];
  for (const line of below) write(`✗ ${line}`);
  write(`\n${results.length - failed} passed, ${failed} failed`);
  if (failed > 0) throw new CommandError(`${failed} case(s) failed`);
  if (results.length === 0) throw new CommandError('no cases were found', 2);
  if (below.length > 0) throw new CommandError(`${below.length} coverage(s) below the threshold`);
}

function reportCase(result: CaseResult): void {
  write(`${result.passed ? '✓' : '✗'} ${result.system}/${result.name}  ${result.title}`);
  if (result.problem) write(`    ${result.problem.replaceAll('\n', '\n    ')}`);
  for (const { path, expected, actual, writtenBy } of result.differences) {
    write(`    ${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
    if (writtenBy) write(`      written by ${writtenBy}`);
  }
}
