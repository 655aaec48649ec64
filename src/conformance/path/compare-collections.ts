/** Equality and order of collections, where plain JSON tells enough. */
import { sameJson } from '../json.ts';
import { type Collection, UNDECIDED, Valueless } from './collection.ts';

/** Dates of another precision, times and quantities are equal in other ways than text or JSON is. */
const TEMPORAL = /^(?:\d{4}(?:-\d{2}|$)|\d{2}:\d{2})/;

/** Whether two values are equal. */
export function equalValues(a: unknown, b: unknown): boolean {
  if (a instanceof Valueless || b instanceof Valueless) throw UNDECIDED;
  if (typeof a === 'object' || typeof b === 'object') {
    if (a === b) return true;
    if (typeof a !== typeof b) throw UNDECIDED;
    if (mayBeQuantity(a) || mayBeQuantity(b)) throw UNDECIDED;
    return sameJson(a, b);
  }
  if (a === b) return true;
  if (typeof a === 'string' && TEMPORAL.test(a) && TEMPORAL.test(String(b))) throw UNDECIDED;
  return false;
}

function mayBeQuantity(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'value' in value && typeof value.value === 'number';
}

/** `=`; undefined when either is empty. */
export function equal(a: Collection, b: Collection): boolean | undefined {
  if (a.length === 0 || b.length === 0) return undefined;
  return a.length === b.length && a.every((value, index) => equalValues(value, b[index]));
}

/** The order of two single numbers; undefined when either is empty. */
export function order(a: Collection, b: Collection): number | undefined {
  if (a.length === 0 || b.length === 0) return undefined;
  const [left, right] = [a[0], b[0]];
  if (a.length > 1 || b.length > 1 || typeof left !== 'number' || typeof right !== 'number') throw UNDECIDED;
  return left - right;
}

export function holds(collection: Collection, value: unknown): boolean {
  return collection.some((each) => equalValues(each, value));
}

/** Without repetitions. */
export function distinct(collection: Collection): Collection {
  if (collection.length > 1 && collection.every((each) => typeof each === 'string')) {
    const texts = new Set(collection);
    if (texts.size === collection.length && !collection.some((each) => TEMPORAL.test(String(each))))
      return collection;
  }
  const found: unknown[] = [];
  for (const each of collection) if (!holds(found, each)) found.push(each);
  return found;
}
