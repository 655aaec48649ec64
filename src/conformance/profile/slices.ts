/**
 * Assigns the values of a sliced element to its slices.
 *
 * @see https://hl7.org/fhir/R4/profiling.html#slicing
 */
import type { Element, Structure } from '../../definitions/index.ts';
import { isObject, listOf, matchesPattern, sameJson } from '../json.ts';
import { stem } from '../structure/names.ts';

/** Whether a value, given with its JSON name, belongs to a slice. */
export type SliceMatch = (value: unknown, name: string) => boolean;

/**
 * Compiles the discriminators of a slice; undefined when one of them is of a kind that cannot be judged from the value
 * alone, so that the slice is left unjudged.
 */
export function compileSliceMatch(
  structure: Structure,
  sliced: Element,
  slice: Element,
): SliceMatch | undefined {
  const matches: SliceMatch[] = [];
  for (const { type, path } of sliced.slicing?.discriminators ?? []) {
    const match = compileDiscriminator(structure, slice, type, path);
    if (!match) return undefined;
    matches.push(match);
  }
  return matches.length === 0 ? undefined : (value, name) => matches.every((match) => match(value, name));
}

function compileDiscriminator(
  structure: Structure,
  slice: Element,
  type: string,
  path: string,
): SliceMatch | undefined {
  if (type === 'type' && path === '$this') return typeMatch(slice);
  const steps = path === '$this' ? [] : path.split('.');
  if (type === 'exists') {
    const element = structure.element([slice.path, ...steps].join('.'));
    if (!element) return undefined;
    return (value) => valuesAt(value, steps).length > 0 === element.max > 0;
  }
  if (type !== 'value' && type !== 'pattern') return undefined;
  const wanted = wantedAt(structure, slice.path, steps);
  if (!wanted) return undefined;
  return (value) => valuesAt(value, steps).some(wanted);
}

function typeMatch(slice: Element): SliceMatch {
  const names = new Set(
    slice.types.map(({ code }) => stem(slice.name) + code.charAt(0).toUpperCase() + code.slice(1)),
  );
  return (_value, name) => names.has(name);
}

/** The fixed or pattern value at the end of the path, or the part for it of one that stands above. */
function wantedAt(
  structure: Structure,
  slicePath: string,
  steps: readonly string[],
): ((value: unknown) => boolean) | undefined {
  for (let depth = steps.length; depth >= 0; depth--) {
    const element = structure.element([slicePath, ...steps.slice(0, depth)].join('.'));
    const rest = steps.slice(depth);
    if (element?.fixed !== undefined) {
      const [fixed] = valuesAt(element.fixed, rest);
      if (fixed !== undefined) return (value) => sameJson(fixed, value);
    }
    if (element?.pattern !== undefined) {
      const patterns = valuesAt(element.pattern, rest);
      if (patterns.length > 0) return (value) => patterns.some((pattern) => matchesPattern(pattern, value));
    }
  }
  return undefined;
}

/** The values at the end of a plain path; lists are walked through. */
function valuesAt(value: unknown, steps: readonly string[]): readonly unknown[] {
  let found = listOf(value);
  for (const step of steps) found = found.flatMap((each) => (isObject(each) ? listOf(each[step]) : []));
  return found;
}
