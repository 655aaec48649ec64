/** The fields of one segment → its JSON. What the model has no place for is an error that names its position. */
import { CastFailure, castPrimitive } from '../../compile/primitive.ts';
import { MappingError, type Position } from '../../types.ts';
import { type Delimiters, resolveEscapes } from './delimiters.ts';
import { PRIMITIVES, RENAMED } from './facts.ts';
import type { PartPlan, SegmentPlan, ValuePlan } from './plan.ts';

export type Json = Record<string, unknown>;

/**
 * What stands for HL7 v2's `""`, "delete what you have": the value is not there, its companion says so. A map that
 * copies the element copies this, too, and never the two quotes.
 */
export const NULL_EXTENSION = 'https://silta.example/fhir/StructureDefinition/hl7v2-null';

export interface RawSegment {
  readonly name: string;
  readonly text: string;
  readonly position: Position;
}

/** Where a value stands: positions from 1, and from 0 the repetition. */
interface Place {
  readonly segment: RawSegment;
  readonly delimiters: Delimiters;
  field: number;
  repetition: number;
  component: number;
}

function describe({ segment, field, repetition, component }: Place): string {
  const repeated = repetition > 0 ? `[${repetition + 1}]` : '';
  return `${segment.name}-${field}${repeated}${component > 0 ? `.${component}` : ''}`;
}

/** Where the n-th piece starts. */
function skipPieces(text: string, from: number, separator: string | undefined, count: number): number {
  let at = from;
  for (let piece = 0; piece < count && separator !== undefined; piece += 1)
    at = text.indexOf(separator, at) + 1;
  return at;
}

/** The column is looked for only when something is wrong. */
function refuse(place: Place, message: string): never {
  const { segment, delimiters, field, repetition, component } = place;
  const { text, position } = segment;
  const isHead = segment.name === 'MSH';
  let at = skipPieces(text, 0, delimiters.field, isHead ? field - 1 : field);
  if (!isHead || field > 2) {
    at = skipPieces(text, at, delimiters.repetition, repetition);
    at = skipPieces(text, at, delimiters.component, Math.max(0, component - 1));
  }
  throw new MappingError({ ...position, column: position.column + at }, `${describe(place)}: ${message}`);
}

function putLeaf(out: Json, key: string, text: string, type: string, place: Place): void {
  if (text === '""') {
    out[`_${key}`] = nothing();
    return;
  }
  out[key] = readLeaf(text, type, place);
}

const nothing = (): Json => ({ extension: [{ url: NULL_EXTENSION, valueBoolean: true }] });

function readLeaf(text: string, type: string, place: Place): unknown {
  const plain = resolveEscapes(text, place.delimiters);
  if (type === 'string') return plain;
  try {
    return castPrimitive(plain, type);
  } catch (error) {
    if (error instanceof CastFailure) return refuse(place, `this is ${error.message}`);
    throw error;
  }
}

/** Which of a choice's types the segment's second field says it has: OBX-2 for OBX-5. */
function chooseValue(part: PartPlan, fields: readonly string[], place: Place) {
  if (!part.isChoice) {
    const [only] = part.values.values();
    return only ?? refuse(place, 'its type is not known');
  }
  const told = fields[1] ?? '';
  const type = Object.hasOwn(RENAMED, told) ? (RENAMED[told] ?? told) : told;
  const found = part.values.get(PRIMITIVES.has(type) ? 'string' : type);
  if (found) return found;
  const where = `${place.segment.name}-2`;
  return refuse(
    place,
    told === '' ? `${where} does not say its type` : `${where} says a type that cannot be here`,
  );
}

function isEmpty(json: Json): boolean {
  for (const _ in json) return false;
  return true;
}

/** Pieces of a field or component into parts by position. */
function readParts(
  text: string,
  plan: Extract<ValuePlan, { kind: 'parts' }>,
  place: Place,
  level: 'component' | 'subcomponent',
): Json {
  const { delimiters } = place;
  const separator = delimiters[level];
  const pieces = separator === undefined || !text.includes(separator) ? [text] : text.split(separator);
  const out: Json = {};
  for (let index = 0; index < pieces.length; index += 1) {
    const piece = pieces[index] as string;
    if (piece === '') continue;
    if (level === 'component') place.component = index + 1;
    const part = plan.parts[index + 1];
    const value = part && chooseValue(part, [], place);
    if (!part || !value) return refuse(place, `${plan.type} has no ${level} ${index + 1}`);
    if (value.value.kind === 'leaf') {
      if (level === 'component') refuseInside(piece, place, delimiters.subcomponent, 'subcomponents');
      putLeaf(out, value.key, piece, value.value.type, place);
    } else if (level === 'component') {
      const inner = readParts(piece, value.value, place, 'subcomponent');
      if (!isEmpty(inner)) out[value.key] = inner;
    } else refuse(place, `${plan.type} is nested too deep for a message`);
  }
  place.component = 0;
  return out;
}

function refuseInside(text: string, place: Place, separator: string | undefined, what: string): void {
  if (separator !== undefined && text.includes(separator)) refuse(place, `there must be no ${what} here`);
}

function readField(out: Json, text: string, part: PartPlan, fields: readonly string[], place: Place): void {
  const { repetition, component, subcomponent } = place.delimiters;
  const { key, value } = chooseValue(part, fields, place);
  const isRepeated = repetition !== undefined && text.includes(repetition);
  if (isRepeated && !part.isList) refuse(place, 'this field must not repeat');
  const pieces = isRepeated ? text.split(repetition) : [text];
  for (let index = 0; index < pieces.length; index += 1) {
    const piece = pieces[index] as string;
    place.repetition = index;
    if (value.kind === 'parts') {
      const item = readParts(piece, value, place, 'component');
      if (part.isList && (isRepeated || !isEmpty(item))) listAt(out, key).push(item);
      else if (!part.isList && !isEmpty(item)) out[key] = item;
      continue;
    }
    refuseInside(piece, place, component, 'components');
    refuseInside(piece, place, subcomponent, 'subcomponents');
    if (part.isList) addLeaf(out, key, piece, value.type, place);
    else putLeaf(out, key, piece, value.type, place);
  }
}

function listAt(out: Json, key: string): unknown[] {
  out[key] ??= [];
  return out[key] as unknown[];
}

/** A text of a repeating field; nulls keep the values and their companions side by side. */
function addLeaf(out: Json, key: string, text: string, type: string, place: Place): void {
  const list = listAt(out, key);
  if (text === '""') {
    const beside = listAt(out, `_${key}`);
    while (beside.length < list.length) beside.push(null);
    beside.push(nothing());
  }
  list.push(text === '' || text === '""' ? null : readLeaf(text, type, place));
}

/** @throws MappingError that names segment, field, repetition and component */
export function decodeSegment(segment: RawSegment, plan: SegmentPlan, delimiters: Delimiters): Json {
  const pieces = segment.text.split(delimiters.field);
  const isHead = segment.name === 'MSH';
  // MSH-1 is the separator itself.
  const fields = isHead ? [delimiters.field, ...pieces.slice(1)] : pieces.slice(1);
  const out: Json = {};
  if (plan.key !== segment.name) out['name'] = segment.name;
  const place: Place = { segment, delimiters, field: 0, repetition: 0, component: 0 };
  for (let index = 0; index < fields.length; index += 1) {
    const text = fields[index] as string;
    if (text === '') continue;
    place.field = index + 1;
    place.repetition = 0;
    place.component = 0;
    const part = plan.value.parts[index + 1];
    if (!part) return refuse(place, `${plan.value.type} has no field ${index + 1}`);
    if (isHead && index < 2) out[part.key] = text;
    else readField(out, text, part, fields, place);
  }
  return out;
}
