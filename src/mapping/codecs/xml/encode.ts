/** The JSON form of a FHIR type or logical model → a tree of XML elements, in the order of the model. */
import { digitsOf } from '../../../exact-json.ts';
import {
  isPrimitive,
  isResource,
  type Models,
  type Shape,
  TYPE_MARK,
  typeName,
} from '../../compile/model.ts';
import { jsonTypeOf } from '../../compile/primitive.ts';
import { MappingError, type Position } from '../../types.ts';
import type { Field } from './fields.ts';
import { FHIR, readXml, XHTML, type XmlAttribute, type XmlElement } from './read-xml.ts';
import { XSI } from './write-xml.ts';

type Json = Readonly<Record<string, unknown>>;

export interface EncodeContext {
  readonly models: Models;
  readonly fieldsOf: (shape: Shape) => readonly Field[];
}

/** An element under way. */
interface Draft {
  readonly namespace: string;
  readonly attributes: XmlAttribute[];
  readonly content: (XmlElement | string)[];
}

const NOWHERE: Position = { file: 'output', line: 1, column: 1 };
const GREATEST_DEPTH = 500;

function refuse(path: string, message: string): never {
  throw new MappingError(NOWHERE, `${path}: ${message}`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function scalarText(value: unknown, shape: Shape, path: string): string {
  const wanted = jsonTypeOf(typeName(shape));
  if (typeof value !== wanted) return refuse(path, `a ${wanted} is wanted here`);
  return String(value);
}

function listOf(value: unknown, field: Field, path: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value) !== field.isList)
    refuse(path, `${field.isList ? 'a list' : 'one value'} is wanted here`);
  return Array.isArray(value) ? value : [value];
}

function chooseType(context: EncodeContext, field: Field, value: unknown, path: string): Shape {
  const mark = isObject(value) ? value[TYPE_MARK] : undefined;
  const [only, ...others] = field.types;
  if (!only) return refuse(path, 'the type is not known');
  if (typeof mark !== 'string')
    return others.length === 0 ? only : refuse(path, `'${TYPE_MARK}' must say the type`);
  const shape = field.types.find((each) => typeName(each) === mark) ?? context.models.find(mark);
  return shape && field.types.some((each) => context.models.isKindOf(shape, each))
    ? shape
    : refuse(path, `this cannot be a ${mark}`);
}

/** Markup as text → the element of the field's name. */
function readMarkup(value: unknown, field: Field, namespace: string, path: string): XmlElement {
  if (typeof value !== 'string') return refuse(path, 'markup is wanted here');
  const element = readXml(value, path);
  if (element.name !== field.xmlName) return refuse(path, `the markup must be a <${field.xmlName}>`);
  if (element.namespace !== namespace)
    return refuse(path, `the markup must be in the namespace ${namespace}`);
  return namespace === XHTML ? { ...element, raw: value.trim() } : element;
}

function encodePrimitive(
  context: EncodeContext,
  field: Field,
  entry: {
    readonly value: unknown;
    /** The digits of a number, where they are not those of its double. */
    readonly digits: string | undefined;
    readonly beside: unknown;
    readonly namespace: string;
    readonly path: string;
  },
): XmlElement {
  const { value, digits, beside, namespace, path } = entry;
  const shape = chooseType(context, field, value, path);
  const draft: Draft = { namespace, attributes: [], content: [] };
  if (isObject(beside)) fill(context, draft, beside, shape, path);
  if (value !== null && value !== undefined)
    draft.attributes.push({
      namespace: '',
      name: 'value',
      value: (typeName(shape) === 'decimal' ? digits : undefined) ?? scalarText(value, shape, path),
    });
  if (draft.attributes.length + draft.content.length === 0) refuse(path, 'there is no value');
  return { ...draft, name: field.xmlName, position: NOWHERE };
}

function encodeComplex(
  context: EncodeContext,
  field: Field,
  entry: { readonly value: unknown; readonly namespace: string; readonly path: string },
): XmlElement {
  const { value, namespace, path } = entry;
  if (field.kind === 'markup') return readMarkup(value, field, namespace, path);
  if (!isObject(value)) return refuse(path, 'an object is wanted here');
  const shape = chooseType(context, field, value, path);
  const draft: Draft = { namespace, attributes: [], content: [] };
  if (field.isTyped) draft.attributes.push({ namespace: XSI, name: 'type', value: typeName(shape) });
  if (isResource(shape)) draft.content.push(encodeResource(context, value, path));
  else fill(context, draft, value, shape, path);
  return { ...draft, name: field.xmlName, position: NOWHERE };
}

function addField(context: EncodeContext, draft: Draft, holder: Json, field: Field, path: string): void {
  const values = listOf(holder[field.key], field, path);
  const [shape] = field.types;
  if (!shape) return;
  if (field.kind === 'group') {
    for (const [index, item] of values.entries())
      fill(
        context,
        draft,
        isObject(item) ? item : refuse(path, 'an object is wanted here'),
        shape,
        `${path}[${index}]`,
      );
  } else if (field.kind === 'attribute' || field.kind === 'text') {
    for (const value of values) {
      const text = scalarText(value, shape, path);
      if (field.kind === 'text') draft.content.push(text);
      else draft.attributes.push({ namespace: field.xmlNamespace ?? '', name: field.xmlName, value: text });
    }
  } else addElements(context, draft, { holder, field, values, path });
}

function addElements(
  context: EncodeContext,
  draft: Draft,
  given: {
    readonly holder: Json;
    readonly field: Field;
    readonly values: readonly unknown[];
    readonly path: string;
  },
): void {
  const { holder, field, values, path } = given;
  const namespace = field.xmlNamespace ?? draft.namespace;
  const isScalar = field.kind === 'element' && field.types.every(isPrimitive);
  const besides = isScalar ? listOf(holder[`_${field.key}`], field, path) : [];
  for (let index = 0; index < Math.max(values.length, besides.length); index += 1) {
    const at = field.isList ? `${path}[${index}]` : path;
    const value = values[index];
    draft.content.push(
      isScalar
        ? encodePrimitive(context, field, {
            value,
            digits: field.isList ? digitsOf(values, index) : digitsOf(holder, field.key),
            beside: besides[index],
            namespace,
            path: at,
          })
        : encodeComplex(context, field, { value, namespace, path: at }),
    );
  }
}

/** Puts everything of a value into an element; what the model does not know is an error. */
function fill(context: EncodeContext, draft: Draft, value: Json, shape: Shape, path: string): void {
  if (path.split('.').length > GREATEST_DEPTH) refuse(path.slice(0, 80), 'this is nested too deep');
  const fields = context.fieldsOf(shape);
  const places = placesOf(fields);
  const present = new Set<number>();
  for (const key of Object.keys(value)) {
    const place = places.get(key);
    if (place !== undefined) {
      if (value[key] !== undefined) present.add(place);
    } else if (key !== TYPE_MARK && !(key === 'resourceType' && isResource(shape)))
      refuse(`${path}.${key}`, `${typeName(shape)} has no such element`);
  }
  for (const place of [...present].sort((a, b) => a - b)) {
    const field = fields[place];
    if (field) addField(context, draft, value, field, `${path}.${field.key}`);
  }
}

const PLACES = new WeakMap<readonly Field[], ReadonlyMap<string, number>>();

/** Where in the order of the fields a key of JSON belongs. */
function placesOf(fields: readonly Field[]): ReadonlyMap<string, number> {
  const known = PLACES.get(fields);
  if (known) return known;
  const places = new Map(
    fields.flatMap(({ key }, place): [string, number][] => [
      [key, place],
      [`_${key}`, place],
    ]),
  );
  PLACES.set(fields, places);
  return places;
}

/** A resource as the element of its type. */
export function encodeResource(context: EncodeContext, value: Json, path: string): XmlElement {
  const type = value['resourceType'];
  const shape = typeof type === 'string' ? context.models.find(type) : undefined;
  if (!shape || !isResource(shape) || shape.structure.abstract) return refuse(path, 'this is not a resource');
  return encodeRoot(context, value, shape, { name: shape.structure.type, namespace: FHIR });
}

/** A value as the root element of a document. */
export function encodeRoot(
  context: EncodeContext,
  value: Json,
  shape: Shape,
  root: { readonly name: string; readonly namespace: string },
): XmlElement {
  const draft: Draft = { namespace: root.namespace, attributes: [], content: [] };
  fill(context, draft, value, shape, root.name);
  return { ...draft, name: root.name, position: NOWHERE };
}
