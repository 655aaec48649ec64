/** Equality and order of answer values. */
import fhirpath from 'fhirpath';
import { type AnswerValue, isObject, textOf } from './answer-value.ts';

/**
 * Whether an answer is the value that an option or a condition names. Of a Coding, system and code count; a wanted
 * value that names no system leaves it open.
 */
export function sameValue(wanted: AnswerValue, given: AnswerValue): boolean {
  if (wanted.type !== given.type) return false;
  switch (wanted.type) {
    case 'Coding':
      return sameCoding(wanted.value, given.value);
    case 'Reference':
      return field(wanted.value, 'reference') === field(given.value, 'reference');
    case 'Quantity':
      return compareValues(given, wanted) === 0;
    case 'date':
    case 'dateTime':
    case 'time':
      return given.value === wanted.value || compareValues(given, wanted) === 0;
    default:
      return given.value === wanted.value;
  }
}

/** Negative, zero or positive; undefined when the two cannot be compared (types, units, precision). */
export function compareValues(a: AnswerValue, b: AnswerValue): number | undefined {
  if (typeof a.value === 'number' && typeof b.value === 'number') return a.value - b.value;
  if (a.type === 'Quantity' && b.type === 'Quantity') return compareQuantities(a.value, b.value);
  const [left, right] = [textOf(a.value), textOf(b.value)];
  if (left === undefined || right === undefined || a.type !== b.type) return undefined;
  if (a.type === 'date' || a.type === 'dateTime') return compareTimes(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Compares quantities whose units are the same, or convert into each other by UCUM; without formal units (system and
 * code) on both sides nothing can be said.
 */
function compareQuantities(a: unknown, b: unknown): number | undefined {
  if (!isObject(a) || !isObject(b)) return undefined;
  const [left, right] = [a['value'], b['value']];
  const [leftCode, rightCode] = [textOf(a['code']), textOf(b['code'])];
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  if (leftCode === undefined || rightCode === undefined) return undefined;
  if (a['system'] === undefined || a['system'] !== b['system']) return undefined;
  if (leftCode === rightCode) return left - right;
  if (a['system'] !== 'http://unitsofmeasure.org') return undefined;
  return compareByUcum(left, leftCode, right, rightCode);
}

const UCUM_CODE = /^[!-&(-~]+$/;

/** FHIRPath compares quantities by UCUM; empty when the dimensions differ. */
function compareByUcum(left: number, leftCode: string, right: number, rightCode: string): number | undefined {
  if (!UCUM_CODE.test(leftCode) || !UCUM_CODE.test(rightCode)) return undefined;
  const operands = [`${decimal(left)} '${leftCode}'`, `${decimal(right)} '${rightCode}'`];
  const holds = (operator: string): unknown =>
    fhirpath.evaluate({}, operands.join(operator), undefined, undefined, { async: false })[0];
  const less = holds(' < ');
  if (typeof less !== 'boolean') return undefined;
  if (less) return -1;
  return holds(' > ') === true ? 1 : 0;
}

/** FHIRPath has no exponents. */
function decimal(value: number): string {
  return /e/i.test(String(value)) ? value.toFixed(20) : String(value);
}

/** Dates of the same precision compare as text; instants compare as moments. */
function compareTimes(left: string, right: string): number | undefined {
  if (left.includes('T') !== right.includes('T')) {
    const precision = Math.min(10, left.length, right.length);
    const [a, b] = [left.slice(0, precision), right.slice(0, precision)];
    return a === b ? undefined : a < b ? -1 : 1;
  }
  if (left.includes('T')) {
    const difference = Date.parse(left) - Date.parse(right);
    return Number.isNaN(difference) ? undefined : difference;
  }
  const precision = Math.min(left.length, right.length);
  const [a, b] = [left.slice(0, precision), right.slice(0, precision)];
  if (a === b) return left.length === right.length ? 0 : undefined;
  return a < b ? -1 : 1;
}

function sameCoding(wanted: unknown, given: unknown): boolean {
  if (field(wanted, 'code') !== field(given, 'code')) return false;
  const system = field(wanted, 'system');
  return system === undefined || system === field(given, 'system');
}

function field(holder: unknown, name: string): unknown {
  return isObject(holder) ? holder[name] : undefined;
}
