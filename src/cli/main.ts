#!/usr/bin/env node
/** The `silta` command. Each subcommand is loaded when it is called, so that `--help` is instant. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { SiltaError } from '../outcome.ts';
import { CommandError } from './exit.ts';
import { defineKeyCommands } from './keys.ts';
import { defineMapCommands } from './map/commands.ts';
import type { ValidateOptions } from './validate.ts';

const version = () =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

function defineCommands(): Command {
  const program = new Command('silta')
    .description('FHIR R4 interoperability gateway for Finnish social and health care')
    .version(version())
    .showHelpAfterError()
    .exitOverride()
    .configureHelp({ sortSubcommands: false });

  program
    .command('start')
    .description('gateway and sandbox together, with an embedded Postgres unless DATABASE_URL is set')
    .action(async () => (await import('./start.ts')).start());
  program
    .command('serve')
    .description('the gateway alone, configured by the environment (see `silta config`)')
    .action(async () => (await import('./serve.ts')).serve());
  program
    .command('demo')
    .description('play the depression path over HTTP; starts its own gateway when none is running')
    .option('--fresh', 'start an own gateway even when one is running')
    .action(async (options: { fresh?: boolean }) => (await import('./demo.ts')).demo(options));
  program
    .command('migrate')
    .description('bring the database in DATABASE_URL to the schema of this version')
    .action(async () => (await import('./migrate.ts')).migrateDatabase());
  program
    .command('config')
    .description('print the table of settings')
    .option('--check', 'judge the present environment instead')
    .action(async (options: { check?: boolean }) => (await import('./config.ts')).showConfig(options));
  program
    .command('token <user>')
    .description('a fresh access token of a sandbox user: citizen, portal, record or operator')
    .option('--person <id>', 'test person to sign in as (citizen)')
    .action(async (user: string, options: { person?: string }) =>
      (await import('./token.ts')).printToken(user, options),
    );
  defineReindexCommand(program);
  defineKeyCommands(program);
  defineValidateCommand(program);
  defineMapCommands(program);
  defineDeliveryCommands(program);
  defineConformanceCommands(program);
  return program;
}

function defineReindexCommand(program: Command): void {
  program
    .command('reindex')
    .description(
      'build the search index of what is stored anew, after a search parameter was added; gateways may run meanwhile',
    )
    .option('--type <type>', 'only this resource type; repeat for several', collect, [] as string[])
    .option('--param <code>', 'only the rows of this search parameter')
    .option('--after <key>', 'go on with a run that was stopped, by the key that it named')
    .action(async (options: { type: string[]; param?: string; after?: string }) =>
      (await import('./reindex.ts')).reindexDatabase(options),
    );
}

const collect = (value: string, all: string[]): string[] => [...all, value];

const EXAMPLES = `
Examples:
  silta validate patient.json
  silta validate answer.xml --questionnaire form.json
  silta validate resources/ --profile https://silta.example/fhir/StructureDefinition/ticket-task
  curl -s https://gateway.example/fhir/Task/1 | silta validate - --format json

Exit code: 0 valid, 1 invalid, 2 wrongly called.`;

function defineValidateCommand(program: Command): void {
  program
    .command('validate <files...>')
    .description(
      'judge resources in JSON or XML as a gateway does: files, directories, or - for standard input',
    )
    .option('--profile <url>', 'judge by this profile, too; repeat for several', collect, [] as string[])
    .option(
      '--questionnaire <file>',
      'judge answers by this Questionnaire; repeat for several',
      collect,
      [] as string[],
    )
    .option('--format <format>', 'text or json (OperationOutcome)', 'text')
    .option('--language <language>', 'fi, sv or en: of what is said about answers', 'en')
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], options: ValidateOptions) =>
      (await import('./validate.ts')).validateFiles(files, options),
    );
}

function defineDeliveryCommands(program: Command): void {
  const deliveries = program.command('deliveries').description('look after deliveries of a running gateway');
  deliveries
    .command('list')
    .description('newest first')
    .option('--state <state>', 'waiting, sending, sent, dead or paused')
    .option('--system <name>', 'one connected system')
    .option('--limit <n>', 'rows at most', '50')
    .action(async (options: { state?: string; system?: string; limit: string }) =>
      (await import('./deliveries.ts')).list(options),
    );
  deliveries
    .command('show <id>')
    .description('one delivery with its last outcome, as JSON')
    .action(async (id: string) => (await import('./deliveries.ts')).show(id));
  deliveries
    .command('retry <id>')
    .description('send a dead or waiting delivery again now')
    .action(async (id: string) => (await import('./deliveries.ts')).retry(id));
  deliveries
    .command('stats')
    .description('counts and ages by system and state, as JSON')
    .action(async () => (await import('./deliveries.ts')).stats());
}

function defineConformanceCommands(program: Command): void {
  const conformance = program
    .command('conformance')
    .description('run published test suites; fails when a case differs from what the suite expects');
  conformance
    .command('fml <directory>')
    .description('FHIR Mapping Language: a folder with manifest.xml, maps, sources and outputs')
    .action(async (directory: string) => (await import('./conformance.ts')).judgeMaps(directory));
  conformance
    .command('questionnaire <directory>')
    .description(
      'QuestionnaireResponse validation: a folder a case, with questionnaire, response and expected',
    )
    .action(async (directory: string) => (await import('./conformance.ts')).judgeQuestionnaires(directory));
  conformance
    .command('examples [directory]')
    .description(
      "HL7's R4 examples go into a gateway and come out equal, in JSON and XML; fetched by npm when no folder is given",
    )
    .option('--types <types>', 'some resource types only, separated by commas')
    .option('--all', 'show every failure, not a few of each type')
    .action(async (directory: string | undefined, options: { types?: string; all?: boolean }) =>
      (await import('./conformance-examples.ts')).judgeExamples(directory, options),
    );
  conformance
    .command('validator <directory>')
    .description(
      "validation: the verdicts of HL7's reference validator (a folder with manifest.json and outcomes)",
    )
    .option('--threshold <percent>', 'fail when fewer of the verdicts agree', '95')
    .option('--all', 'show the cases that agree, too')
    .action(async (directory: string, options: { threshold: string; all?: boolean }) =>
      (await import('./conformance-validator.ts')).judgeValidator(directory, options),
    );
  conformance
    .command('search <directory>')
    .description(
      'search: stores examples (JSON files) in their own database, and finds each by its own values',
    )
    .action(async (directory: string) => (await import('./conformance-search.ts')).judgeSearch(directory));
}

/** @returns the exit code: see exit.ts */
function reportFailure(error: unknown): number {
  // Commander has said itself what is wrong; help that was asked for comes this way, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const known = error instanceof CommandError || error instanceof ConfigError || error instanceof SiltaError;
  process.stderr.write(`silta: ${known ? error.message : ((error as Error).stack ?? String(error))}\n`);
  if (error instanceof CommandError) return error.exitCode;
  return error instanceof ConfigError ? 2 : 1;
}

try {
  await defineCommands().parseAsync(process.argv);
} catch (error) {
  const code = reportFailure(error);
  // A command that failed ends, whatever it had opened before.
  process.stderr.write('', () => process.exit(code));
}
