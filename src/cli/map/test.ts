/** `silta map test`: the cases of systems, what they exercise, and what they would not notice. */
import { type CaseFolder, type CaseResult, openCases, runFolder } from '../../systems/index.ts';
import { CommandError } from '../exit.ts';
import { createCoverageReport, type ReportFolders } from './coverage-report.ts';
import { foldersOf, mapContext, shownAs } from './folders.ts';
import { mutateFolders } from './mutate.ts';
import { printCase, printJson, printJunit, REPORTERS, type Reporter } from './report-cases.ts';
import { startProgress, writeLine } from './terminal.ts';
import { updateCases } from './update.ts';
import { watchCases } from './watch.ts';

export interface TestOptions extends ReportFolders {
  readonly coverage?: boolean;
  readonly mutate?: boolean;
  readonly watch?: boolean;
  readonly update?: boolean;
  /** Accept without asking. */
  readonly yes?: boolean;
  readonly reporter?: string;
  /** A part of `system/case`. */
  readonly filter?: string;
}

/** What a run works with. */
export interface TestRun {
  readonly folders: readonly string[];
  readonly context: Awaited<ReturnType<typeof mapContext>>;
  readonly filter: string | undefined;
}

function reporterOf(name = 'spec'): Reporter {
  const reporter = REPORTERS.find((each) => each === name);
  if (!reporter) throw new CommandError(`--reporter ${name}: ${REPORTERS.join(', ')} are there`, 2);
  return reporter;
}

/** Reads the folders one after the other. */
export async function openFolders(run: TestRun): Promise<readonly CaseFolder[]> {
  const open: CaseFolder[] = [];
  for (const folder of run.folders) {
    const shown = shownAs(folder);
    const system = folder.slice(folder.lastIndexOf('/') + 1);
    const isWanted = (name: string): boolean =>
      run.filter === undefined || `${system}/${name}`.includes(run.filter);
    open.push(await openCases(folder, shown, run.context, isWanted));
  }
  return open;
}

/**
 * Runs the cases: a line a case, and for a failing one each difference with the rule that wrote it; on demand what the
 * cases exercised and which changes of the maps they would not notice.
 *
 * @throws CommandError when a case fails or a threshold is not reached (1), or there is no case (2)
 */
export async function testMaps(paths: readonly string[], options: TestOptions = {}): Promise<void> {
  const reporter = reporterOf(options.reporter);
  if (options.watch && (reporter !== 'spec' || options.update || options.mutate))
    throw new CommandError('--watch goes with --filter alone', 2);
  const run: TestRun = {
    folders: await foldersOf(paths),
    context: await mapContext(),
    filter: options.filter,
  };
  if (options.watch) return watchCases(run);
  const open = await openFolders(run);
  if (options.update) return updateCases(open, options.yes ?? false);
  await runAll(open, reporter, options);
}

async function runAll(open: readonly CaseFolder[], reporter: Reporter, options: TestOptions): Promise<void> {
  const { lcov, html, mutate = false } = options;
  const write = reporter === 'spec' ? writeLine : () => undefined;
  const isReported = (options.coverage ?? false) || lcov !== undefined || html !== undefined;
  const report = createCoverageReport();
  const isWatched = isReported || reporter === 'json';
  const progress = startProgress();
  const results: CaseResult[] = [];
  for (const folder of open) {
    progress.show(`${folder.system} …`);
    const own = runFolder(folder, isWatched ? report.watch : undefined);
    progress.clear();
    for (const result of own) for (const line of printCase(result)) write(line);
    results.push(...own);
  }
  const failed = results.filter((result) => !result.passed).length;
  if (isReported) write('');
  const below = isReported ? [...(await report.finish(write, options))] : [];
  const isSound = failed === 0 && results.length > 0;
  const mutation = mutate && isSound ? await mutateFolders(open, write) : { reports: [], below: [] };
  below.push(...mutation.below);
  for (const line of below) write(`✗ ${line}`);
  write(`\n${results.length - failed} passed, ${failed} failed`);
  if (reporter === 'json') writeLine(printJson(results, report.summary(), mutation.reports));
  if (reporter === 'junit') writeLine(printJunit(results));
  if (failed > 0) throw new CommandError(`${failed} case(s) failed`);
  if (results.length === 0) throw new CommandError('no cases were found', 2);
  if (below.length > 0)
    throw new CommandError(`${below.length} threshold(s) not reached: ${below.join('; ')}`);
}
