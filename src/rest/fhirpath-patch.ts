/**
 * FHIRPath Patch: add, insert, delete, replace and move, by path.
 * @see https://hl7.org/fhir/R4/fhirpatch.html
 */
import type { Definitions } from '../definitions/index.ts';
import { markNumbers, restoreNumbers } from '../exact-json.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import {
  childDefinition,
  type Located,
  locate,
  locateRoot,
  type PathStep,
  parsePath,
  propertyOf,
} from './patch-path.ts';
import { buildValue, type Part, partsOf, plainValue } from './patch-value.ts';

/** One operation at work: its parts by name, and the resource it changes. */
interface Operation {
  readonly definitions: Definitions;
  readonly root: Located;
  readonly steps: readonly PathStep[];
  readonly part: (name: string) => Part | undefined;
  readonly place: string;
}

/**
 * The resource with the operations applied, in order; the one given stays as it is.
 * @throws SiltaError `invalid-request` for what is no operation, `invalid-resource` for one that does not apply
 */
export function applyFhirPathPatch(
  definitions: Definitions,
  resource: Resource,
  operations: readonly unknown[],
): Resource {
  const patched = markNumbers(resource);
  for (const [index, raw] of operations.entries()) {
    const place = `Parameters.parameter[${index}]`;
    const root = locateRoot(definitions, patched);
    if (!root) throw refuse(place, 'The type of the resource is not defined here.');
    const { type, ...operation } = readOperation(definitions, markNumbers(raw), { place, root });
    type(operation);
  }
  const pruned = prune(patched) as Resource;
  restoreNumbers(pruned);
  return pruned;
}

const TYPES: Readonly<Record<string, (operation: Operation) => void>> = {
  add,
  insert,
  delete: remove,
  replace,
  move,
};

function readOperation(
  definitions: Definitions,
  raw: unknown,
  { place, root }: { readonly place: string; readonly root: Located },
): Operation & { readonly type: (operation: Operation) => void } {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Part;
  if (given['name'] !== 'operation') throw refuse(place, "Every parameter must have the name 'operation'.");
  const parts = partsOf(given);
  const part = (name: string) => parts.find((each) => each['name'] === name);
  const named = String(plainValue(part('type'))?.value);
  const type = Object.hasOwn(TYPES, named) ? TYPES[named] : undefined;
  if (!type) throw refuse(place, `The type must be one of ${Object.keys(TYPES).join(', ')}.`);
  const path = plainValue(part('path'))?.value;
  const steps = typeof path === 'string' ? parsePath(path, root.path) : undefined;
  if (!steps) {
    throw refuse(
      place,
      'The path must start at the resource and use elements, indexes, where(), extension(), ofType(), first() and last() only.',
    );
  }
  return { definitions, root, steps, part, place, type };
}

/** Appends to a list, or sets what is not there yet. */
function add({ definitions, root, steps, part, place }: Operation): void {
  const target = requireOne(locate(definitions, root, steps), place);
  const name = plainValue(part('name'))?.value;
  const defined = typeof name === 'string' ? childDefinition(definitions, target, name) : undefined;
  if (!defined) throw refuse(place, "The 'name' is no element of what the path leads to.");
  const { element, structure } = defined;
  const path = element.contentReference ?? element.path;
  const built = buildValue(definitions, { structure, path, property: element.name }, part('value'));
  if (!built) throw refuse(place, "The 'value' is missing, or holds parts that are no elements of it.");
  if (typeof target.value !== 'object' || target.value === null) {
    throw misses(place, 'The path leads to a value that holds no elements.');
  }
  const holder = target.value as Record<string, unknown>;
  const property = propertyOf(element, built.type);
  if (element.max > 1) {
    const before = holder[property];
    holder[property] = [...(Array.isArray(before) ? before : []), built.value];
  } else if (locate(definitions, target, [{ kind: 'child', name: name as string }]).length > 0) {
    throw misses(place, 'The element is there already and does not repeat.');
  } else holder[property] = built.value;
}

function remove({ definitions, root, steps, place }: Operation): void {
  const found = locate(definitions, root, steps);
  if (found.length === 0) return;
  const { holder, property, index } = requireOne(found, place);
  if (!holder) throw refuse(place, 'A patch cannot delete the resource.');
  for (const each of [property, `_${property}`]) {
    const value = holder[each];
    if (index !== undefined && Array.isArray(value)) value.splice(index, 1);
    else delete holder[each];
  }
}

function replace(operation: Operation): void {
  const { definitions, root, steps, part, place } = operation;
  const target = requireOne(locate(definitions, root, steps), place);
  const { holder, property, index, structure, path } = target;
  if (!holder) throw refuse(place, 'A patch cannot replace the resource.');
  const built = buildValue(definitions, target, part('value'));
  if (!built) throw refuse(place, "The 'value' is missing, or holds parts that are no elements of it.");
  if (index !== undefined) {
    (holder[property] as unknown[])[index] = built.value;
    const extensions = holder[`_${property}`];
    if (Array.isArray(extensions)) extensions[index] = null;
    return;
  }
  const element = structure.element(path);
  delete holder[property];
  delete holder[`_${property}`];
  holder[element ? propertyOf(element, built.type) : property] = built.value;
}

function insert(operation: Operation): void {
  const { definitions, part, place } = operation;
  const { list, extensions, element } = requireList(operation);
  const at = requirePlace(part('index'), list.length, place);
  const built = buildValue(definitions, element, part('value'));
  if (!built) throw refuse(place, "The 'value' is missing, or holds parts that are no elements of it.");
  list.splice(at, 0, built.value);
  extensions?.splice(at, 0, null);
}

function move(operation: Operation): void {
  const { part, place } = operation;
  const { list, extensions } = requireList(operation);
  const source = requirePlace(part('source'), list.length - 1, place);
  const destination = requirePlace(part('destination'), list.length - 1, place);
  for (const each of extensions ? [list, extensions] : [list]) {
    each.splice(destination, 0, ...each.splice(source, 1));
  }
}

interface ListTarget {
  readonly list: unknown[];
  /** The extensions of a list of primitive values, side by side with them. */
  readonly extensions: unknown[] | undefined;
  readonly element: Pick<Located, 'structure' | 'path' | 'property'>;
}

/** The list that a path names by its last step; made when it is not there. */
function requireList({ definitions, root, steps, place }: Operation): ListTarget {
  const last = steps.at(-1);
  const parent = requireOne(locate(definitions, root, steps.slice(0, -1)), place);
  const defined = last?.kind === 'child' ? childDefinition(definitions, parent, last.name) : undefined;
  const holder = parent.value;
  if (!defined || defined.element.max <= 1 || typeof holder !== 'object' || holder === null) {
    throw refuse(place, 'The path must end with the name of an element that repeats.');
  }
  const { element, structure } = defined;
  const members = holder as Record<string, unknown>;
  const list = Object.hasOwn(members, element.name) ? members[element.name] : [];
  if (!Array.isArray(list)) throw misses(place, 'The path does not lead to a list.');
  members[element.name] = list;
  const extensions = members[`_${element.name}`];
  const path = element.contentReference ?? element.path;
  return {
    list,
    extensions: Array.isArray(extensions) ? extensions : undefined,
    element: { structure, path, property: element.name },
  };
}

function requirePlace(part: Part | undefined, most: number, place: string): number {
  const value = plainValue(part)?.value;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw refuse(place, 'A place in a list is a whole number from 0 on.');
  }
  if (value > most) throw misses(place, 'The list has no such place.');
  return value;
}

function requireOne(found: readonly Located[], place: string): Located {
  const [first, ...others] = found;
  if (first && others.length === 0) return first;
  throw misses(place, first ? 'The path leads to more than one element.' : 'The path leads nowhere.');
}

/** Without the empty objects and lists that deletions left. */
function prune(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const kept = value.map((each: unknown) => prune(each)).filter((each) => each !== undefined);
    return kept.length > 0 ? kept : undefined;
  }
  const members = Object.entries(value)
    .map(([name, member]) => [name, prune(member)] as const)
    .filter(([, member]) => member !== undefined);
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}

function refuse(place: string, message: string): SiltaError {
  return new SiltaError('invalid-request', message, { expression: [place] });
}

function misses(place: string, message: string): SiltaError {
  return new SiltaError('invalid-resource', message, { expression: [place] });
}
