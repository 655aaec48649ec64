/** `npm run bench -- <name>`: measures, and prints figures on standard output, progress on standard error. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { toMapTable } from './map/report.ts';
import { runMap } from './map/run-map.ts';
import { OPERATIONS, type Operation } from './rest/operations.ts';
import { toJson, toTable } from './rest/report.ts';
import { isOperation, runRest } from './rest/run-rest.ts';
import { runValidate, toValidateTable } from './validate/run-validate.ts';

interface RestFlags {
  readonly json?: boolean;
  readonly seconds: number;
  readonly rows: number;
  readonly poolSize: number;
  readonly only?: readonly Operation[];
  readonly nodeArgument: readonly string[];
}

interface MapFlags {
  readonly json?: boolean;
  readonly seconds: number;
  readonly runs?: number;
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Give a number above 0.');
}

function whole(text: string): number {
  const value = positive(text);
  if (Number.isInteger(value)) return value;
  throw new InvalidArgumentError('Give a whole number.');
}

function operationsOf(text: string): Operation[] {
  return text.split(',').map((name) => {
    if (isOperation(name)) return name;
    throw new InvalidArgumentError(`Choose from ${OPERATIONS.join(', ')}.`);
  });
}

const program = new Command('npm run bench --')
  .description('Benchmarks of Silta; each compares with the least code that does the same.')
  .showHelpAfterError();

program
  .command('rest')
  .description('the FHIR API beside a bare Express + pg server, with 16 connections')
  .option('--json', 'print JSON instead of a table')
  .option('--seconds <n>', 'time of measuring each operation on each server', positive, 10)
  .option('--rows <n>', 'stored answers, and as many Tasks; a tenth of that Patients', whole, 20_000)
  .option('--pool-size <n>', 'database connections of each server', whole, 8)
  .option('--only <operations>', `some of ${OPERATIONS.join(',')}`, operationsOf)
  .addOption(
    new Option('--node-argument <argument...>', 'for the gateway, e.g. --node-argument=--cpu-prof').default(
      [],
    ),
  )
  .action(async (flags: RestFlags) => {
    const figures = await runRest({
      ...flags,
      operations: flags.only ?? OPERATIONS,
      nodeArguments: flags.nodeArgument,
      say,
    });
    process.stdout.write(`${flags.json ? JSON.stringify(toJson(figures)) : toTable(figures)}\n`);
  });

program
  .command('map')
  .description('QuestionnaireResponse with N items to a Bundle of N Observations, beside an equal function')
  .option('--json', 'print JSON instead of a table')
  .option('--seconds <n>', 'time of each comparison', positive, 2)
  .option(
    '--runs <n>',
    'runs of a small map, to see whether memory grows (best with node --expose-gc)',
    whole,
  )
  .action(async (flags: MapFlags) => {
    const figures = await runMap(flags.seconds, flags.runs ?? 0);
    process.stdout.write(`${flags.json ? JSON.stringify(figures) : toMapTable(figures)}\n`);
  });

program
  .command('validate')
  .description('the validator: microseconds for one resource of each kind')
  .option('--json', 'print JSON instead of a table')
  .option('--seconds <n>', 'time of measuring each kind', positive, 2)
  .action(async (flags: Pick<RestFlags, 'json' | 'seconds'>) => {
    const figures = await runValidate(flags.seconds);
    process.stdout.write(`${flags.json ? JSON.stringify({ figures }) : toValidateTable(figures)}\n`);
  });

program.action(() => {
  process.stdout.write(program.helpInformation());
});

await program.parseAsync();
