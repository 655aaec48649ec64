/**
 * The part of every write that looks at the content alone, before it is known what the store holds:
 * structure and profiles → the Questionnaire an answer belongs to → calculated items → answers.
 */
import type { Language } from '../conformance/index.ts';
import { type Issue, SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { RestOptions, Session } from './types.ts';

export interface JudgedContent {
  /** With calculated items filled in. */
  readonly resource: Resource;
  readonly questionnaire?: Resource;
  /** What is worth saying and refuses nothing. */
  readonly warnings: readonly Issue[];
}

/** What content is judged with: a gateway's own, or files on a command line. */
export interface Judge extends Pick<RestOptions, 'conformance' | 'forms'> {
  readonly store: Pick<RestOptions['store'], 'resolveCanonical'>;
  readonly terminology: Pick<RestOptions['terminology'], 'prepareFor'>;
}

/**
 * @throws SiltaError `invalid-resource` with every finding
 */
export async function judgeContent(
  { rest, language }: Pick<Session, 'rest' | 'language'>,
  resource: Resource,
): Promise<JudgedContent> {
  const { content, issues } = await findIssues(rest, resource, [], language);
  refuseErrors(issues);
  return { ...content, warnings: issues };
}

/**
 * All findings, errors too; an answer is judged against its questionnaire only when its structure holds.
 * @param profiles canonical URLs of profiles to judge by, besides those the resource claims
 * @param language of what is said about answers
 */
export async function findIssues(
  rest: Judge,
  resource: Resource,
  profiles: readonly string[],
  language?: Language,
): Promise<{ readonly content: Omit<JudgedContent, 'warnings'>; readonly issues: readonly Issue[] }> {
  const structure = rest.conformance.validate(resource, profiles.length > 0 ? { profiles } : {});
  if (structure.some(isError) || resource.resourceType !== 'QuestionnaireResponse') {
    return { content: { resource }, issues: structure };
  }
  const canonical = resource['questionnaire'];
  if (typeof canonical !== 'string') return { content: { resource }, issues: structure };
  const questionnaire = await rest.store.resolveCanonical('Questionnaire', canonical);
  if (!questionnaire) return { content: { resource }, issues: [...structure, UNKNOWN_QUESTIONNAIRE] };
  const completed = rest.forms.completeResponse(questionnaire, resource);
  await rest.terminology.prepareFor(questionnaire);
  const answers = rest.conformance.validateResponse(
    completed.response,
    questionnaire,
    language && { language },
  );
  return {
    content: { resource: completed.response, questionnaire },
    issues: [...structure, ...completed.issues, ...answers],
  };
}

const UNKNOWN_QUESTIONNAIRE: Issue = {
  severity: 'error',
  code: 'not-found',
  diagnostics: 'This questionnaire is not known here, so its answers cannot be checked.',
  expression: ['QuestionnaireResponse.questionnaire'],
};

/** @throws SiltaError `invalid-resource` when one of the findings is an error */
export function refuseErrors(issues: readonly Issue[]): void {
  const errors = issues.filter(isError).length;
  if (errors === 0) return;
  throw new SiltaError('invalid-resource', `The resource has ${errors} error${errors > 1 ? 's' : ''}.`, {
    issues,
  });
}

function isError(issue: Issue): boolean {
  return issue.severity === 'error' || issue.severity === 'fatal';
}
