import { optionKey } from './form.ts';
import { givenValue, isObject, type JsonObject } from './json.ts';

/** Numbers nearer than this are one score: clients add decimals in binary, too. */
const TOLERANCE = 1e-6;

/** Whether two lists of answers hold the same values; Codings are compared by system and code. */
export function sameAnswers(a: readonly JsonObject[], b: readonly JsonObject[]): boolean {
  return a.length === b.length && a.every((answer, index) => sameAnswer(answer, b[index]));
}

function sameAnswer(a: JsonObject, b: JsonObject | undefined): boolean {
  const [left, right] = [givenValue(a), b && givenValue(b)];
  if (!left || !right || left.name !== right.name) return left === right;
  if (left.name === 'valueCoding' && isObject(left.value) && isObject(right.value)) {
    return optionKey(left.value) === optionKey(right.value);
  }
  return sameValue(left.value, right.value);
}

function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) < TOLERANCE;
  if (!isObject(a) || !isObject(b)) return a === b;
  return ['value', 'comparator', 'unit', 'system', 'code'].every((name) => sameValue(a[name], b[name]));
}
