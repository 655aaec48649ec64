/**
 * How a number was written, where its double is written otherwise: `1.0` is a decimal, and no integer in FHIR.
 *
 * @see https://hl7.org/fhir/R4/datatypes.html#integer
 */
import { digitsOf, hasDigits } from '../../exact-json.ts';
import { isObject } from '../json.ts';
import { type Place, placesFrom } from '../place.ts';
import type { Run } from './run.ts';

/** Digits of the number at an element of `parent`; undefined when they are those of the double. */
export function digitsAt(parent: Place, step: string, index: number, run: Run): string | undefined {
  if (!hasDigits(run.resource)) return undefined;
  let holder: unknown = run.resource;
  for (const place of placesFrom(run.base, parent)) holder = memberOf(holder, place.step, place.index);
  if (index < 0) return isObject(holder) ? digitsOf(holder, nameIn(holder, step)) : undefined;
  const list = memberOf(holder, step, -1);
  return Array.isArray(list) ? digitsOf(list, index) : undefined;
}

function memberOf(holder: unknown, step: string, index: number): unknown {
  if (!isObject(holder)) return undefined;
  const member = holder[nameIn(holder, step)];
  return index >= 0 && Array.isArray(member) ? member[index] : member;
}

/** Places name a choice without its type; JSON has it in the name. */
function nameIn(holder: object, step: string): string {
  if (step in holder) return step;
  return (
    Object.keys(holder).find((key) => key.startsWith(step) && /^[A-Z]/.test(key.slice(step.length))) ?? step
  );
}
