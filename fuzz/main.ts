/** `npm run fuzz -- <name>`: throws odd input at a part of Silta for a bounded time; ends with 1 when something breaks. */
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { runMapFuzz } from './map/run-map.ts';
import { runRest, toTable } from './rest/run-rest.ts';

interface Flags {
  readonly seconds: number;
  readonly seed: number;
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function whole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Give a whole number above 0.');
}

const program = new Command('npm run fuzz --')
  .description(
    'Throws odd input at a part of Silta for a bounded time. A failure is printed in its smallest form.',
  )
  .showHelpAfterError();

program
  .command('rest')
  .description('the FHIR API of a gateway of its own: no 5xx, no crash, no partial write, bounded memory')
  .option('--seconds <n>', 'how long', whole, 60)
  .option('--seed <n>', 'repeats a run; the seed of each run is printed', whole)
  .action(async (flags: Flags) => {
    const seed = flags.seed ?? randomInt(1, 2 ** 31);
    say(`Seed ${seed}`);
    const report = await runRest({ seconds: flags.seconds, seed, say });
    process.stdout.write(`${toTable(report)}\n`);
    for (const failure of report.failures) say(`\n${failure}`);
    if (report.failures.length > 0) process.exitCode = 1;
  });

program
  .command('map')
  .description(
    'the parser of maps, StructureMaps and the codecs: no crash, no hang, what is read can be written',
  )
  .option('--seconds <n>', 'how long', whole, 30)
  .option('--seed <n>', 'repeats a run; the seed of each run is printed', whole)
  .action(async (flags: Flags) => {
    const seed = flags.seed ?? randomInt(1, 2 ** 31);
    say(`Seed ${seed}`);
    for (const { name, runs, failure } of await runMapFuzz(flags.seconds, seed)) {
      process.stdout.write(`${name.padEnd(20)}${String(runs).padStart(10)} texts\n`);
      if (failure === undefined) continue;
      say(`\n${failure}`);
      process.exitCode = 1;
    }
  });

await program.parseAsync();
