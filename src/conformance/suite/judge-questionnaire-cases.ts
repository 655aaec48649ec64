/**
 * Compares our verdicts on QuestionnaireResponses with those of a reference validator.
 *
 * @see https://github.com/FHIR/fhir-test-cases
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Issue } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import type { Conformance } from '../types.ts';

export interface JudgedCase {
  readonly name: string;
  /** Whether our verdict is the expected one. */
  readonly verdict: boolean;
  /** Expected expressions at which we report no error. */
  readonly missed: readonly string[];
  readonly expectedValid: boolean;
  readonly errors: readonly Issue[];
}

interface Expected {
  readonly valid: boolean;
  readonly issues: readonly { readonly severity: string; readonly expression?: readonly string[] }[];
}

/**
 * Judges every case folder (`questionnaire.json`, `response.json`, `expected.json`) below `directory`, by name.
 *
 * @throws when a case cannot be read
 */
export async function judgeQuestionnaireCases(
  directory: string,
  conformance: Conformance,
): Promise<readonly JudgedCase[]> {
  const folders = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const names = folders.map((entry) => entry.name).sort();
  return Promise.all(names.map((name) => judgeCase(join(directory, name), name, conformance)));
}

async function judgeCase(folder: string, name: string, conformance: Conformance): Promise<JudgedCase> {
  const [questionnaire, response, expected] = await Promise.all([
    readJson<Resource>(join(folder, 'questionnaire.json')),
    readJson<Resource>(join(folder, 'response.json')),
    readJson<Expected>(join(folder, 'expected.json')),
  ]);
  const issues = [
    ...conformance.validate(response),
    ...conformance.validateResponse(response, questionnaire),
  ];
  const errors = issues.filter((issue) => issue.severity === 'error' || issue.severity === 'fatal');
  const ours = errors.flatMap((issue) => issue.expression ?? []);
  const wanted = expected.issues
    .filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
    .flatMap((issue) => issue.expression ?? []);
  return {
    name,
    verdict: (errors.length === 0) === expected.valid,
    missed: wanted.filter((expression) => !ours.some((each) => locates(each, expression))),
    expectedValid: expected.valid,
    errors,
  };
}

/**
 * Whether our expression names the expected element, or one element inside it. R4 allows element names and indexes
 * only, so the reference validator's `ofType()` is left out of the comparison.
 *
 * @see https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
 */
function locates(ours: string, expected: string): boolean {
  const element = expected.replace(/\.ofType\(\w+\)/g, '');
  if (!ours.startsWith(element)) return false;
  const rest = ours.slice(element.length);
  return rest === '' || /^\.\w+(\[\d+\])?$/.test(rest);
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}
