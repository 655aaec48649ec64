/**
 * The `value[x]` of an answer, option, initial value or condition.
 *
 * @see https://hl7.org/fhir/R4/questionnaireresponse-definitions.html#QuestionnaireResponse.item.answer.value_x_
 */

export interface AnswerValue {
  /** FHIR type, e.g. `Coding`, `integer`. */
  readonly type: string;
  readonly value: unknown;
}

/** FHIR type by property name after its stem, for the types an answer, an option or a condition may have. */
const TYPE_OF_SUFFIX: Readonly<Record<string, string>> = {
  Boolean: 'boolean',
  Decimal: 'decimal',
  Integer: 'integer',
  Date: 'date',
  DateTime: 'dateTime',
  Time: 'time',
  String: 'string',
  Uri: 'uri',
  Attachment: 'Attachment',
  Coding: 'Coding',
  Quantity: 'Quantity',
  Reference: 'Reference',
};

const NAMES = {
  value: namesOf('value'),
  answer: namesOf('answer'),
};

function namesOf(stem: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(TYPE_OF_SUFFIX).map(([suffix, type]) => [stem + suffix, type]));
}

/** Reads `value[x]` (or `answer[x]`) of an object; undefined when there is none, also when it has only an extension. */
export function readChoice(holder: unknown, stem: keyof typeof NAMES): AnswerValue | undefined {
  if (!isObject(holder)) return undefined;
  for (const key in holder) {
    const type = NAMES[stem].get(key);
    if (type !== undefined && holder[key] !== undefined && holder[key] !== null) {
      return { type, value: holder[key] };
    }
  }
  return undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list that may be missing or malformed (its form is judged by `validate`). */
export function objectsOf(value: unknown): readonly Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.every(isObject) ? value : value.filter(isObject);
}

/** Text of an element when it is text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
