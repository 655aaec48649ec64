/**
 * Turns computed values into answers of an item's type.
 *
 * @see https://hl7.org/fhir/R4/valueset-item-type.html
 */
import { withoutNoise } from './calculate.ts';
import type { FormItem } from './form.ts';
import { isObject, type JsonObject } from './json.ts';

const TEXT_TYPES: Readonly<Record<string, string>> = {
  string: 'valueString',
  text: 'valueString',
  url: 'valueUri',
  date: 'valueDate',
  dateTime: 'valueDateTime',
  time: 'valueTime',
};

/** The answers, or undefined when a value is not of the item's type or there are more than it may have. */
export function answersOf(item: FormItem, values: readonly unknown[]): readonly JsonObject[] | undefined {
  if (values.length > 1 && !item.repeats) return undefined;
  const answers: JsonObject[] = [];
  for (const value of values) {
    const answer = answerOf(item.type, value);
    if (!answer) return undefined;
    answers.push(answer);
  }
  return answers;
}

function answerOf(type: string, value: unknown): JsonObject | undefined {
  if (type === 'boolean') return typeof value === 'boolean' ? { valueBoolean: value } : undefined;
  if (type === 'integer') return Number.isInteger(value) ? { valueInteger: value } : undefined;
  if (type === 'decimal')
    return typeof value === 'number' ? { valueDecimal: withoutNoise(value) } : undefined;
  if (type === 'quantity') return isObject(value) ? { valueQuantity: value } : undefined;
  if (type === 'choice' || type === 'open-choice')
    return isObject(value) ? { valueCoding: value } : undefined;
  const name = TEXT_TYPES[type];
  return name !== undefined && value !== null && value !== undefined && !isObject(value)
    ? { [name]: String(value) }
    : undefined;
}
