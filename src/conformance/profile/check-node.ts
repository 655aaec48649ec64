/**
 * Judges an object by a compiled profile.
 *
 * @see https://hl7.org/fhir/R4/profiling.html
 */
import { finding } from '../finding.ts';
import { isObject, type JsonObject } from '../json.ts';
import { at, type Place } from '../place.ts';
import type { Run } from '../structure/run.ts';
import { type Given, type Node, within } from './node.ts';

/** Judges the values of one element of an object. */
export function checkNode(node: Node, object: JsonObject, place: Place, run: Run): void {
  const wrong = node.excluded.find((name) => object[name] !== undefined);
  if (wrong !== undefined) {
    const text = `${wrong} may not be used here. Allowed: ${node.names.join(', ')}.`;
    run.issues.push(finding('structure', 'element-type', at(place, node.name), text));
    return;
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
    const companion = object[`_${name}`];
    if (value === undefined && companion === undefined) continue;
    if (!Array.isArray(value) && !Array.isArray(companion)) {
      given.push({ value, companion: asObject(companion), name, index: -1 });
      continue;
    }
    const [values, companions] = [asList(value), asList(companion)];
    const length = Math.max(values.length, companions.length);
    for (let index = 0; index < length; index++) {
      given.push({ value: values[index] ?? undefined, companion: asObject(companions[index]), name, index });
    }
  }
  return given;
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const asObject = (value: unknown): JsonObject | undefined => (isObject(value) ? value : undefined);

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
  for (const { value, companion, name, index } of given) {
    if (value !== undefined) {
      for (const rule of node.rules.get(name) ?? []) rule(value, place, node.name, index, run);
    }
    const inner = asObject(value) ?? companion;
    if (node.children.length === 0 || !inner) continue;
    const here = at(place, node.name, index);
    const inside = within(inner, node.name, here, run);
    for (const child of node.children) checkNode(child, inner, here, inside);
  }
}

function checkSlices(node: Node, given: readonly Given[], place: Place, run: Run): void {
  const sliceOf = new Map<Given, number>();
  for (const [order, slice] of node.slices.entries()) {
    const fitting = given.filter((each) => slice.match(each.value, each.name, run));
    for (const each of fitting) if (!sliceOf.has(each)) sliceOf.set(each, order);
    checkCount(slice.node, fitting.length, place, run);
    checkValues(slice.node, fitting, place, run);
    if (slice.node.slices.length > 0) checkSlices(slice.node, fitting, place, run);
  }
  checkOrder(node, given, sliceOf, place, run);
}

function checkOrder(
  node: Node,
  given: readonly Given[],
  sliceOf: ReadonlyMap<Given, number>,
  place: Place,
  run: Run,
): void {
  let last = -1;
  let open = false;
  const wrong = (index: number, text: string) =>
    run.issues.push(finding('structure', 'slice', at(place, node.name, index), text));
  for (const each of given) {
    const order = sliceOf.get(each);
    if (order === undefined) {
      open = true;
      if (!node.slicing.closed) continue;
      const labels = node.slices.map((slice) => `'${slice.node.label}'`).join(', ');
      wrong(each.index, `This ${node.name} fits none of ${labels}.`);
      continue;
    }
    const label = node.slices[order]?.node.label;
    if (open && node.slicing.openAtEnd)
      wrong(each.index, `'${label}' must stand before all that fits no slice.`);
    if (node.slicing.ordered && order < last) {
      wrong(each.index, `'${label}' must stand before '${node.slices[last]?.node.label}'.`);
    }
    last = Math.max(last, order);
  }
}
