/** `silta map test --update`: shows what differs and takes it as what is wanted. */
import { accept, type CaseFolder, proposeAcceptance, runEntry } from '../../systems/index.ts';
import { CommandError } from '../exit.ts';
import { shownAs } from './folders.ts';
import { printCase } from './report-cases.ts';
import { ask, canAsk, writeLine } from './terminal.ts';

/**
 * Goes through the failing cases. What a person has to decide (a map that fails instead of giving a result) is left.
 *
 * @param yes accept without asking
 * @throws CommandError when something was not accepted (1), or nobody can be asked (2)
 */
export async function updateCases(open: readonly CaseFolder[], yes: boolean): Promise<void> {
  let [accepted, left] = [0, 0];
  for (const folder of open) {
    if (folder.problem !== undefined) throw new CommandError(folder.problem);
    for (const entry of folder.cases) {
      const result = runEntry(folder, entry);
      if (result.passed) continue;
      for (const line of printCase(result)) writeLine(line);
      const proposed = await proposeAcceptance(folder, entry);
      if (proposed && !yes && !canAsk())
        throw new CommandError('--update asks before it writes; without a terminal say --yes', 2);
      if (proposed && (yes || (await ask(`write ${shownAs(proposed.file)}?`)))) {
        await accept(proposed);
        writeLine(`    wrote ${shownAs(proposed.file)}`);
        accepted += 1;
      } else left += 1;
    }
  }
  writeLine(`\n${accepted} accepted, ${left} left`);
  if (left > 0) throw new CommandError(`${left} case(s) still fail`);
}
