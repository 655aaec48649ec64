/** `silta map test --mutate`: which changes of the maps no case notices, held against `coverage.mutants`. */
import {
  type CaseFolder,
  type MutationReport,
  mutateCases,
  readCoverageThresholds,
  type Survivor,
} from '../../systems/index.ts';
import { faultsAsUse } from './folders.ts';
import { paint, startProgress } from './terminal.ts';

/** No mutant survives, unless system.yaml asks for less. */
const ALL = 100;

function printSurvivor({ file, line, column, rule, change, isReached }: Survivor): string {
  const where = `${file}:${line}:${column}:`;
  const whose = rule === undefined ? '' : `rule '${rule}': `;
  return `${paint('yellow', where)} ${whose}${change}, and ${isReached ? 'every case passes' : 'no case gets here'}`;
}

function printReport({ system, killed, survivors, accepted }: MutationReport): readonly string[] {
  const of = killed + survivors.length;
  return [
    `mutants of ${system}: ${killed} of ${of} noticed`,
    ...survivors.map((each) => `  ${printSurvivor(each)}`),
    ...(accepted.length > 0 ? [`  and ${accepted.length} in rules of low priority not`] : []),
  ];
}

/**
 * Mutates the maps of folders whose cases pass.
 *
 * @returns the reports, and a sentence for each folder below its threshold
 */
export async function mutateFolders(
  open: readonly CaseFolder[],
  write: (line: string) => void,
): Promise<{ readonly reports: readonly MutationReport[]; readonly below: readonly string[] }> {
  const progress = startProgress();
  const reports: MutationReport[] = [];
  const below: string[] = [];
  write('');
  for (const folder of open) {
    const thresholds = await faultsAsUse(readCoverageThresholds(folder.folder, folder.shown));
    const report = await mutateCases(folder, (done, of) =>
      progress.show(`${folder.system}: mutant ${done} of ${of}`),
    );
    progress.clear();
    for (const line of printReport(report)) write(line);
    reports.push(report);
    const { killed, survivors } = report;
    const of = killed + survivors.length;
    const reached = of === 0 ? 100 : (killed / of) * 100;
    const least = thresholds.mutants ?? ALL;
    if (reached < least)
      below.push(
        `${folder.system}: ${Math.floor(reached)} % of the mutants are noticed, ${least} % are wanted`,
      );
  }
  return { reports, below };
}
