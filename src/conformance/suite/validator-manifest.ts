/**
 * Which cases of HL7's validator suite are ours to judge: those of R4, in JSON, that need nothing but the case's files.
 *
 * @see https://github.com/FHIR/fhir-test-cases/tree/master/validator
 */
import { listOf } from '../json.ts';

/** One case of `manifest.json`; a member is only listed when it is read here. */
export interface ManifestCase {
  readonly name: string;
  readonly file: string;
  readonly version?: string;
  readonly module?: string;
  readonly 'use-test'?: boolean;
  readonly supporting?: readonly string[];
  readonly supporting5?: readonly string[];
  readonly profiles?: readonly string[];
  readonly packages?: unknown;
  readonly 'package-map'?: unknown;
  readonly logical?: unknown;
  readonly matchetype?: unknown;
  readonly 'tx-dependent'?: unknown;
  readonly 'for-publication'?: unknown;
  readonly 'security-checks'?: unknown;
  readonly ips?: unknown;
  readonly advisor?: unknown;
  readonly validateReference?: unknown;
  readonly validateContains?: unknown;
  readonly noHtmlInMarkdown?: unknown;
  readonly 'allow-comments'?: unknown;
  readonly 'best-practice'?: unknown;
  readonly java?: Expectation;
  readonly profile?: Profile;
}

/** What the reference validator finds: a file of outcomes, or how many errors. */
export type Expectation = string | { readonly errorCount?: number; readonly outcome?: unknown };

interface Profile {
  readonly source?: string;
  readonly supporting?: readonly string[];
  readonly java?: Expectation;
}

type Rule = readonly [reason: string, holds: (each: ManifestCase) => boolean];

const MODULES: Readonly<Record<string, string>> = {
  tx: 'terminology server',
  'tx-advanced': 'terminology server',
  cda: 'CDA',
  v2: 'HL7 v2',
  cdshooks: 'CDS Hooks',
  shc: 'signed health cards',
  dsig: 'digital signatures',
  json5: 'JSON5',
  xver: 'extensions of other FHIR versions',
};

/** In the order in which they are asked; the first that holds gives the reason. */
const LEFT_OUT: readonly Rule[] = [
  ['another FHIR version than R4', (each) => each.version !== '4.0' && each.version !== '4.0.1'],
  ['the suite itself does not run it', (each) => each['use-test'] === false],
  ['not JSON', (each) => !each.file.endsWith('.json')],
  ['needs a package', (each) => each.packages !== undefined || each['package-map'] !== undefined],
  ['a logical model', (each) => each.logical !== undefined],
  ['compares with a template instead of validating', (each) => each.matchetype !== undefined],
  ['needs definitions of R5', (each) => each.supporting5 !== undefined],
  ['needs a terminology server', (each) => each['tx-dependent'] !== undefined],
  ['an option: rules for publication', (each) => each['for-publication'] !== undefined],
  ['an option: rules of one national patient summary', (each) => each.ips !== undefined],
  ['an option: security checks', (each) => each['security-checks'] !== undefined],
  ['an option: good practice as errors', (each) => each['best-practice'] !== undefined],
  ['an option: comments in JSON', (each) => each['allow-comments'] !== undefined],
  ['an option: references must exist on a server', (each) => each.validateReference !== undefined],
  ['an option: contained resources are ignored', (each) => each.validateContains !== undefined],
  ['an option: HTML in markdown', (each) => each.noHtmlInMarkdown !== undefined],
  ['an option: findings suppressed by an advisor', (each) => each.advisor !== undefined],
];

/** Why a case is not judged; undefined when it is. */
export function reasonToLeaveOut(each: ManifestCase): string | undefined {
  const rule = LEFT_OUT.find(([, holds]) => holds(each));
  if (rule) return rule[0];
  const topic = MODULES[each.module ?? ''];
  return topic && `topic: ${topic}`;
}

/** Files that a case loads before it is judged. */
export function supportingFiles(each: ManifestCase): readonly string[] {
  return [...listOf(each.supporting), ...listOf(each.profiles)].map(String);
}

const MADE_BY_SERVER = 'http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-server';

interface OutcomeIssue {
  readonly severity?: string;
  readonly extension?: readonly { readonly url?: string }[];
  readonly details?: { readonly text?: string };
  readonly expression?: readonly string[];
}

/** The reference validator's errors. */
export interface Reference {
  readonly errors: readonly string[];
  /** Whether one of them was told by a terminology server. */
  readonly usedServer: boolean;
}

/** @param read reads a file of outcomes, by its name in the manifest */
export function readExpectation(expectation: Expectation, read: (name: string) => unknown): Reference {
  if (typeof expectation === 'object' && expectation.outcome === undefined) {
    const count = expectation.errorCount ?? 0;
    return { errors: Array.from({ length: count }, () => '(an error)'), usedServer: false };
  }
  const outcome = typeof expectation === 'string' ? read(expectation) : expectation.outcome;
  const issues = listOf((outcome as { issue?: unknown })?.issue) as readonly OutcomeIssue[];
  const errors = issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  return {
    errors: errors.map(
      ({ expression, details }) => `${expression?.join(', ') ?? ''}: ${details?.text ?? ''}`,
    ),
    usedServer: errors.some(({ extension }) => extension?.some(({ url }) => url === MADE_BY_SERVER)),
  };
}
