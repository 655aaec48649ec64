/**
 * Compiles the content of an object: which members it may have, which it must have, and how each is judged.
 *
 * @see https://hl7.org/fhir/R4/json.html
 */
import type { Element, Structure } from '../../definitions/index.ts';
import { finding } from '../finding.ts';
import type { JsonObject } from '../json.ts';
import { at, type Place } from '../place.ts';
import { showable } from '../showable.ts';
import { compileMembers, type Member } from './members.ts';
import { stem } from './names.ts';
import type { ObjectCheck, Run } from './run.ts';
import type { Types } from './types.ts';

interface Content {
  readonly members: ReadonlyMap<string, Member>;
  /** Elements that must be there, with the bit that their members set. */
  readonly required: readonly { readonly name: string; readonly bit: number }[];
  readonly isResource: boolean;
}

/** The check of the object that `path` of a structure describes. */
export function compileObject(
  structure: Structure,
  path: string,
  types: Types,
  isResource = false,
): ObjectCheck {
  const elements = structure.children(path);
  const bits = assignBits(elements);
  const content: Content = {
    members: compileMembers(structure, elements, bits, types),
    required: elements
      .filter((element) => element.min > 0)
      .map((element) => ({ name: stem(element.name), bit: bits.get(element) ?? 0 })),
    isResource,
  };
  const requiredMask = content.required.reduce((mask, { bit }) => mask | bit, 0);
  return (object, place, run) => {
    const seen = checkMembers(object, place, run, content);
    if ((requiredMask & ~seen) !== 0) reportMissing(content, seen, place, run);
  };
}

/** Choices and required elements get a bit each, so that one number remembers what was seen. */
function assignBits(elements: readonly Element[]): ReadonlyMap<Element, number> {
  const marked = elements.filter((element) => element.min > 0 || element.name.endsWith('[x]'));
  if (marked.length > 31)
    throw new Error(`More than 31 choices and required elements at ${marked[0]?.path}.`);
  return new Map(marked.map((element, index) => [element, 1 << index]));
}

function checkMembers(object: JsonObject, place: Place, run: Run, content: Content): number {
  let seen = 0;
  let count = 0;
  let conflict: Member | undefined;
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    const member = content.members.get(key);
    if (!member) {
      if (content.isResource && key === 'resourceType') continue;
      reportUnknown(key, place, run, content);
      count++;
      continue;
    }
    if (member.choice && (seen & member.bit) !== 0) conflict = member;
    seen |= member.bit;
    if (key !== 'id') count++;
    member.check(value, object, place, run);
  }
  if (conflict) reportConflict(conflict, object, place, run, content);
  if (count === 0 && !content.isResource) {
    const text = 'ele-1: An element must not be empty: leave it out instead.';
    run.issues.push({ ...finding('invariant', 'element-empty', place, text), key: 'ele-1' });
  }
  return seen;
}

function reportUnknown(key: string, place: Place, run: Run, content: Content): void {
  const shown = showable(key);
  const here = place.parent ? place.step : `a ${place.step}`;
  const what = shown ? `'${shown}' is not an element` : 'There is an unknown element';
  const text = `${what} of ${here}.${run.hint(key, content.members.keys())}`;
  run.issues.push(finding('structure', 'element-unknown', shown ? at(place, shown) : place, text));
}

/** Two members of one choice: unless they are a value and its own extensions. */
function reportConflict(member: Member, object: JsonObject, place: Place, run: Run, content: Content): void {
  const names = Object.keys(object).filter((key) => content.members.get(key)?.bit === member.bit);
  const values = new Set(names.map((key) => (key.startsWith('_') ? key.slice(1) : key)));
  if (values.size < 2) return;
  const text = `Only one of ${[...values].join(', ')} may be there.`;
  run.issues.push(finding('structure', 'choice', at(place, member.name), text));
}

function reportMissing(content: Content, seen: number, place: Place, run: Run): void {
  for (const { name, bit } of content.required) {
    if ((seen & bit) !== 0) continue;
    const text = `The required element '${name}' is missing.`;
    run.issues.push(finding('required', 'element-missing', at(place, name), text));
  }
}
