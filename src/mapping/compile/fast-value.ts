import type { Frame } from './frame.ts';
import { isPrimitive, type Shape, typeName } from './model.ts';

/** A FHIRPath collection: nothing, one value, or a list of them. */
export type Value = undefined | string | number | boolean | object | unknown[];

/** What is known of the values of a piece of FHIRPath; only the first three can be compared here. */
export type FastKind = 'string' | 'number' | 'boolean' | 'other';

export interface FastCode {
  readonly kind: FastKind;
  readonly shapes: readonly Shape[];
  read(frame: Frame, item: Value): Value;
}

/** Thrown when a value needs the library after all. Made once: it says nothing about where. */
export class NeedsLibrary extends Error {
  override readonly name = 'NeedsLibrary';
}

const NEEDS_LIBRARY = new NeedsLibrary('this value is evaluated by the library');

/** Leaves the evaluation to the library. */
export function LEAVE(): never {
  throw NEEDS_LIBRARY;
}

const STRINGS: ReadonlySet<string> = new Set(
  'string code uri url canonical id oid uuid markdown base64Binary xhtml'.split(' '),
);
const NUMBERS: ReadonlySet<string> = new Set(['integer', 'positiveInt', 'unsignedInt', 'decimal']);

function kindOfShape(shape: Shape): FastKind {
  if (!isPrimitive(shape)) return 'other';
  const name = typeName(shape);
  if (STRINGS.has(name)) return 'string';
  if (NUMBERS.has(name)) return 'number';
  return name === 'boolean' ? 'boolean' : 'other';
}

/** The kind of values of some types: theirs when they agree. */
export function kindOf(shapes: readonly Shape[]): FastKind {
  const [first = 'other', ...more] = shapes.map(kindOfShape);
  return more.every((kind) => kind === first) ? first : 'other';
}

/** A list of one as that one, an empty list as nothing. */
export function single(value: Value): Value {
  if (!Array.isArray(value) || value.length > 1) return value;
  return value[0] as Value;
}

/** Exactly one value or none; more are the library's to refuse. */
export function atMostOne(value: Value): Exclude<Value, unknown[]> | undefined {
  const one = single(value);
  return Array.isArray(one) ? LEAVE() : one;
}

export function isEmpty(value: Value): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

export function truth(read: (frame: Frame, item: Value) => Value): FastCode {
  return { kind: 'boolean', shapes: [], read };
}
