/** The questions of a Questionnaire as a page asks them. */
import type { Questionnaire, QuestionnaireItem } from 'fhir/r4';

const HIDDEN = 'http://hl7.org/fhir/StructureDefinition/questionnaire-hidden';
const ASKABLE: ReadonlySet<string> = new Set([
  'group',
  'display',
  'boolean',
  'decimal',
  'integer',
  'date',
  'string',
  'text',
  'choice',
]);

/** One item that a person sees. */
export interface Question {
  readonly item: QuestionnaireItem;
  /** HTML id of the item on the page. */
  readonly id: string;
  /** Name of its form field. */
  readonly field: string;
  readonly children: readonly Question[];
}

/**
 * The items that are asked, in order. Hidden items and those that the gateway computes are left out.
 * @returns undefined when the questionnaire asks for something that a plain form cannot take, e.g. an attachment
 */
export function readQuestions(questionnaire: Questionnaire): readonly Question[] | undefined {
  let count = 0;
  let isAskable = true;
  const read = (items: readonly QuestionnaireItem[] = []): readonly Question[] =>
    items.filter(isVisible).map((item) => {
      count += 1;
      isAskable &&= canAsk(item);
      return { item, id: `q${count}`, field: `a.${item.linkId}`, children: read(item.item) };
    });
  const questions = read(questionnaire.item);
  return isAskable ? questions : undefined;
}

function isVisible(item: QuestionnaireItem): boolean {
  const isHidden = item.extension?.some(({ url, valueBoolean }) => url === HIDDEN && valueBoolean === true);
  return !isHidden && item.readOnly !== true;
}

function canAsk(item: QuestionnaireItem): boolean {
  return ASKABLE.has(item.type) && (item.type !== 'choice' || (item.answerOption ?? []).length > 0);
}
