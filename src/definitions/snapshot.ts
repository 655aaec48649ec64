/**
 * Generates the snapshot of a profile or logical model from its differential.
 * @see https://hl7.org/fhir/R4/profiling.html#snapshot
 */
import type { StructureDefinition } from 'fhir/r4';
import { completeElement, type ElementPart, lastName, readElement } from './element.ts';
import { isSlice, parentPath, readHead, type StructureData, slicedPath } from './structure-data.ts';
import type { Element } from './types.ts';

/** Finds a structure by canonical URL or type name. */
export type FindStructure = (urlOrType: string) => StructureData | undefined;

/**
 * Applies the differential over the base's snapshot, unfolding data types and slices where it reaches into them.
 * @throws Error when the base is unknown or the differential names an element that the base does not have
 */
export function generateSnapshot(definition: StructureDefinition, find: FindStructure): StructureData {
  const head = readHead(definition);
  const base = head.base ? find(head.base) : undefined;
  if (head.base && !base) throw new Error(`The base ${head.base} is not known.`);
  const open: Open = {
    elements: startFrom(base, head.type),
    find,
    extensible: head.derivation === 'specialization',
  };
  for (const each of definition.differential?.element ?? []) apply(open, readElement(each));
  return { ...head, elements: open.elements, ...(base?.regex && { regex: base.regex }) };
}

interface Open {
  readonly elements: Element[];
  readonly find: FindStructure;
  /** A specialization may add elements; a constraint may not. */
  readonly extensible: boolean;
}

function startFrom(base: StructureData | undefined, type: string): Element[] {
  if (!base) return [completeElement({ path: type, name: type })];
  return base.elements.map((each) => moved(each, base.elements[0]?.path ?? base.type, type));
}

/** The element with the start of its path exchanged. */
function moved(element: Element, from: string, to: string): Element {
  const path = to + element.path.slice(from.length);
  return { ...element, path, name: lastName(path) };
}

function apply(open: Open, part: ElementPart): void {
  const index = locate(open, part.path);
  const base = open.elements[index];
  if (!base) throw new Error(`The element ${part.path} is not in the base.`);
  const known = new Set(base.constraints.map((each) => each.key));
  const added = (part.constraints ?? []).filter((each) => !known.has(each.key));
  open.elements[index] = {
    ...base,
    ...part,
    path: base.path,
    name: base.name,
    constraints: [...base.constraints, ...added],
  };
}

/** Index of the element at `path`, made when the path reaches into a type, a slice or a new element. */
function locate(open: Open, path: string): number {
  const found = open.elements.findIndex((each) => each.path === path);
  if (found >= 0) return found;
  if (isSlice(path)) return addSlice(open, path);
  const parent = parentPath(path);
  if (parent === undefined) return -1;
  const at = locate(open, parent);
  if (at < 0) return -1;
  unfold(open, at);
  const unfolded = open.elements.findIndex(
    (each) => each.path === `${open.elements[at]?.path}.${lastSegment(path)}`,
  );
  if (unfolded >= 0) return unfolded;
  return addTypeSlice(open, at, path) ?? (open.extensible ? addElement(open, at, path) : -1);
}

const lastSegment = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** Gives the element at `index` its children, when it has none yet: of its sliced element, reference or type. */
function unfold(open: Open, index: number): void {
  const element = open.elements[index];
  if (!element || open.elements.some((each) => each.path.startsWith(`${element.path}.`))) return;
  const children = inheritedChildren(open, element);
  open.elements.splice(index + 1, 0, ...children);
}

function inheritedChildren(open: Open, element: Element): Element[] {
  const models = [
    ...(isSlice(element.path) ? [slicedPath(element.path)] : []),
    ...(element.contentReference ? [element.contentReference] : []),
  ];
  for (const model of models) {
    // A reference is to the content as the base has it, not as this profile narrows it elsewhere.
    const source =
      model === element.contentReference ? (open.find(typeAt(model))?.elements ?? []) : open.elements;
    const children = source.filter((each) => each.path.startsWith(`${model}.`));
    if (children.length > 0) return children.map((each) => moved(each, model, element.path));
  }
  const [type, ...others] = element.types;
  if (!type || others.length > 0) return [];
  const structure = (type.profiles?.[0] && open.find(type.profiles[0])) || open.find(type.code);
  const root = structure?.elements[0]?.path;
  if (!structure || root === undefined) return [];
  return structure.elements.slice(1).map((each) => moved(each, root, element.path));
}

/** `Questionnaire.item` → `Questionnaire`. */
const typeAt = (path: string): string => path.slice(0, path.indexOf('.'));

function addSlice(open: Open, path: string): number {
  const at = locate(open, slicedPath(path));
  const sliced = open.elements[at];
  if (!sliced) return -1;
  const sliceName = path.slice(path.lastIndexOf(':') + 1);
  const { slicing: _, ...kept } = sliced;
  const narrowed = sliced.types.filter(
    (type) => sliceName === sliced.name.replace('[x]', capital(type.code)),
  );
  const slice: Element = {
    ...kept,
    path,
    sliceName,
    min: 0,
    ...(narrowed.length > 0 && { types: narrowed }),
  };
  return insertAfter(open, sliced.path, slice);
}

/** `Observation.valueQuantity` in a differential is short for the slice `Observation.value[x]:valueQuantity`. */
function addTypeSlice(open: Open, parentIndex: number, path: string): number | undefined {
  const parent = open.elements[parentIndex]?.path;
  const name = lastSegment(path);
  const choice = open.elements.find(
    (each) =>
      parentPath(each.path) === parent &&
      each.types.some(
        (type) => each.name.endsWith('[x]') && each.name.replace('[x]', capital(type.code)) === name,
      ),
  );
  if (choice?.types.length === 1) return open.elements.indexOf(choice);
  return choice && locate(open, `${choice.path}:${name}`);
}

function addElement(open: Open, parentIndex: number, path: string): number {
  const parent = open.elements[parentIndex]?.path ?? '';
  return insertAfter(open, parent, completeElement({ path, name: lastName(path) }));
}

/** Inserts behind the last element that is `path`, one of its slices, or below either. */
function insertAfter(open: Open, path: string, element: Element): number {
  const last = open.elements.findLastIndex(
    (each) => each.path === path || each.path.startsWith(`${path}.`) || each.path.startsWith(`${path}:`),
  );
  open.elements.splice(last + 1, 0, element);
  return last + 1;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
