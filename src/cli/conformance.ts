/** `silta conformance fml | questionnaire`: the verdicts of published test suites beside our own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { createConformance, judgeQuestionnaireCases } from '../conformance/index.ts';
import { compileStructure, loadDefinitions } from '../definitions/index.ts';
import { runConformance } from '../mapping/index.ts';
import { createBuiltIn, createCodeJudge } from '../terminology/index.ts';
import { CDA_MODELS } from './conformance-cda-model.ts';
import { CommandError } from './exit.ts';
import { profilesDirectory } from './installation.ts';

/** What one case came to. */
interface Line {
  readonly name: string;
  readonly passed: boolean;
  /** What is to be said beside the name. */
  readonly verdict: string;
  readonly details: readonly string[];
}

const write = (line: string) => process.stdout.write(`${line}\n`);

const definitions = () =>
  loadDefinitions({
    profiles: profilesDirectory(readConfig({ ...process.env, SILTA_MODE: 'sandbox' })),
  });

/**
 * Runs the official cases of the mapping language.
 *
 * @param directory with the suite's `manifest.xml`, e.g. a checkout's `r5/structure-mapping`
 * @throws CommandError when a case differs (1) or the directory holds no such suite (2)
 * @see https://github.com/FHIR/fhir-test-cases/tree/master/r5/structure-mapping
 */
export async function judgeMaps(directory: string): Promise<void> {
  mustBeThere(directory);
  const read = (file: string) => {
    if (!existsSync(join(directory, file)))
      throw new CommandError(`${directory}: there is no ${file} here`, 2);
    return readFileSync(join(directory, file), 'utf8');
  };
  // A clock and UUIDs of their own keep every run the same.
  const environment = { now: () => new Date(0), uuid: () => '00000000-0000-4000-8000-000000000000' };
  const known = await definitions();
  const models = CDA_MODELS.map((each) => compileStructure(each, known));
  const results = runConformance(read, { definitions: known, models }, environment);
  report(
    results.map(({ name, passed, message }) => ({
      name,
      passed,
      verdict: passed ? 'as expected' : 'differs',
      details: message === undefined ? [] : [message],
    })),
  );
}

/**
 * Compares our judgement of QuestionnaireResponses with the reference validator's.
 *
 * @param directory of case folders: `questionnaire.json`, `response.json`, `expected.json`
 * @throws CommandError when a case differs (1) or the directory holds no case (2)
 */
export async function judgeQuestionnaires(directory: string): Promise<void> {
  mustBeThere(directory);
  const known = await definitions();
  const conformance = createConformance({ definitions: known, codes: createCodeJudge(createBuiltIn(known)) });
  const cases = await judgeQuestionnaireCases(directory, conformance).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === undefined && !(error instanceof SyntaxError)) throw error;
      throw new CommandError(`${directory}: a case cannot be read: ${error.message}`, 2);
    },
  );
  const named = (valid: boolean) => (valid ? 'valid' : 'invalid');
  report(
    cases.map(({ name, verdict, expectedValid, missed, errors }) => ({
      name,
      passed: verdict && missed.length === 0,
      verdict: verdict ? named(expectedValid) : `${named(!expectedValid)}, expected ${named(expectedValid)}`,
      details: [
        ...missed.map((expression) => `nothing is reported at ${expression}`),
        ...(verdict ? [] : errors.map((each) => `${each.expression?.join(', ') ?? ''}: ${each.diagnostics}`)),
      ],
    })),
  );
}

function mustBeThere(directory: string): void {
  if (!existsSync(directory)) throw new CommandError(`${directory}: there is no such folder`, 2);
}

function report(lines: readonly Line[]): void {
  if (lines.length === 0) throw new CommandError('no cases were found', 2);
  for (const { name, passed, verdict, details } of lines) {
    write(`${passed ? '✓' : '✗'} ${name}  ${verdict}`);
    for (const detail of details) write(`    ${detail.replaceAll('\n', '\n    ')}`);
  }
  const differing = lines.filter((line) => !line.passed).length;
  write(`\n${lines.length} cases: ${lines.length - differing} as expected, ${differing} differ`);
  if (differing > 0) throw new CommandError(`${differing} case(s) differ`);
}
