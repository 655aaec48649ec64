/**
 * The members that an object may have, by JSON name: `status`, `_status`, `valueString`, …
 *
 * @see https://hl7.org/fhir/R4/json.html#primitive
 */
import type { Element, Structure } from '../../definitions/index.ts';
import { isObject, type JsonObject, kindOf } from '../json.ts';
import { at, type Place } from '../place.ts';
import { stem } from './names.ts';
import { type Run, report, type ValueCheck } from './run.ts';
import type { Types } from './types.ts';
import { compileValue } from './values.ts';

export interface Member {
  /** Element name, without `[x]` and type. */
  readonly name: string;
  /** Set when an object has the member; 0 when nobody asks. */
  readonly bit: number;
  readonly choice: boolean;
  readonly check: MemberCheck;
}

type MemberCheck = (value: unknown, object: JsonObject, place: Place, run: Run) => void;

/** Compiles the members of all elements. */
export function compileMembers(
  structure: Structure,
  elements: readonly Element[],
  bits: ReadonlyMap<Element, number>,
  types: Types,
): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  for (const element of elements) {
    const name = stem(element.name);
    const choice = name !== element.name;
    const bit = bits.get(element) ?? 0;
    for (const type of element.types.length > 0 ? element.types : [undefined]) {
      const key = choice && type ? name + capital(type.code) : name;
      const value = compileValue(structure, element, type, types);
      const list = element.max > 1;
      const check = list ? listCheck(name, key, element.max, value) : singleCheck(name, value.check);
      members.set(key, { name, bit, choice, check });
      if (!value.primitive) continue;
      const companion = list ? listCompanion(name, key, types) : singleCompanion(name, key, types);
      members.set(`_${key}`, { name, bit, choice, check: companion });
    }
  }
  return members;
}

function singleCheck(name: string, check: ValueCheck): MemberCheck {
  return (value, _object, place, run) => {
    if (value === null || value === undefined) {
      report(
        run,
        'structure',
        'element-type',
        place,
        name,
        -1,
        `${name} must not be null: leave it out instead.`,
      );
    } else if (Array.isArray(value)) {
      report(
        run,
        'structure',
        'element-type',
        place,
        name,
        -1,
        `${name} does not repeat, so it must not be a list.`,
      );
    } else {
      check(value, place, name, -1, run);
    }
  };
}

function listCheck(
  name: string,
  key: string,
  max: number,
  value: { readonly check: ValueCheck; readonly primitive: boolean },
): MemberCheck {
  return (values, object, place, run) => {
    if (!Array.isArray(values)) {
      const text = `${name} repeats, so it must be a list, not ${kindOf(values)}.`;
      report(run, 'structure', 'element-type', place, name, -1, text);
      return;
    }
    if (values.length === 0) {
      report(
        run,
        'invalid',
        'element-empty',
        place,
        name,
        -1,
        `${name} must not be an empty list: leave it out.`,
      );
    } else if (values.length > max) {
      const text = `${name} is there ${values.length} times; the most is ${max}.`;
      report(run, 'structure', 'cardinality', place, name, -1, text);
    }
    const companions = value.primitive ? object[`_${key}`] : undefined;
    for (let index = 0; index < values.length; index++) {
      const each: unknown = values[index];
      if (each !== null && each !== undefined) value.check(each, place, name, index, run);
      else if (!isObject(Array.isArray(companions) ? companions[index] : undefined)) {
        report(run, 'structure', 'element-type', place, name, index, `${name} must not hold null.`);
      }
    }
  };
}

type CompanionCheck = (companion: JsonObject, hasValue: boolean, place: Place, run: Run) => void;

/**
 * The id and extensions of a primitive value; an id alone is only enough beside the value.
 *
 * @see https://hl7.org/fhir/R4/json.html#primitive
 */
function companionCheck(types: Types): CompanionCheck {
  const check = types.complex('Element');
  if (!check) throw new Error('No definition of Element.');
  return (companion, hasValue, place, run) => {
    const idOnly = typeof companion['id'] === 'string' && Object.keys(companion).length === 1;
    if (!(hasValue && idOnly)) check(companion, place, run);
  };
}

function singleCompanion(name: string, key: string, types: Types): MemberCheck {
  const check = companionCheck(types);
  return (value, object, place, run) => {
    if (isObject(value)) {
      check(value, object[key] !== undefined, at(place, name), run);
      return;
    }
    const text = `_${name} must be an object, not ${kindOf(value)}.`;
    report(run, 'structure', 'element-type', place, name, -1, text);
  };
}

function listCompanion(name: string, key: string, types: Types): MemberCheck {
  const check = companionCheck(types);
  return (values, object, place, run) => {
    if (!Array.isArray(values)) {
      const text = `_${name} must be a list, not ${kindOf(values)}.`;
      report(run, 'structure', 'element-type', place, name, -1, text);
      return;
    }
    const main: unknown = object[key];
    if (Array.isArray(main) && main.length < values.length) {
      report(run, 'structure', 'cardinality', place, name, -1, `_${name} is longer than ${name}.`);
    }
    for (const [index, value] of values.entries()) {
      if (isObject(value)) {
        const hasValue = Array.isArray(main) && main[index] !== null && main[index] !== undefined;
        check(value, hasValue, at(place, name, index), run);
      } else if (value !== null) {
        const text = `_${name} must hold objects and null, not ${kindOf(value)}.`;
        report(run, 'structure', 'element-type', place, name, index, text);
      }
    }
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
