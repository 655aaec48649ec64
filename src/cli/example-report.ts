/** The verdicts about examples, as a table by type and a line for each that did not come back equal. */
import { CommandError } from './exit.ts';

/**
 * `flawed`: it breaks R4's own rules, and is refused for that. `policy`: refused or shown otherwise on purpose. `refused`
 * and `differing` are failures.
 */
export type Outcome = 'equal' | 'flawed' | 'policy' | 'refused' | 'differing';

/** What became of an example; `problem` says why. */
export interface Verdict {
  readonly file: string;
  readonly type: string;
  readonly outcome: Outcome;
  readonly problem?: string;
}

const FAILURES: ReadonlySet<Outcome> = new Set(['refused', 'differing']);
const SAID = { flawed: 'breaks R4', policy: 'policy', refused: 'refused', differing: 'differing' } as const;
const FEW = 3;

const write = (line: string) => process.stdout.write(`${line}\n`);

/**
 * @param all whether every failure is shown, and not only some of each type; what is no failure is always shown
 * @throws CommandError (1) when one is refused or differs
 */
export function reportExamples(verdicts: readonly Verdict[], all: boolean): void {
  const types = [...new Set(verdicts.map(({ type }) => type))].sort();
  row('type', 'tried', 'equal', 'breaks R4', 'policy', 'refused', 'differing');
  for (const type of types) countRow(type, ofType(verdicts, type));
  countRow('all', verdicts);
  for (const type of types) showUnequal(ofType(verdicts, type), all);
  const failures = verdicts.filter(({ outcome }) => FAILURES.has(outcome)).length;
  if (failures > 0) throw new CommandError(`${failures} example(s) refused or differing`);
}

const ofType = (verdicts: readonly Verdict[], type: string) => verdicts.filter((each) => each.type === type);

function row(name: string, ...counts: readonly (number | string)[]): void {
  write(name.padEnd(34) + counts.map((each) => String(each).padStart(10)).join(''));
}

function countRow(name: string, some: readonly Verdict[]): void {
  const count = (wanted: Outcome) => some.filter(({ outcome }) => outcome === wanted).length;
  const outcomes = ['equal', 'flawed', 'policy', 'refused', 'differing'] as const;
  row(name, some.length, ...outcomes.map(count));
}

function showUnequal(some: readonly Verdict[], all: boolean): void {
  const failed = some.filter(({ outcome }) => FAILURES.has(outcome));
  const shown = new Set(all ? failed : failed.slice(0, FEW));
  for (const each of some) {
    const { file, outcome, problem } = each;
    if (outcome === 'equal' || (FAILURES.has(outcome) && !shown.has(each))) continue;
    write(`${FAILURES.has(outcome) ? '✗' : '–'} ${file} ${SAID[outcome]}: ${problem}`);
  }
  if (failed.length > shown.size) write(`  … and ${failed.length - shown.size} more; --all shows them`);
}
