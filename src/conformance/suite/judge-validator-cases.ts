/**
 * Compares our verdicts with those of HL7's reference validator, case by case.
 *
 * @see https://github.com/FHIR/fhir-test-cases/tree/master/validator
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Issue } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import { isObject } from '../json.ts';
import type { Conformance } from '../types.ts';
import {
  type Expectation,
  type ManifestCase,
  type Reference,
  readExpectation,
  reasonToLeaveOut,
  supportingFiles,
} from './validator-manifest.ts';

/** One case beside the reference: whether both find errors, or neither does. */
export interface ComparedCase {
  readonly name: string;
  readonly agrees: boolean;
  readonly ours: readonly Issue[];
  readonly theirs: readonly string[];
}

export interface ComparedSuite {
  readonly compared: readonly ComparedCase[];
  /** How many cases were not compared, by reason. */
  readonly leftOut: ReadonlyMap<string, number>;
}

export interface SuiteTools {
  /** A judge that also knows a case's own profiles, value sets and code systems. */
  readonly conformance: (more: readonly Resource[]) => Conformance;
  /** Reads JSON text; throws on what a server must refuse. */
  readonly parse: (text: string) => unknown;
  readonly now: Date;
}

/**
 * Judges every case of the suite that needs neither a package nor a terminology server.
 *
 * @param directory the suite's `validator` folder, with `manifest.json`
 * @throws when the manifest cannot be read
 */
export function judgeValidatorCases(directory: string, tools: SuiteTools): ComparedSuite {
  const manifest = readJson(join(directory, 'manifest.json')) as { 'test-cases': readonly ManifestCase[] };
  const compared: ComparedCase[] = [];
  const leftOut = new Map<string, number>();
  const leave = (reason: string) => leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
  for (const each of manifest['test-cases']) {
    const reason = reasonToLeaveOut(each) ?? missingSupport(directory, each);
    if (reason !== undefined) leave(reason);
    else compareSteps(directory, each, tools, compared, leave);
  }
  return { compared, leftOut };
}

function missingSupport(directory: string, each: ManifestCase): string | undefined {
  const files = [
    ...supportingFiles(each),
    ...(each.profile?.supporting ?? []),
    each.profile?.source ?? [],
  ].flat();
  if (files.some((name) => !name.endsWith('.json'))) return 'a supporting file is not JSON';
  return files.every((name) => existsSync(join(directory, name)))
    ? undefined
    : 'a supporting file is missing';
}

/** A case has up to two steps: by base R4 and what the resource claims, and by a profile beside. */
function compareSteps(
  directory: string,
  each: ManifestCase,
  tools: SuiteTools,
  compared: ComparedCase[],
  leave: (reason: string) => void,
): void {
  const steps = [
    { name: each.name, expectation: each.java, profile: undefined, supporting: [] },
    ...(each.profile
      ? [
          {
            name: `${each.name} (profile)`,
            expectation: each.profile.java,
            profile: each.profile.source,
            supporting: each.profile.supporting ?? [],
          },
        ]
      : []),
  ];
  for (const { name, expectation, profile, supporting } of steps) {
    const reference = expectation && readReference(directory, expectation);
    if (!reference) leave('the reference gives no outcome');
    else if (reference.usedServer) leave('an error of the reference was told by a terminology server');
    else {
      const files = [...supportingFiles(each), ...supporting, ...(profile ? [profile] : [])];
      const ours = judgeStep(directory, each.file, files, profile, tools);
      const agrees = ours.length > 0 === reference.errors.length > 0;
      compared.push({ name, agrees, ours, theirs: reference.errors });
    }
  }
}

function readReference(directory: string, expectation: Expectation): Reference | undefined {
  if (typeof expectation === 'string' && !existsSync(join(directory, 'outcomes', expectation)))
    return undefined;
  return readExpectation(expectation, (name) => readJson(join(directory, 'outcomes', name)));
}

function judgeStep(
  directory: string,
  file: string,
  supporting: readonly string[],
  profile: string | undefined,
  tools: SuiteTools,
): readonly Issue[] {
  const more = supporting.flatMap((name) => resourcesOf(readJson(join(directory, name))));
  const conformance = tools.conformance(more);
  const asked = profile === undefined ? [] : [String(more.at(-1)?.['url'])];
  let resource: unknown;
  try {
    resource = tools.parse(readFileSync(join(directory, file), 'utf8'));
  } catch (error) {
    return [{ severity: 'fatal', code: 'structure', diagnostics: (error as Error).message }];
  }
  const issues = [
    ...conformance.validate(resource as Resource, {
      profiles: asked,
      strict: true,
      examples: true,
      now: tools.now,
    }),
    ...answersOf(resource, more, conformance),
  ];
  return issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
}

/** Judges a QuestionnaireResponse by its Questionnaire when the case brings that. */
function answersOf(response: unknown, more: readonly Resource[], conformance: Conformance): readonly Issue[] {
  if (!isObject(response) || response['resourceType'] !== 'QuestionnaireResponse') return [];
  const questionnaire = more.find(
    (each) => each.resourceType === 'Questionnaire' && names(response['questionnaire'], each),
  );
  return questionnaire ? conformance.validateResponse(response as Resource, questionnaire) : [];
}

function names(canonical: unknown, { url, version }: Resource): boolean {
  return canonical === url || canonical === `${String(url)}|${String(version)}`;
}

function resourcesOf(content: unknown): readonly Resource[] {
  if (!isObject(content) || typeof content['resourceType'] !== 'string') return [];
  if (content['resourceType'] !== 'Bundle') return [content as Resource];
  const entries = Array.isArray(content['entry']) ? content['entry'] : [];
  return entries.flatMap((entry) => (isObject(entry) ? resourcesOf(entry['resource']) : []));
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
}
