/**
 * Compiles a profile into the checks that it adds to base R4: a tree of the elements it says something about.
 *
 * @see https://hl7.org/fhir/R4/profiling.html
 */
import type { Element, Structure } from '../../definitions/index.ts';
import { finding } from '../finding.ts';
import { isObject, type JsonObject } from '../json.ts';
import { at, type Place } from '../place.ts';
import { checkInvariants } from '../structure/invariants.ts';
import { stem } from '../structure/names.ts';
import type { ObjectCheck, Run, ValueCheck } from '../structure/run.ts';
import type { Types } from '../structure/types.ts';
import { type Basis, childBasis } from './basis.ts';
import { elementRules } from './element-rules.ts';
import { compileSliceMatch, type SliceMatch } from './slices.ts';

/** What a profile adds to one element, or to one of its slices. */
interface Node {
  readonly name: string;
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** JSON names that the element may have; undefined when it is not a choice. */
  readonly names: readonly string[];
  readonly rules: readonly ValueCheck[];
  readonly children: readonly Node[];
  readonly slices: readonly Slice[];
  /** Whether a value that is in no slice is wrong. */
  readonly closed: boolean;
  /** JSON names of types that the profile excludes from a choice. */
  readonly excluded: readonly string[];
}

interface Slice {
  readonly node: Node;
  readonly match: SliceMatch;
}

interface Given {
  readonly value: unknown;
  readonly name: string;
  readonly index: number;
}

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
  const slices = profile.slices(element.path).flatMap((slice) => {
    const match = compileSliceMatch(profile, element, slice);
    const node = match && compileNode(profile, slice, basis, types);
    // A slice without rules of its own still counts: how often it may be there, and what is left over.
    return match ? [{ match, node: node ?? describe(element, slice) }] : [];
  });
  const isSlice = element.sliceName !== undefined;
  const node: Node = {
    ...describe(element, element),
    min: isSlice || element.min > (base?.min ?? 0) ? element.min : 0,
    max:
      isSlice || element.max < (base?.max ?? Number.POSITIVE_INFINITY)
        ? element.max
        : Number.POSITIVE_INFINITY,
    rules: elementRules(element, base, types),
    children: compileChildren(profile, element, basis, types),
    slices,
    closed: element.slicing?.rules === 'closed',
    excluded: isSlice ? [] : excludedTypes(element, base),
  };
  return saysAnything(node) ? node : undefined;
}

function describe(element: Element, slice: Element): Node {
  const name = stem(element.name);
  const choice = name !== element.name;
  return {
    name,
    label: slice.sliceName === undefined ? name : `${name}:${slice.sliceName}`,
    min: slice.min,
    max: slice.max,
    names: choice ? slice.types.map(({ code }) => name + capital(code)) : [name],
    rules: [],
    children: [],
    slices: [],
    closed: false,
    excluded: [],
  };
}

function saysAnything(node: Node): boolean {
  return (
    node.min > 0 ||
    node.max < Number.POSITIVE_INFINITY ||
    node.rules.length + node.children.length + node.slices.length + node.excluded.length > 0
  );
}

function excludedTypes(element: Element, base: Element | undefined): readonly string[] {
  if (!base?.name.endsWith('[x]')) return [];
  const kept = new Set(element.types.map(({ code }) => code));
  return base.types.filter(({ code }) => !kept.has(code)).map(({ code }) => stem(base.name) + capital(code));
}

function checkNode(node: Node, object: JsonObject, place: Place, run: Run): void {
  for (const name of node.excluded) {
    if (object[name] === undefined) continue;
    const text = `${name} may not be used here. Allowed: ${node.names.join(', ')}.`;
    run.issues.push(finding('structure', 'element-type', at(place, node.name), text));
  }
  const given = valuesOf(node, object);
  checkCount(node, given.length, place, run);
  checkValues(node, given, place, run);
  if (node.slices.length > 0) checkSlices(node, given, place, run);
}

function valuesOf(node: Node, object: JsonObject): readonly Given[] {
  const given: Given[] = [];
  for (const name of node.names) {
    const value = object[name];
    if (Array.isArray(value)) {
      value.forEach((each, index) => {
        if (each !== null) given.push({ value: each, name, index });
      });
    } else if (value !== undefined && value !== null) {
      given.push({ value, name, index: -1 });
    }
  }
  return given;
}

function checkCount(node: Node, count: number, place: Place, run: Run): void {
  if (count < node.min) {
    const text =
      count === 0
        ? `The required element '${node.label}' is missing.`
        : `'${node.label}' is there ${count} times; the least is ${node.min}.`;
    run.issues.push(finding('required', 'element-missing', at(place, node.name), text));
  } else if (count > node.max) {
    const text =
      node.max === 0
        ? `'${node.label}' may not be used here.`
        : `'${node.label}' is there ${count} times; the most is ${node.max}.`;
    run.issues.push(finding('structure', 'cardinality', at(place, node.name), text));
  }
}

function checkValues(node: Node, given: readonly Given[], place: Place, run: Run): void {
  for (const { value, index } of given) {
    for (const rule of node.rules) rule(value, place, node.name, index, run);
    if (node.children.length === 0 || !isObject(value)) continue;
    const here = at(place, node.name, index);
    for (const child of node.children) checkNode(child, value, here, run);
  }
}

function checkSlices(node: Node, given: readonly Given[], place: Place, run: Run): void {
  const rest = new Set(given);
  for (const slice of node.slices) {
    const within = given.filter((each) => slice.match(each.value, each.name));
    for (const each of within) rest.delete(each);
    checkCount(slice.node, within.length, place, run);
    checkValues(slice.node, within, place, run);
  }
  if (!node.closed) return;
  for (const { index } of rest) {
    const text = `This ${node.name} fits none of ${node.slices.map((slice) => `'${slice.node.label}'`).join(', ')}.`;
    run.issues.push(finding('structure', 'slice', at(place, node.name, index), text));
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
