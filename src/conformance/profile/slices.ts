/**
 * Assigns the values of a sliced element to its slices.
 *
 * @see https://hl7.org/fhir/R4/profiling.html#slicing
 */
import type { Element, Structure } from '../../definitions/index.ts';
import { isObject, matchesPattern, sameJson } from '../json.ts';
import { rootPlace } from '../place.ts';
import { targetTypeOf } from '../reference-target.ts';
import { stem } from '../structure/names.ts';
import type { Run } from '../structure/run.ts';
import type { Types } from '../structure/types.ts';
import { type Found, type PathStep, readPath, typeOf, valuesAt } from './discriminator-path.ts';
import { elementsAt, type Located } from './locate-element.ts';

/** Whether a value, given with its JSON name, belongs to a slice. */
export type SliceMatch = (value: unknown, name: string, run: Run) => boolean;

type Matcher = (found: readonly Found[], run: Run) => boolean;

/**
 * Compiles the discriminators of a slice; undefined when one of them is of a kind that cannot be judged from the value
 * alone, so that the slice is left unjudged.
 */
export function compileSliceMatch(
  structure: Structure,
  sliced: Element,
  slice: Element,
  types: Types,
): SliceMatch | undefined {
  const matches: SliceMatch[] = [];
  // A choice is sliced by type, whether or not a profile says so.
  const implied = stem(sliced.name) === sliced.name ? [] : [{ type: 'type', path: '$this' }];
  const stated = sliced.slicing?.discriminators ?? [];
  for (const { type, path } of stated.length > 0 ? stated : implied) {
    const steps = readPath(path);
    if (!steps) return undefined;
    const located = elementsAt(structure, slice, steps, types.definitions);
    const matcher = compileMatcher(type, located, types);
    if (!matcher) return undefined;
    const choice = stem(slice.name);
    matches.push((value, name, run) => {
      const own = name.length > choice.length ? name.slice(choice.length) : slice.types[0]?.code;
      return matcher(valuesAt({ value, type: own }, endOf(type, steps), run), run);
    });
  }
  if (matches.length === 0) return undefined;
  return (value, name, run) => matches.every((match) => match(value, name, run));
}

/** The type of a reference's target may be told by the reference itself, when the target is elsewhere. */
function endOf(type: string, steps: readonly PathStep[]): readonly PathStep[] {
  return type === 'type' && steps.at(-1)?.kind === 'resolve' ? steps.slice(0, -1) : steps;
}

function compileMatcher(type: string, located: Located, types: Types): Matcher | undefined {
  switch (type) {
    case 'value':
    case 'pattern':
      return valueMatcher(located, types);
    case 'exists':
      return existsMatcher(located);
    case 'type':
      return typeMatcher(located, types);
    case 'profile':
      return profileMatcher(located, types);
    default:
      return undefined;
  }
}

/** By a fixed or pattern value, else by a required binding. */
function valueMatcher({ elements, inherited }: Located, types: Types): Matcher | undefined {
  if (inherited) return (found) => found.some(({ value }) => inherited(value));
  for (const { fixed, pattern, binding } of elements) {
    if (fixed !== undefined) return (found) => found.some(({ value }) => sameJson(fixed, value));
    if (pattern !== undefined) return (found) => found.some(({ value }) => matchesPattern(pattern, value));
    const codes = binding?.strength === 'required' ? types.definitions.valueSet(binding.valueSet) : undefined;
    if (codes) return (found) => found.some(({ value }) => holdsCode(value, codes));
  }
  return undefined;
}

function holdsCode(value: unknown, codes: { has(code: string, system?: string): boolean }): boolean {
  if (typeof value === 'string') return codes.has(value);
  if (!isObject(value)) return false;
  const { coding, code, system } = value;
  if (Array.isArray(coding)) return coding.some((each) => holdsCode(each, codes));
  return typeof code === 'string' && codes.has(code, typeof system === 'string' ? system : '');
}

function existsMatcher({ elements }: Located): Matcher | undefined {
  const element = elements[0];
  if (!element) return undefined;
  return (found) => found.length > 0 === element.max > 0;
}

function typeMatcher({ elements, resolved }: Located, types: Types): Matcher | undefined {
  const element = elements[0];
  if (!element) return undefined;
  const names = new Set(element.types.flatMap((type) => namesOf(type, resolved, types)));
  if (names.has('Resource')) return (found) => found.length > 0;
  return (found, run) =>
    found.some((each) => {
      const type = resolved && isObject(each.value) ? targetType(each.value, run, types) : typeOf(each);
      return (
        type !== undefined && (names.has(type) || names.has(type.charAt(0).toLowerCase() + type.slice(1)))
      );
    });
}

function namesOf(type: Element['types'][number], resolved: boolean, types: Types): readonly string[] {
  if (!resolved) return [type.code];
  return (type.targetProfiles ?? []).map(
    (url) => types.definitions.structure(url)?.type ?? url.slice(url.lastIndexOf('/') + 1),
  );
}

function targetType(reference: Record<string, unknown>, run: Run, types: Types): string | undefined {
  const [target] = valuesAt({ value: reference, type: undefined }, [{ kind: 'resolve' }], run);
  return (target && typeOf(target)) ?? targetTypeOf(reference, types.definitions.resourceTypes);
}

/** A value that a profile finds no error in. */
function profileMatcher({ elements, resolved }: Located, types: Types): Matcher | undefined {
  const profiles = elements[0]?.types.flatMap(
    (type) => (resolved ? type.targetProfiles : type.profiles) ?? [],
  );
  if (!profiles || profiles.length === 0) return undefined;
  return (found, run) =>
    found.some(({ value }) => isObject(value) && profiles.some((url) => conforms(value, url, run, types)));
}

/** Whether an object is of a profile's type and free of errors by it. */
export function conforms(value: Record<string, unknown>, url: string, run: Run, types: Types): boolean {
  const profile = types.definitions.structure(url);
  const stated = value['resourceType'];
  if (!profile || (typeof stated === 'string' && stated !== profile.type)) return false;
  const place = rootPlace(profile.type);
  const isResource = typeof stated === 'string';
  const trial: Run = {
    ...run,
    issues: [],
    ...(isResource && { resource: value, rootResource: value, base: place }),
  };
  types.profile(url)?.(value, place, trial);
  return trial.issues.every(({ severity }) => severity !== 'error' && severity !== 'fatal');
}
