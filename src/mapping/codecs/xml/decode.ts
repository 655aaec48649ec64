/** A tree of XML elements → the JSON form of a FHIR type or logical model. What the model does not know is an error. */
import {
  isOpen,
  isPrimitive,
  isResource,
  type Models,
  rootPath,
  type Shape,
  TYPE_MARK,
  typeName,
} from '../../compile/model.ts';
import { MappingError, type Position } from '../../types.ts';
import { decodeMarkup, decodeScalar } from './decode-value.ts';
import type { Field } from './fields.ts';
import { elementsOf, FHIR, refuse, textOf, type XmlElement } from './read-xml.ts';
import { XSI } from './write-xml.ts';

type Json = Record<string, unknown>;

export interface DecodeContext {
  readonly models: Models;
  readonly fieldsOf: (shape: Shape) => readonly Field[];
  /** Takes what is wrong, and reading goes on; without it the first fault is thrown. */
  readonly onFault?: (fault: XmlFault) => void;
}

/** Something wrong in a document. */
export interface XmlFault extends Omit<Position, 'file'> {
  /** FHIRPath of the element it is in; none for what is not well-formed. */
  readonly expression?: string;
  readonly message: string;
}

/** Does a part of the work; what is wrong in it is told, so that the rest is read all the same. */
function attempt({ onFault }: DecodeContext, expression: string, work: () => void): void {
  if (!onFault) {
    work();
    return;
  }
  try {
    work();
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    const { file, line, column } = error.position;
    onFault({ line, column, expression, message: error.message.slice(`${file}:${line}:${column}: `.length) });
  }
}

const isBlank = (text: string): boolean => /^[ \t\r\n]*$/.test(text);

/** xsi:type without prefix; CDA writes `IVL_TS` where its models say `IVL-TS`. */
function readType(element: XmlElement): string | undefined {
  const told = element.attributes.find((each) => each.namespace === XSI && each.name === 'type')?.value;
  return told?.slice(told.indexOf(':') + 1).trim();
}

const sameName = (left: string, right: string): boolean =>
  left.replace(/-/g, '_') === right.replace(/-/g, '_');

/** The type that an element has, and whether that must be noted in the value. */
function chooseType(
  context: DecodeContext,
  element: XmlElement,
  field: Field,
): { shape: Shape; isMarked: boolean } {
  const told = readType(element);
  const [only, ...others] = field.types;
  if (!only) return refuse(element.position, `the type of '${field.key}' is not known`);
  if (told === undefined) {
    if (others.length === 0) return { shape: only, isMarked: false };
    return refuse(element.position, `xsi:type must say which type '${field.key}' has here`);
  }
  const known = field.types.find((each) => sameName(typeName(each), told)) ?? context.models.find(told);
  if (!known || !field.types.some((each) => context.models.isKindOf(known, each)))
    return refuse(element.position, `'${field.key}' cannot be a ${told}`);
  return { shape: known, isMarked: others.length > 0 || known !== only };
}

/** The list at a key, made when it is not there yet. */
function listAt(out: Json, key: string): unknown[] {
  out[key] ??= [];
  return out[key] as unknown[];
}

function put(out: Json, field: Field, value: unknown, position: Position): void {
  if (field.isList) listAt(out, field.key).push(value);
  else if (out[field.key] === undefined) out[field.key] = value;
  else refuse(position, `'${field.xmlName}' is there a second time`);
}

/** A primitive: its value into `key`, its id and extensions into `_key`, `null` where a list has only the other. */
function putPrimitive(
  context: DecodeContext,
  out: Json,
  field: Field,
  element: XmlElement,
  { shape, path }: { readonly shape: Shape; readonly path: string },
): void {
  const { attributes, position } = element;
  const value = attributes.find((each) => each.namespace === '' && each.name === 'value');
  const rest = { ...element, attributes: attributes.filter((each) => each !== value) };
  const beside = decodeObject(context, rest, shape, path);
  const hasBeside = Object.keys(beside).length > 0;
  if (!value && !hasBeside) refuse(position, `'${element.name}' has neither a value nor anything else`);
  const scalar = value && decodeScalar(value.value, shape, element);
  const companion = `_${field.key}`;
  if (!field.isList) {
    if (out[field.key] !== undefined || out[companion] !== undefined)
      refuse(position, `'${field.xmlName}' is there a second time`);
    if (value) out[field.key] = scalar;
    if (hasBeside) out[companion] = beside;
    return;
  }
  const place = Math.max(lengthAt(out, field.key), lengthAt(out, companion));
  if (value || field.key in out) putAt(listAt(out, field.key), place, value ? scalar : null);
  if (hasBeside || companion in out) putAt(listAt(out, companion), place, hasBeside ? beside : null);
}

function lengthAt(out: Json, key: string): number {
  const list = out[key];
  return Array.isArray(list) ? list.length : 0;
}

/** Puts a value at a place at or behind the end of a list. */
function putAt(list: unknown[], place: number, value: unknown): void {
  while (list.length < place) list.push(null);
  list.push(value);
}

function putElement(
  context: DecodeContext,
  out: Json,
  field: Field,
  element: XmlElement,
  parentPath: string,
): void {
  if (field.kind === 'markup') {
    put(out, field, decodeMarkup(element), element.position);
    return;
  }
  const { shape, isMarked } = chooseType(context, element, field);
  const path = pathOf(out, field, parentPath);
  if (isPrimitive(shape)) putPrimitive(context, out, field, element, { shape, path });
  else if (isOpen(shape) || isResource(shape))
    put(out, field, decodeInner(context, element, path), element.position);
  else {
    const mark = isMarked ? { [TYPE_MARK]: typeName(shape) } : {};
    put(out, field, { ...mark, ...decodeObject(context, element, shape, path) }, element.position);
  }
}

/** FHIRPath of the next value of a field. */
function pathOf(out: Json, { key, step, isList }: Field, parent: string): string {
  const place = Math.max(lengthAt(out, key), lengthAt(out, `_${key}`));
  return isList ? `${parent}.${step}[${place}]` : `${parent}.${step}`;
}

/** `<contained><Patient>…</Patient></contained>`. */
function decodeInner(context: DecodeContext, element: XmlElement, path: string): unknown {
  const [only, ...others] = elementsOf(element);
  if (!only || others.length > 0) return refuse(element.position, `'${element.name}' must hold one resource`);
  return decodeResource(context, only, path);
}

function putAttributes(
  context: DecodeContext,
  out: Json,
  element: XmlElement,
  fields: readonly Field[],
  path: string,
): void {
  for (const { namespace, name, value } of element.attributes) {
    // xsi:type is read with the type; xsi:schemaLocation is no data.
    if (namespace === XSI) continue;
    const field = fields.find(
      (each) => each.kind === 'attribute' && each.xmlName === name && (each.xmlNamespace ?? '') === namespace,
    );
    const [shape] = field?.types ?? [];
    attempt(context, path, () => {
      if (field && shape) put(out, field, decodeScalar(value, shape, element), element.position);
      else refuse(element.position, `'${element.name}' has no attribute '${name}'`);
    });
  }
}

function putText(out: Json, element: XmlElement, text: string, fields: readonly Field[]): void {
  const field = fields.find((each) => each.kind === 'text');
  const [shape] = field?.types ?? [];
  if (field && shape) put(out, field, decodeScalar(text, shape, element), element.position);
  else refuse(element.position, `there must be no text in '${element.name}'`);
}

function findField(fields: readonly Field[], element: XmlElement, parent: XmlElement): Field | undefined {
  return fields.find(
    (each) =>
      (each.kind === 'element' || each.kind === 'markup') &&
      each.xmlName === element.name &&
      (each.xmlNamespace ?? parent.namespace) === element.namespace,
  );
}

/** Mixed content: each child and each text is an item of its own, so that their order is kept. */
function putIntoGroup(
  context: DecodeContext,
  out: Json,
  group: Field,
  piece: XmlElement | string,
  { parent, path }: { readonly parent: XmlElement; readonly path: string },
): boolean {
  const fields = group.types.flatMap((each) => context.fieldsOf(each));
  const item: Json = {};
  if (typeof piece === 'string') {
    if (!fields.some((each) => each.kind === 'text')) return false;
    putText(item, parent, piece, fields);
  } else {
    const field = findField(fields, piece, parent);
    if (!field) return false;
    putElement(context, item, field, piece, path);
  }
  put(out, group, item, parent.position);
  return true;
}

/** Elements of a FHIR type stand in the order of its definition, those of one name side by side. */
function requireOrder(
  fields: readonly Field[],
  before: Field | undefined,
  field: Field,
  at: XmlElement,
): void {
  if (!before || at.namespace !== FHIR || fields.indexOf(before) <= fields.indexOf(field)) return;
  refuse(at.position, `'${at.name}' must stand before '${before.xmlName}'`);
}

/** Reads an element as a value of a type; `path` is its FHIRPath. */
export function decodeObject(context: DecodeContext, element: XmlElement, shape: Shape, path: string): Json {
  const fields = context.fieldsOf(shape);
  const groups = fields.filter((each) => each.kind === 'group');
  const out: Json = {};
  putAttributes(context, out, element, fields, path);
  const intoGroup = (piece: XmlElement | string) =>
    groups.some((group) => putIntoGroup(context, out, group, piece, { parent: element, path }));
  const pieces = element.content.filter(
    (each) => typeof each !== 'string' || (groups.length > 0 && !isBlank(each)),
  );
  const text = groups.length > 0 ? '' : textOf(element);
  const hasText = text !== '' && (elementsOf(element).length === 0 || !isBlank(text));
  const takesText = fields.some((each) => each.kind === 'text');
  if (hasText && (takesText || !isBlank(text)))
    attempt(context, path, () => putText(out, element, text, fields));
  let before: Field | undefined;
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      if (!intoGroup(piece)) putText(out, element, piece, fields);
      continue;
    }
    const field = findField(fields, piece, element);
    attempt(context, field ? pathOf(out, field, path) : path, () => {
      if (field) {
        requireOrder(fields, before, field, piece);
        putElement(context, out, field, piece, path);
        before = field;
      } else if (!intoGroup(piece))
        refuse(piece.position, `'${element.name}' has no element '${piece.name}'`);
    });
  }
  return out;
}

/** Reads a resource: the element's name is its type. Its numbers may be marked: see `restoreNumbers`. */
export function decodeResource(context: DecodeContext, element: XmlElement, path = element.name): Json {
  const { name, namespace, position } = element;
  const shape = context.models.find(name);
  if (!shape || !isResource(shape) || shape.structure.abstract)
    return refuse(position, `'${name}' is not a resource`);
  if (namespace !== FHIR) return refuse(position, `a resource must be in the namespace ${FHIR}`);
  return { resourceType: name, ...decodeObject(context, element, shape, path) };
}

/** The name and namespace of a logical model's root element. */
export function rootOf(shape: Shape): { readonly name: string; readonly namespace: string } {
  const { structure } = shape;
  const name = structure.element(rootPath(structure))?.xmlName ?? typeName(shape);
  return { name, namespace: structure.xmlNamespace ?? '' };
}
