/** `silta map roundtrip`: generated messages, mapped there and back. */
import { randomInt, randomUUID } from 'node:crypto';
import {
  type ElementFate,
  findPairs,
  type MapPair,
  type RoundTrip,
  runRoundTrip,
} from '../../mapping/index.ts';
import { compileFolder, printFault } from '../../systems/index.ts';
import { CommandError } from '../exit.ts';
import { foldersOf, mapContext, shownAs } from './folders.ts';
import { paint, startProgress, writeLine } from './terminal.ts';

export interface RoundTripCommand {
  readonly runs: number;
  readonly seed?: number;
  readonly format: string;
}

interface Told {
  readonly there: string;
  readonly back: string;
  readonly result: RoundTrip;
}

const isKept = ({ lost, changed, added }: ElementFate): boolean => lost + changed + added === 0;

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function printFate({ element, lost, changed, added, kept, example }: ElementFate): string {
  const parts = [
    ...(lost > 0 ? [`lost ${lost}`] : []),
    ...(changed > 0 ? [`changed ${changed}`] : []),
    ...(added > 0 ? [`added ${added}`] : []),
  ];
  const first = example ? `: ${shown(example.before)} became ${shown(example.after)}` : '';
  return `  ${paint('yellow', element)}  ${parts.join(', ')} of ${lost + changed + added + kept}${first}`;
}

function printTold({ there, back, result }: Told, runs: number): readonly string[] {
  const { elements, refused } = result;
  const kept = elements.filter(isKept);
  return [
    `${there} → ${back}: ${runs} messages`,
    ...(kept.length > 0 ? [`  kept: ${kept.map(({ element }) => element).join(', ')}`] : []),
    ...elements.filter((each) => !isKept(each)).map(printFate),
    ...refused.map(
      ({ message, times, input }) => `  refused ${times}: ${message}\n    e.g. ${JSON.stringify(input)}`,
    ),
  ];
}

/** A map with several sources needs more than the message that comes back. */
function refuseSeveral({ there, back }: MapPair): void {
  for (const map of [there, back]) {
    const sources = map.groups[0]?.parameters.filter((each) => each.mode === 'source') ?? [];
    if (sources.length !== 1)
      throw new CommandError(`${map.name} has ${sources.length} sources; a round trip takes one`, 2);
  }
}

/**
 * Runs the round trips of a system and lists what does not survive; prints the seed that repeats them.
 *
 * @throws CommandError when an element does not survive or every message is refused (1), or no maps belong together (2)
 */
export async function roundTripSystem(path: string, command: RoundTripCommand): Promise<void> {
  const { runs, format, seed = randomInt(2 ** 31) } = command;
  if (format !== 'text' && format !== 'json')
    throw new CommandError(`--format ${format}: text or json is wanted`, 2);
  const [folder = '', ...more] = await foldersOf([path]);
  if (more.length > 0) throw new CommandError(`${path}: one system is wanted`, 2);
  const { faults, trees, options } = await compileFolder(folder, shownAs(folder), await mapContext());
  if (faults.length > 0) throw new CommandError(faults.map(printFault).join('\n'));
  const pairs = findPairs([...trees.values()], options);
  if (pairs.length === 0) throw new CommandError(`${path}: no map leads back to where another one starts`, 2);
  const environment = () => ({ now: () => new Date('2026-01-02T03:04:05.000Z'), uuid: randomUUID });
  const told: Told[] = [];
  const progress = startProgress();
  for (const pair of pairs) {
    refuseSeveral(pair);
    progress.show(`${pair.there.name} → ${pair.back.name} …`);
    const result = await runRoundTrip(pair, options, { runs, seed, environment });
    told.push({ there: pair.there.name, back: pair.back.name, result });
  }
  progress.clear();
  if (format === 'json') writeLine(JSON.stringify({ seed, runs, trips: told }, null, 2));
  else {
    for (const each of told) for (const line of printTold(each, runs)) writeLine(line);
    writeLine(`seed ${seed}`);
  }
  // A refused message lost nothing; but when all are refused, nothing was shown.
  const open = told.filter(({ result: { elements } }) => elements.length === 0 || !elements.every(isKept));
  if (open.length > 0)
    throw new CommandError(`${open.length} of ${told.length} round trip(s) lose something`);
}
