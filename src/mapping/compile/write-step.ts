/** The steps that write one element: the common cases as short closures, everything else in one general step. */
import type { TargetNode } from '../tree.ts';
import {
  type Frame,
  isObject,
  type JsonObject,
  Place,
  type SharedPool,
  type Site,
  type Step,
} from './frame.ts';
import { type Child, isPrimitive, type Shape } from './model.ts';
import type { Variable } from './scope.ts';
import type { ValueCode } from './transforms/call.ts';
import { insertItem, type SlotChoice, writeCompanion, writeSingle } from './write-element.ts';

export type Parent = (frame: Frame) => JsonObject;

/** The element that a target writes. */
export interface TargetElement {
  readonly child: Child;
  /** The type that the element belongs to. */
  readonly shape: Shape;
  readonly parent: Parent;
  /** The variable that the path started from, for the trace. */
  readonly parentSlot: number;
}

export interface Write {
  readonly node: TargetNode;
  readonly site: Site;
  readonly element: TargetElement;
  readonly code: ValueCode;
  readonly variable: Variable | undefined;
  readonly choice: SlotChoice;
  readonly trace: ((frame: Frame, key: string, index: number | undefined) => void) | undefined;
}

/** Whether the target joins what is there already instead of adding to it. */
export function joins(node: TargetNode): 'share' | 'first' | undefined {
  if (node.listModes.includes('share')) return 'share';
  return node.listModes.includes('collate') || node.listModes.includes('single') ? 'first' : undefined;
}

/**
 * The instance of `share name` for the rule's n-th item: the n-th one that any rule with this name made.
 *
 * @see https://hl7.org/fhir/R4/valueset-map-target-list-mode.html
 */
function sharedInstance(
  frame: Frame,
  holder: JsonObject,
  node: TargetNode,
  key: string,
  make: () => unknown,
): unknown {
  frame.run.shared ??= new Map();
  const { shared } = frame.run;
  let pools = shared.get(holder);
  if (!pools) {
    pools = new Map();
    shared.set(holder, pools);
  }
  const name = `${key} ${node.shareName}`;
  const pool: SharedPool = pools.get(name) ?? { items: [], taken: new Map() };
  pools.set(name, pool);
  const next = pool.taken.get(node) ?? 0;
  pool.taken.set(node, next + 1);
  if (next === pool.items.length) pool.items.push(make());
  return pool.items[next];
}

function listOf(holder: JsonObject, key: string): unknown[] {
  const list = holder[key];
  if (list !== undefined) return list as unknown[];
  const made: unknown[] = [];
  holder[key] = made;
  return made;
}

/** Writes an item into a list; gives back the item that stands there. */
function writeItem(frame: Frame, write: Write, holder: JsonObject, key: string, value: unknown): unknown {
  const { node, site, code } = write;
  const join = code.isFresh ? joins(node) : undefined;
  const list = listOf(holder, key);
  if (join === 'first' && list.length > 0) return list[0];
  if (join === 'share') {
    return sharedInstance(frame, holder, node, key, () => {
      list.push(value);
      return value;
    });
  }
  if (node.listModes.length > 0) insertItem(frame.run, list, value, node, site);
  else list.push(value ?? null);
  return value;
}

/** Writes an element that is there at most once. An element without a transform is the one that is there already. */
function writeOnly(write: Write, holder: JsonObject, key: string, value: unknown): unknown {
  const { node, code, element, site } = write;
  if (code.isFresh && !node.transform && holder[key] !== undefined) return holder[key];
  if (element.child.isChoice) refuseSecondChoice(write, holder, key);
  if (value !== undefined) writeSingle(holder, key, value, site);
  return value;
}

/** `valueString` and `valueInteger` cannot both be there. */
function refuseSecondChoice({ element, site }: Write, holder: JsonObject, key: string): void {
  const { child } = element;
  for (const other in holder) {
    if (other === key || !other.startsWith(child.name)) continue;
    if (child.alternatives.some((each) => each.key === other)) writeSingle(holder, other, undefined, site);
  }
}

function generalStep(write: Write): Step {
  const { element, code, variable, choice, trace } = write;
  const { child, parent } = element;
  return (frame) => {
    const made = code.value(frame) ?? undefined;
    const companion = code.companion?.(frame);
    if (variable) frame.slots[variable.slot] = undefined;
    if (made === undefined && companion === undefined) return;
    const slot = choice.fixed ?? choice.choose(made, code.type?.(frame));
    const holder = parent(frame);
    const fitted = made === undefined ? undefined : slot.convert(made);
    const value = child.isList
      ? writeItem(frame, write, holder, slot.key, fitted)
      : writeOnly(write, holder, slot.key, fitted);
    const index =
      child.isList && (companion !== undefined || trace)
        ? (holder[slot.key] as unknown[]).lastIndexOf(value ?? null)
        : undefined;
    writeCompanion(holder, slot.key, companion, index);
    if (variable) frame.slots[variable.slot] = value;
    trace?.(frame, slot.key, index);
  };
}

/** A literal into a single element. */
function literalStep({ element, choice, site }: Write, literal: unknown): Step | undefined {
  const { fixed } = choice;
  if (!fixed || !isPrimitive(fixed.shape)) return undefined;
  const { key } = fixed;
  const value = fixed.convert(literal);
  const { parent } = element;
  return (frame) => writeSingle(parent(frame), key, value, site);
}

/** A value of known type into a single element. */
function singleStep(write: Write): Step | undefined {
  const { element, choice, code, variable, site } = write;
  const { fixed } = choice;
  const isChoice = element.child.alternatives.length > 1;
  if (!fixed || (code.isFresh && !code.isExplicit)) return undefined;
  const { key, convert } = fixed;
  const { parent } = element;
  const read = code.value;
  const readCompanion = code.companion;
  if (!readCompanion && !variable && !isChoice)
    return (frame) => {
      const made = read(frame);
      if (made !== undefined && made !== null) writeSingle(parent(frame), key, convert(made), site);
    };
  return (frame) => {
    const made = read(frame) ?? undefined;
    const companion = readCompanion?.(frame);
    const value = made === undefined ? undefined : convert(made);
    if (variable) frame.slots[variable.slot] = value;
    if (value === undefined && companion === undefined) return;
    const holder = parent(frame);
    if (isChoice) refuseSecondChoice(write, holder, key);
    if (value !== undefined) writeSingle(holder, key, value, site);
    if (companion !== undefined) writeCompanion(holder, key, companion, undefined);
  };
}

/** A fresh object at the end of a list. */
function freshItemStep({ element, choice, code, variable }: Write): Step | undefined {
  const { fixed } = choice;
  if (!fixed || !code.isFresh || !variable) return undefined;
  const { key } = fixed;
  const { slot } = variable;
  const { parent } = element;
  const make = code.value;
  return (frame) => {
    const value = make(frame);
    listOf(parent(frame), key).push(value);
    frame.slots[slot] = value;
  };
}

/** The step for a write. */
export function writeStep(write: Write): Step {
  const { node, element, code, trace, variable } = write;
  const { child } = element;
  const isPlain = !trace && node.listModes.length === 0;
  if (!isPlain) return generalStep(write);
  if (child.isList) return freshItemStep(write) ?? generalStep(write);
  const isPlainLiteral = code.literal !== undefined && !variable && child.alternatives.length === 1;
  const literal = isPlainLiteral ? literalStep(write, code.literal) : undefined;
  return literal ?? singleStep(write) ?? generalStep(write);
}

/** Takes away an object that a target made and nothing filled. */
export function pruneEmpty(element: TargetElement, variable: Variable): Step {
  const { slot } = variable;
  const { isList, alternatives } = element.child;
  return (frame) => {
    const value = frame.slots[slot];
    if (!isObject(value) || value instanceof Place) return;
    for (const _ in value) return;
    const holder = element.parent(frame);
    for (const { key } of alternatives) {
      if (!isList && holder[key] === value) delete holder[key];
      const list = isList ? holder[key] : undefined;
      if (!Array.isArray(list)) continue;
      const index = list.lastIndexOf(value);
      if (index >= 0) list.splice(index, 1);
      if (list.length === 0) delete holder[key];
    }
  };
}
