/** Writes values into elements of the target: lists, choices, primitives, list modes. */
import { didYouMean } from '../suggestion.ts';
import type { TargetNode } from '../tree.ts';
import { type Frame, failAt, isObject, type JsonObject, Place, type Run, type Site } from './frame.ts';
import { type Alternative, type Child, isPrimitive, type Shape, typeName } from './model.ts';
import { CastFailure, castPrimitive, guessTypes, jsonTypeOf } from './primitive.ts';
import type { Scope } from './scope.ts';
import type { ValueCode } from './transforms/call.ts';

/** Primitives that may stand for each other where the exact type is not offered, the nearest first. */
const NEAR: Readonly<Record<string, readonly string[]>> = {
  code: ['string'],
  id: ['string'],
  markdown: ['string'],
  string: ['markdown'],
  positiveInt: ['integer', 'decimal'],
  unsignedInt: ['integer', 'decimal'],
  integer: ['decimal'],
  url: ['uri', 'string'],
  canonical: ['uri', 'string'],
  oid: ['uri', 'string'],
  uuid: ['uri', 'string'],
  uri: ['url', 'string'],
  instant: ['dateTime'],
  date: ['dateTime'],
};

/** Where a value goes and how it is made fit. */
export interface Slot {
  readonly key: string;
  readonly shape: Shape;
  convert(value: unknown): unknown;
}

function fitPrimitive(site: Site, to: Shape, from: Shape | undefined): (value: unknown) => unknown {
  const type = typeName(to);
  const cast = (value: unknown): unknown => {
    try {
      return castPrimitive(value, type);
    } catch (error) {
      if (!(error instanceof CastFailure)) throw error;
      return failAt(site, `'${type}' is wanted, but this is ${error.message}`, error);
    }
  };
  if (!from || typeName(from) !== type) return cast;
  const jsonType = jsonTypeOf(type);
  return (value) => (typeof value === jsonType ? value : cast(value));
}

/** Text from `reference()` and `pointer()` may go straight into a Reference. */
function fitReference(value: unknown): unknown {
  return typeof value === 'string' ? { reference: value } : value;
}

function fitObject(site: Site, to: Shape): (value: unknown) => unknown {
  return (value) =>
    isObject(value) ? value : failAt(site, `a ${typeName(to)} is wanted, but this is a ${typeof value}`);
}

/** How a value of a known type goes into one alternative of an element; undefined when it cannot. */
function fitInto(
  scope: Scope,
  site: Site,
  { key, shape }: Alternative,
  from: Shape | undefined,
): Slot | undefined {
  if (isPrimitive(shape)) {
    if (from && !isPrimitive(from)) return undefined;
    return { key, shape, convert: fitPrimitive(site, shape, from) };
  }
  if (!from)
    return { key, shape, convert: typeName(shape) === 'Reference' ? fitReference : fitObject(site, shape) };
  if (isPrimitive(from))
    return typeName(shape) === 'Reference' && typeName(from) === 'string'
      ? { key, shape, convert: fitReference }
      : undefined;
  const { models } = scope.build;
  if (models.isKindOf(from, shape)) return { key, shape: from, convert: (value) => value };
  return models.isKindOf(shape, from) ? { key, shape, convert: (value) => value } : undefined;
}

/** The slot for a value of one known type. */
function slotFor(scope: Scope, site: Site, child: Child, from: Shape): Slot | undefined {
  const only = child.alternatives.length === 1 ? child.alternatives[0] : undefined;
  if (only) return fitInto(scope, site, only, from);
  const name = typeName(from);
  for (const wanted of [name, ...(Object.hasOwn(NEAR, name) ? (NEAR[name] ?? []) : [])]) {
    const match = child.alternatives.find((each) => typeName(each.shape) === wanted);
    if (match) return fitInto(scope, site, match, from);
  }
  if (isPrimitive(from)) return undefined;
  return child.alternatives
    .filter((each) => !isPrimitive(each.shape))
    .map((each) => fitInto(scope, site, each, from))
    .find((slot) => slot !== undefined);
}

/** The slot for a value whose type shows only at run time. */
function guessSlot(scope: Scope, site: Site, child: Child, value: unknown, type: string | undefined): Slot {
  const told = type === undefined ? undefined : scope.build.models.find(type);
  const slot = told && slotFor(scope, site, child, told);
  if (slot) return slot;
  const types = child.alternatives.map((each) => typeName(each.shape)).join(', ');
  if (told) return failAt(site, `a ${type} cannot be put into '${child.name}', which takes ${types}`);
  const guessed = guessPrimitive(child, value);
  if (guessed) return guessed;
  const [only, ...others] = child.alternatives;
  const fitting = only && others.length === 0 ? fitInto(scope, site, only, undefined) : undefined;
  return fitting ?? failAt(site, `the type of this value is not known; '${child.name}' takes ${types}`);
}

/** The alternative that a value without a type can be, when there is one. */
function guessPrimitive(child: Child, value: unknown): Slot | undefined {
  for (const guess of guessTypes(value)) {
    const match = child.alternatives.find((each) => typeName(each.shape) === guess);
    if (match && accepts(value, guess)) return { ...match, convert: (given) => castPrimitive(given, guess) };
  }
  return undefined;
}

function accepts(value: unknown, type: string): boolean {
  try {
    castPrimitive(value, type);
    return true;
  } catch (error) {
    if (error instanceof CastFailure) return false;
    throw error;
  }
}

/** Where a value goes: fixed when the map is compiled, or chosen by the value at run time. */
export interface SlotChoice {
  readonly fixed?: Slot;
  choose(value: unknown, type: string | undefined): Slot;
}

function fixedSlot(slot: Slot): SlotChoice {
  return { fixed: slot, choose: () => slot };
}

/** Chooses the slot of an element for a value: when the map is compiled where the types tell, at run time otherwise. */
export function chooseSlot(scope: Scope, site: Site, child: Child, code: ValueCode): SlotChoice | undefined {
  const [from] = code.shapes;
  if (code.literal !== undefined && child.alternatives.length > 1) {
    const slot = guessPrimitive(child, code.literal);
    return slot ? fixedSlot(slot) : refuse(scope, site, child, code.shapes);
  }
  if (code.shapes.length === 1 && from) {
    const slot = slotFor(scope, site, child, from);
    if (!slot) return refuse(scope, site, child, code.shapes);
    return checkLiteral(scope, site, slot, code) ? fixedSlot(slot) : undefined;
  }
  const [only] = child.alternatives;
  if (code.shapes.length === 0 && only && child.alternatives.length === 1) {
    const slot = fitInto(scope, site, only, undefined);
    return slot && fixedSlot(slot);
  }
  if (code.shapes.length > 1 && !code.shapes.some((shape) => slotFor(scope, site, child, shape)))
    return refuse(scope, site, child, code.shapes);
  const known = new Map<string, Slot>();
  return {
    choose: (value, type) => {
      const slot = (type !== undefined && known.get(type)) || guessSlot(scope, site, child, value, type);
      if (type !== undefined) known.set(type, slot);
      return slot;
    },
  };
}

function refuse(scope: Scope, site: Site, child: Child, from: readonly Shape[]): undefined {
  const types = child.alternatives.map((each) => typeName(each.shape));
  const given = from.map(typeName);
  scope.error(
    site.position,
    `a ${given.slice(0, 4).join(' or ')} cannot be put into '${child.name}', which takes ${types.join(', ')}`,
    didYouMean(given[0] ?? '', types),
  );
}

function checkLiteral(scope: Scope, site: Site, slot: Slot, code: ValueCode): boolean {
  if (code.literal === undefined || !isPrimitive(slot.shape)) return true;
  try {
    castPrimitive(code.literal, typeName(slot.shape));
    return true;
  } catch (error) {
    if (!(error instanceof CastFailure)) throw error;
    scope.error(site.position, `'${typeName(slot.shape)}' is wanted, but this is ${error.message}`);
    return false;
  }
}

function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  const [leftKeys, rightKeys] = [Object.keys(left), Object.keys(right)];
  return (
    leftKeys.length === rightKeys.length &&
    leftKeys.every((key) => sameValue((left as JsonObject)[key], (right as JsonObject)[key]))
  );
}

/** Sets an element that is there at most once; a second, different value is an error. */
export function writeSingle(holder: JsonObject, key: string, value: unknown, site: Site): void {
  const before = holder[key];
  if (before === undefined) holder[key] = value;
  else if (!sameValue(before, value)) failAt(site, `'${key}' is written a second time with another value`);
}

/** Sets a primitive's id and extensions; `index` is its place in a list. */
export function writeCompanion(
  holder: JsonObject,
  key: string,
  companion: unknown,
  index: number | undefined,
): void {
  if (companion === undefined || companion === null) return;
  const beside = `_${key}`;
  if (index === undefined) {
    holder[beside] = companion;
    return;
  }
  holder[beside] ??= [];
  const list = holder[beside] as unknown[];
  while (list.length < index) list.push(null);
  list[index] = companion;
}

function claim(run: Run, list: object, mode: string, site: Site): { count: number } {
  run.claims ??= new Map();
  let modes = run.claims.get(list);
  if (!modes) {
    modes = new Map();
    run.claims.set(list, modes);
  }
  const known = modes.get(mode);
  if (known && known.site.position !== site.position)
    failAt(site, `another rule already puts its items ${mode}, at line ${known.site.position.line}`);
  const made = known ?? { site, count: 0 };
  modes.set(mode, made);
  return made;
}

/** Puts an item into a list as the target's list mode says. */
export function insertItem(run: Run, list: unknown[], item: unknown, node: TargetNode, site: Site): void {
  if (node.listModes.includes('first')) {
    const mine = claim(run, list, 'first', site);
    list.splice(mine.count, 0, item);
    mine.count += 1;
  } else if (node.listModes.includes('last')) {
    claim(run, list, 'last', site);
    run.last ??= [];
    run.last.push({ list, item });
  } else list.push(item);
}

/** Reads the parent as an object: the variable's own value. Only a primitive's variable can hold a {@link Place}. */
export function parentIn(slot: number, site: Site, isPlain: boolean): (frame: Frame) => JsonObject {
  const refuse = (): never => failAt(site, 'there is nothing here to write into');
  if (isPlain)
    return (frame) => {
      const parent = frame.slots[slot];
      return isObject(parent) ? parent : refuse();
    };
  return (frame) => {
    const parent = frame.slots[slot];
    return isObject(parent) && !(parent instanceof Place) ? parent : refuse();
  };
}
