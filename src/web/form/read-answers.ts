/** A posted form as items of a QuestionnaireResponse. */
import type {
  QuestionnaireItem,
  QuestionnaireItemAnswerOption,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
} from 'fhir/r4';
import type { ProblemKind } from '../texts/texts.ts';
import type { Question } from './questions.ts';

/** Form fields as posted, in the order of the page; also what the page shows again after an error. */
export type Fields = Readonly<Record<string, readonly string[]>>;

export interface GivenAnswers {
  /** Items that are answered, as they are sent. */
  readonly items: readonly QuestionnaireResponseItem[];
  /** Every item that was asked, so that a finding's place always names an item. */
  readonly asked: readonly QuestionnaireResponseItem[];
  /** Answers that could not be read at all, by linkId. */
  readonly problems: ReadonlyMap<string, ProblemKind>;
}

const UNREADABLE = Symbol('unreadable');

/** Reads the fields of a form body; whatever is not one of them is left out. */
export function readFields(body: unknown): Fields {
  const entries = Object.entries((body ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries
      .filter(([name]) => name.startsWith('a.'))
      .map(([name, value]) => [name, [value].flat().filter((one) => typeof one === 'string')]),
  );
}

/**
 * Reads the answers to questions out of posted fields.
 * @param disabled - linkIds whose answers do not count, because other answers disable the question
 */
export function readAnswers(
  questions: readonly Question[],
  fields: Fields,
  disabled: ReadonlySet<string> = new Set(),
): GivenAnswers {
  const problems = new Map<string, ProblemKind>();
  const read = (list: readonly Question[], onlyAnswered: boolean): QuestionnaireResponseItem[] =>
    list
      .filter(({ item }) => item.type !== 'display')
      .flatMap((question) => readItem(question, onlyAnswered));

  const readItem = (question: Question, onlyAnswered: boolean): QuestionnaireResponseItem[] => {
    const { linkId, type } = question.item;
    if (type === 'group') {
      const item = read(question.children, onlyAnswered);
      return onlyAnswered && item.length === 0 ? [] : [{ linkId, ...(item.length > 0 && { item }) }];
    }
    const values = disabled.has(linkId) ? [] : readValues(question.item, fields[question.field] ?? []);
    if (values === UNREADABLE) problems.set(linkId, type === 'choice' ? 'option' : 'format');
    const answer = values === UNREADABLE ? [] : values;
    const [first, ...others] = answer;
    if (!first) return onlyAnswered ? [] : [{ linkId }];
    const below = read(question.children, onlyAnswered);
    return [{ linkId, answer: [{ ...first, ...(below.length > 0 && { item: below }) }, ...others] }];
  };
  return { items: read(questions, true), asked: read(questions, false), problems };
}

function readValues(
  item: QuestionnaireItem,
  posted: readonly string[],
): QuestionnaireResponseItemAnswer[] | typeof UNREADABLE {
  const texts = posted.map((text) => text.replace(/\r\n?/g, '\n').trim()).filter((text) => text !== '');
  const values = texts.map((text) => readValue(item, text));
  return values.every((value) => value !== undefined) ? values : UNREADABLE;
}

function readValue(item: QuestionnaireItem, text: string): QuestionnaireResponseItemAnswer | undefined {
  switch (item.type) {
    case 'boolean':
      return text === 'true' || text === 'false' ? { valueBoolean: text === 'true' } : undefined;
    case 'integer':
      // FHIR's integer is 32 bits: https://hl7.org/fhir/R4/datatypes.html#integer
      return /^[-+]?\d{1,9}$/.test(text) ? { valueInteger: Number(text) } : undefined;
    case 'decimal':
      return /^[-+]?\d{1,12}([.,]\d{1,6})?$/.test(text)
        ? { valueDecimal: Number(text.replace(',', '.')) }
        : undefined;
    case 'date':
      return isDate(text) ? { valueDate: text } : undefined;
    case 'choice':
      return /^\d{1,4}$/.test(text) ? readOption(item.answerOption?.[Number(text)]) : undefined;
    default:
      return { valueString: text };
  }
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  // The round trip refuses days that do not exist, such as 30 February.
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  );
}

/** The value of an option as an answer carries it: without the display's translations. */
function readOption(
  option: QuestionnaireItemAnswerOption | undefined,
): QuestionnaireResponseItemAnswer | undefined {
  if (!option) return undefined;
  const { valueCoding, valueString, valueInteger, valueDate } = option;
  if (valueCoding) {
    const { system, version, code, display } = valueCoding;
    const given = { system, version, code, display };
    const known = Object.entries(given).filter(([, value]) => value !== undefined);
    return { valueCoding: Object.fromEntries(known) };
  }
  if (valueString !== undefined) return { valueString };
  if (valueInteger !== undefined) return { valueInteger };
  return valueDate === undefined ? undefined : { valueDate };
}
