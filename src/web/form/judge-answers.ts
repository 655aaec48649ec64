/** What is wrong with a posted form, by item, in the citizen's terms. */
import type { Questionnaire, QuestionnaireResponse, QuestionnaireResponseItem } from 'fhir/r4';
import type { Issue } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import type { ProblemKind } from '../texts/texts.ts';
import type { WebOptions } from '../types.ts';
import type { Question } from './questions.ts';
import { type Fields, type GivenAnswers, readAnswers } from './read-answers.ts';

export interface JudgedAnswers {
  readonly items: readonly QuestionnaireResponseItem[];
  /** By linkId; empty when the answers can be sent. */
  readonly problems: ReadonlyMap<string, ProblemKind>;
}

const KINDS: Readonly<Record<string, ProblemKind>> = {
  'answer-missing': 'missing',
  'group-empty': 'missing',
  'answer-type': 'format',
  'element-type': 'format',
  primitive: 'format',
  date: 'format',
  'answer-limit': 'limit',
  'answer-count': 'limit',
  'answer-option': 'option',
  'answer-display': 'option',
};

/**
 * Reads and judges the answers. Without scripts a page shows every question, so answers to questions that the other
 * answers disable are left out before the rest is judged.
 * @param head - the response without its items
 */
export function judgeAnswers(
  validate: WebOptions['validateResponse'],
  questionnaire: Questionnaire,
  head: QuestionnaireResponse,
  questions: readonly Question[],
  fields: Fields,
): JudgedAnswers {
  const judge = (answers: GivenAnswers): readonly Issue[] => {
    const response = { ...head, item: answers.asked };
    const issues = validate(response as unknown as Resource, questionnaire as unknown as Resource);
    return issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  };
  let answers = readAnswers(questions, fields);
  let issues = judge(answers);
  const disabled = new Set<string>();
  // Leaving one answer out can disable the next question, so this ends after as many rounds as there are questions.
  for (let found = findDisabled(issues, answers); found.length > 0; found = findDisabled(issues, answers)) {
    const before = disabled.size;
    for (const linkId of found) disabled.add(linkId);
    if (disabled.size === before) break;
    answers = readAnswers(questions, fields, disabled);
    issues = judge(answers);
  }
  const problems = new Map<string, ProblemKind>();
  for (const issue of issues) {
    const linkId = findItem(issue, answers.asked) ?? '';
    if (!problems.has(linkId)) problems.set(linkId, KINDS[issue.key ?? ''] ?? 'other');
  }
  // What could not be read counts as missing for the validator; the form is what is wrong with it.
  for (const [linkId, kind] of answers.problems) problems.set(linkId, kind);
  return { items: answers.items, problems };
}

function findDisabled(issues: readonly Issue[], answers: GivenAnswers): readonly string[] {
  return issues
    .filter(({ key }) => key === 'item-disabled')
    .flatMap((issue) => findLinkIds(findItems(issue, answers.asked).slice(-1)));
}

function findLinkIds(items: readonly QuestionnaireResponseItem[]): readonly string[] {
  return items.flatMap(({ linkId, item, answer = [] }) => [
    linkId,
    ...findLinkIds(item ?? []),
    ...findLinkIds(answer.flatMap((one) => one.item ?? [])),
  ]);
}

/** linkId of the innermost item that a finding's expression goes through. */
function findItem(issue: Issue, asked: readonly QuestionnaireResponseItem[]): string | undefined {
  return findItems(issue, asked).at(-1)?.linkId;
}

/** The items on the way of an expression such as `QuestionnaireResponse.item[2].answer[0].item[1].answer[0].value`. */
function findItems(
  { expression = [] }: Issue,
  asked: readonly QuestionnaireResponseItem[],
): readonly QuestionnaireResponseItem[] {
  const way: QuestionnaireResponseItem[] = [];
  let items: readonly QuestionnaireResponseItem[] | undefined = asked;
  for (const [, name, index] of (expression[0] ?? '').matchAll(/\.(item|answer)\[(\d+)\]/g)) {
    if (name === 'answer') {
      items = way.at(-1)?.answer?.[Number(index)]?.item;
      continue;
    }
    const item: QuestionnaireResponseItem | undefined = items?.[Number(index)];
    if (!item) return way;
    way.push(item);
    items = item.item;
  }
  return way;
}
