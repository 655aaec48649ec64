/**
 * Compiles a profile into the checks that it adds to base R4.
 *
 * @see https://hl7.org/fhir/R4/profiling.html
 */
import type { Element, Structure } from '../../definitions/index.ts';
import { checkInvariants } from '../structure/invariants.ts';
import { stem } from '../structure/names.ts';
import type { ObjectCheck, ValueCheck } from '../structure/run.ts';
import type { Types } from '../structure/types.ts';
import { type Basis, childBasis } from './basis.ts';
import { checkNode } from './check-node.ts';
import { elementRules } from './element-rules.ts';
import { type Node, type Slice, saysAnything } from './node.ts';
import { compileSliceMatch } from './slices.ts';

/** The check of what the profile adds; base R4 is judged on its own. */
export function compileProfile(profile: Structure, types: Types): ObjectCheck {
  const root = profile.elements[0];
  const base = types.definitions.structure(profile.type);
  if (!root || !base) throw new Error(`The profile ${profile.url} constrains a type that is not known.`);
  const basis: Basis = { structure: base, path: base.type };
  const children = compileChildren(profile, root, basis, types);
  const known = new Set(base.elements[0]?.constraints.map(({ key }) => key));
  const invariants = checkInvariants(root.constraints, profile.type, known);
  return (object, place, run) => {
    for (const child of children) checkNode(child, object, place, run);
    for (const invariant of invariants) invariant(object, place, run);
  };
}

function compileChildren(
  profile: Structure,
  element: Element,
  basis: Basis | undefined,
  types: Types,
): readonly Node[] {
  return profile
    .children(element.path)
    .map((child) =>
      compileNode(profile, child, childBasis(basis, child.name, element.types, types.definitions), types),
    )
    .filter((node) => node !== undefined);
}

/** Undefined when the profile says no more than base R4. */
function compileNode(
  profile: Structure,
  element: Element,
  basis: Basis | undefined,
  types: Types,
): Node | undefined {
  const base = basis?.structure.element(basis.path);
  const stated = profile.slices(element.path);
  const slices = stated.flatMap((slice) => compileSlice(profile, element, slice, basis, types));
  const isSlice = element.sliceName !== undefined;
  const rules = element.slicing?.rules;
  const node: Node = {
    ...describe(element),
    min: isSlice || element.min > (base?.min ?? 0) ? element.min : 0,
    max:
      isSlice || element.max < (base?.max ?? Number.POSITIVE_INFINITY)
        ? element.max
        : Number.POSITIVE_INFINITY,
    rules: compileRules(element, base, types),
    children: compileChildren(profile, element, basis, types),
    slices,
    slicing: {
      // What is in a slice that cannot be judged must not look like what is in none.
      closed: rules === 'closed' && slices.length === stated.length,
      openAtEnd: rules === 'openAtEnd' && slices.length === stated.length,
      ordered: element.slicing?.ordered === true,
    },
    excluded: isSlice ? [] : excludedTypes(element, base),
  };
  return saysAnything(node) ? node : undefined;
}

function compileSlice(
  profile: Structure,
  sliced: Element,
  slice: Element,
  basis: Basis | undefined,
  types: Types,
): readonly Slice[] {
  const match = compileSliceMatch(profile, sliced, slice, types);
  if (!match) return [];
  // A slice without rules of its own still counts: how often it may be there, and what is left over.
  return [{ match, node: compileNode(profile, slice, basis, types) ?? describe(slice) }];
}

function compileRules(
  element: Element,
  base: Element | undefined,
  types: Types,
): ReadonlyMap<string, readonly ValueCheck[]> {
  const rules = new Map<string, readonly ValueCheck[]>();
  const name = stem(element.name);
  const choice = name !== element.name;
  for (const type of element.types) {
    const checks = elementRules(element, type, base, types);
    if (checks.length > 0) rules.set(choice ? name + capital(type.code) : name, checks);
  }
  return rules;
}

function describe(element: Element): Node {
  const name = stem(element.name);
  const choice = name !== element.name;
  return {
    name,
    label: element.sliceName === undefined ? name : `${name}:${element.sliceName}`,
    min: element.min,
    max: element.max,
    names: choice ? element.types.map(({ code }) => name + capital(code)) : [name],
    rules: new Map(),
    children: [],
    slices: [],
    slicing: { closed: false, openAtEnd: false, ordered: false },
    excluded: [],
  };
}

function excludedTypes(element: Element, base: Element | undefined): readonly string[] {
  if (!base?.name.endsWith('[x]')) return [];
  const kept = new Set(element.types.map(({ code }) => code));
  return base.types.filter(({ code }) => !kept.has(code)).map(({ code }) => stem(base.name) + capital(code));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
