/** `silta map …`: the commands for integration engineers, with what `--help` says of them. */
import { type Command, InvalidArgumentError, Option } from 'commander';

const collect = (value: string, all: readonly string[]): string[] => [...all, value];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('a whole number is wanted');
  return value;
}

function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('1 or more is wanted');
  return value;
}

function megabytes(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 is wanted');
  return value;
}

/** One character; a tab as one can type it. */
function delimiter(text: string): string {
  const sign = text === '\\t' || text === 'tab' ? '\t' : text;
  if (sign.length === 1 && !/["\r\n]/.test(sign)) return sign;
  throw new InvalidArgumentError('one character is wanted, or tab');
}

/** Examples below the options, and what the exit codes mean. */
function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ silta map ${line}`).join('\n')}\n\nExit codes: 0 all right, 1 a fault was found, 2 wrong use`;
}

function defineCheck(map: Command): void {
  map
    .command('check [paths...]')
    .description('static checks of maps and system.yaml; every finding with file:line:col')
    .option('--strict', 'warnings fail, too; source elements that no rule reads are warnings')
    .option('--format <format>', 'text or json', 'text')
    .addHelpText('after', examples('check', 'check mappings/sap-c4c --strict', 'check --format json'))
    .action(async (paths: string[], options) => (await import('./check.ts')).checkMaps(paths, options));
}

function defineRun(map: Command): void {
  map
    .command('run <map>')
    .description('run a map (*.fml, or a StructureMap as *.json or *.xml)')
    .requiredOption(
      '--input <[name=]file>',
      'source input; the ending tells the format; repeat for maps with several sources',
      collect,
      [],
    )
    .option('--target <file>', 'write the result there instead of standard output')
    .option('--to <format>', 'how the result is written; else by the ending of --target, else json')
    .option('--models <directory>', 'further logical models (*.logical.json); repeatable', collect, [])
    .option('--maps <directory>', 'further maps and ConceptMaps; repeatable', collect, [])
    .option(
      '--csv-delimiter <sign>',
      'between the cells of CSV; else found, and a comma is written',
      delimiter,
    )
    .addOption(new Option('--csv-decimal <sign>', 'decimal sign in CSV').choices(['.', ',']).default('.'))
    .option('--no-csv-header', 'the first row of CSV is no head: the columns are in the order of the model')
    .option('--max-input <megabytes>', 'larger inputs are refused', megabytes, 100)
    .option(
      '--trace [format]',
      'for each target element the rule, its place and the source it came from, on standard error; json: a FHIR Parameters resource',
    )
    .addHelpText(
      'after',
      examples(
        'run ticket-to-task.fml --input message.json',
        'run task-to-ticket.fml --input task=task.json --input patient=patient.json --trace',
        'run letter.fml --input letter.xml --target letter.json --models ../shared',
        "run visits.fml --input visits.csv --csv-delimiter ';' --csv-decimal ,",
      ),
    )
    .action(async (file: string, options) => (await import('./run.ts')).runMap(file, options));
}

function defineTest(map: Command): void {
  map
    .command('test [paths...]')
    .description('run the cases under mappings/*/cases')
    .option('--filter <text>', 'only cases whose system/name holds the text')
    .option('--coverage', 'show which rules, outcomes of conditions and ConceptMap rows the cases exercise')
    .option('--lcov <directory>', 'write lcov.info there, too')
    .option('--html <directory>', 'write pages with the coloured maps there, too')
    .option('--mutate', 'change one thing of the maps at a time and list what no case notices')
    .option('--watch', 'run again what a change of a file concerns')
    .option('--update', 'take what the maps give now as what is wanted, after showing it')
    .option('--yes', 'with --update: do not ask')
    .option('--reporter <name>', 'spec, junit or json', 'spec')
    .addHelpText(
      'after',
      examples(
        'test',
        'test mappings/sap-c4c --coverage --html coverage',
        'test --mutate',
        'test --filter sap-c4c/bad-',
        'test --reporter junit > report.xml',
      ),
    )
    .action(async (paths: string[], options) => (await import('./test.ts')).testMaps(paths, options));
}

function defineAuthoring(map: Command): void {
  map
    .command('new <system>')
    .description(
      'a folder for a new system: system.yaml, model, two maps and their cases; nothing is overwritten',
    )
    .option('--in <directory>', 'folder of the systems (SILTA_MAPPINGS_DIR, else mappings)')
    .addHelpText('after', examples('new home-care'))
    .action(async (system: string, options) => (await import('./new.ts')).newSystem(system, options));
  map
    .command('print <map>')
    .description('a map in the standard layout, on standard output')
    .option('--write', 'into its file instead')
    .option('--check', 'only fail when the layout is another one')
    .addHelpText('after', examples('print task-to-call.fml', 'print task-to-call.fml --write'))
    .action(async (file: string, options) => (await import('./print.ts')).printMapFile(file, options));
  map
    .command('convert <file>')
    .description('FML to StructureMap (*.json, *.xml) and back, by the endings of the files')
    .requiredOption('--to <file>', 'file to write (*.fml, *.json or *.xml); - with a format: -.json')
    .addOption(
      new Option('--fhir-version <version>', 'shape of a StructureMap that is written; R5 in JSON')
        .choices(['R4', 'R5'])
        .default('R4'),
    )
    .addHelpText(
      'after',
      examples('convert task-to-call.fml --to task-to-call.json', 'convert StructureMap-a.xml --to a.fml'),
    )
    .action(async (file: string, options) => (await import('./convert.ts')).convertMap(file, options));
  map
    .command('docs <system>')
    .description('a field-by-field table of the maps of a system, in Markdown')
    .addHelpText('after', examples('docs mappings/sap-c4c > FIELDS.md'))
    .action(async (system: string) => (await import('./docs.ts')).printDocs(system));
}

function defineRoundTrip(map: Command): void {
  map
    .command('roundtrip <system>')
    .description('generate messages, map them there and back, and list the elements that do not survive')
    .option('--runs <n>', 'messages for each direction', positiveNumber, 100)
    .option('--seed <n>', 'repeat an earlier run', wholeNumber)
    .option('--format <format>', 'text or json', 'text')
    .addHelpText('after', examples('roundtrip mappings/home-care', 'roundtrip mappings/home-care --seed 42'))
    .action(async (system: string, options) =>
      (await import('./round-trip.ts')).roundTripSystem(system, options),
    );
}

/** Adds `map` and its subcommands. */
export function defineMapCommands(program: Command): void {
  const map = program
    .command('map')
    .description('work on mappings (FHIR Mapping Language), without a gateway')
    .addHelpText('after', '\nThe tutorial and the reference of the language: docs/mapping.md');
  defineCheck(map);
  defineRun(map);
  defineTest(map);
  defineRoundTrip(map);
  defineAuthoring(map);
}
