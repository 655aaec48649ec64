/**
 * Whether an item is enabled by the answers given.
 *
 * @see https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
 * @see https://hl7.org/fhir/R4/valueset-questionnaire-enable-operator.html
 */
import { type AnswerValue, objectsOf, readChoice, textOf } from './answer-value.ts';
import { compareValues, sameValue } from './compare.ts';

export interface Condition {
  readonly terms: readonly Term[];
  readonly all: boolean;
}

export interface Term {
  /** Link id of the question that is asked about. */
  readonly question: string;
  readonly operator: string;
  readonly answer: AnswerValue | undefined;
}

/** Reads the conditions of a Questionnaire item; undefined when it is always enabled. */
export function readCondition(item: Record<string, unknown>): Condition | undefined {
  const terms = objectsOf(item['enableWhen']).map((term) => ({
    question: textOf(term['question']) ?? '',
    operator: textOf(term['operator']) ?? '',
    answer: readChoice(term, 'answer'),
  }));
  if (terms.length === 0) return undefined;
  return { terms, all: item['enableBehavior'] === 'all' };
}

/**
 * @param answersOf the answers given to a question, as seen from the item that is judged
 */
export function isEnabled(
  condition: Condition,
  answersOf: (linkId: string) => readonly AnswerValue[],
): boolean {
  const holds = (term: Term) => termHolds(term, answersOf(term.question));
  return condition.all ? condition.terms.every(holds) : condition.terms.some(holds);
}

/** `!=` holds when no answer is equal, so also when there is none; the others need an answer that fits. */
function termHolds(term: Term, answers: readonly AnswerValue[]): boolean {
  const expected = term.answer;
  if (term.operator === 'exists') return answers.length > 0 === (expected?.value === true);
  if (!expected) return false;
  switch (term.operator) {
    case '=':
      return answers.some((answer) => sameValue(expected, answer));
    case '!=':
      return !answers.some((answer) => sameValue(expected, answer));
    case '>':
      return answers.some((answer) => (compareValues(answer, expected) ?? 0) > 0);
    case '<':
      return answers.some((answer) => (compareValues(answer, expected) ?? 0) < 0);
    case '>=':
      return answers.some((answer) => (compareValues(answer, expected) ?? -1) >= 0);
    case '<=':
      return answers.some((answer) => (compareValues(answer, expected) ?? 1) <= 0);
    default:
      return false;
  }
}
