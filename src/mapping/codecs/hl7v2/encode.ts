/** JSON → segments. What the model does not know and what a message cannot hold is an error that names the element. */
import { MappingError } from '../../types.ts';
import { type Json, NULL_EXTENSION } from './decode.ts';
import { createEscaper, type Delimiters, readDelimiters, USUAL } from './delimiters.ts';
import {
  type GroupPlan,
  OTHER,
  type PartPlan,
  SEGMENT_NAME,
  type SegmentPlan,
  type ValuePlan,
} from './plan.ts';

interface Output {
  readonly delimiters: Delimiters;
  readonly escape: (text: string) => string | undefined;
  readonly lines: string[];
}

function refuse(path: string, message: string): never {
  throw new MappingError({ file: 'output', line: 1, column: 1 }, `${path}: ${message}`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectAt(value: unknown, path: string): Json {
  return isObject(value) ? value : refuse(path, 'an object is wanted here');
}

function listAt(value: unknown, isList: boolean, path: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value) !== isList)
    return refuse(path, `${isList ? 'a list' : 'one value'} is wanted here`);
  return Array.isArray(value) ? value : [value];
}

function isNull(companion: unknown): boolean {
  if (!isObject(companion) || !Array.isArray(companion['extension'])) return false;
  return companion['extension'].some((each) => isObject(each) && each['url'] === NULL_EXTENSION);
}

function writeLeaf(value: unknown, companion: unknown, output: Output, path: string): string {
  if (isNull(companion)) return '""';
  if (companion !== undefined && companion !== null)
    refuse(path, 'HL7 v2 has no place for the id and extensions of a value');
  if (value === undefined || value === null) return '';
  if (typeof value === 'object' || value === '') return refuse(path, 'a value is wanted here');
  return output.escape(String(value)) ?? refuse(path, 'MSH-2 names no escape character, but this needs one');
}

/** A separator below the components would be needed. */
type Level = 'component' | 'subcomponent' | 'none';

function writeValue(
  given: { readonly value: unknown; readonly companion: unknown },
  plan: ValuePlan,
  level: Level,
  output: Output,
  path: string,
): string {
  if (plan.kind === 'leaf') return writeLeaf(given.value, given.companion, output, path);
  if (given.value === undefined || given.value === null) return '';
  if (level === 'none') return refuse(path, 'this is nested too deep for a message');
  const texts = writeParts(objectAt(given.value, path), plan, path, (part, json, at) =>
    writeField(part, json, level === 'component' ? 'subcomponent' : 'none', output, at),
  );
  const separator = output.delimiters[level];
  if (separator === undefined && texts.length > 1) refuse(path, `MSH-2 names no separator of ${level}s`);
  return texts.join(separator);
}

/** Texts by position, as far as there are any. */
function writeParts(
  json: Json,
  plan: Extract<ValuePlan, { kind: 'parts' }>,
  path: string,
  write: (part: PartPlan, json: Json, path: string) => string,
): string[] {
  const texts: string[] = [];
  const known = new Set<string>();
  for (const part of plan.parts) {
    if (!part) continue;
    for (const { key } of part.values.values()) known.add(key).add(`_${key}`);
    const text = write(part, json, `${path}.${part.key}`);
    if (text === '') continue;
    while (texts.length < part.position - 1) texts.push('');
    texts.push(text);
  }
  for (const key in json)
    if (!known.has(key)) refuse(`${path}.${key}`, `${plan.type} has no such element with a position`);
  return texts;
}

/** A field with its repetitions, or a component. */
function writeField(part: PartPlan, json: Json, level: Level, output: Output, path: string): string {
  const there = [...part.values.values()].filter(
    ({ key }) => json[key] !== undefined || json[`_${key}`] !== undefined,
  );
  const [only, ...others] = there;
  if (!only) return '';
  if (others.length > 0) refuse(path, 'this can be there as one type only');
  const values = listAt(json[only.key], part.isList, path);
  const besides = listAt(json[`_${only.key}`], part.isList, path);
  const texts: string[] = [];
  for (let index = 0; index < Math.max(values.length, besides.length); index += 1) {
    const given = { value: values[index], companion: besides[index] };
    texts.push(writeValue(given, only.value, level, output, part.isList ? `${path}[${index}]` : path));
  }
  const { repetition } = output.delimiters;
  if (texts.length > 1 && repetition === undefined) refuse(path, 'MSH-2 names no repetition separator');
  return texts.join(repetition);
}

function writeSegment(node: SegmentPlan, json: Json, output: Output, path: string): void {
  const { name, ...rest } = json;
  const isOther = node.key === OTHER;
  if (isOther && (typeof name !== 'string' || !SEGMENT_NAME.test(name)))
    refuse(`${path}.name`, 'the name of a segment is wanted here');
  const fields = writeParts(isOther ? rest : json, node.value, path, (part, holder, at) =>
    node.key === 'MSH' && part.position < 3 ? '' : writeField(part, holder, 'component', output, at),
  );
  const { field } = output.delimiters;
  if (node.key !== 'MSH') {
    output.lines.push([isOther ? name : node.key, ...fields].join(field));
    return;
  }
  const { component, repetition = '', escapeBy = '', subcomponent = '', truncation = '' } = output.delimiters;
  const encoding = component + repetition + escapeBy + subcomponent + truncation;
  output.lines.push(['MSH', encoding, ...fields.slice(2)].join(field));
}

function writeNodes(group: GroupPlan, json: Json, output: Output, path: string): void {
  const known = new Set(group.nodes.map((node) => node.key));
  for (const key in json) if (!known.has(key)) refuse(`${path}.${key}`, 'the model has no such element');
  if (group.isAny && Object.keys(json).length !== 1) refuse(path, 'exactly one segment is wanted here');
  for (const node of group.nodes) {
    const at = `${path}.${node.key}`;
    const items = listAt(json[node.key], node.isList, at);
    if (items.length === 0 && node.isRequired) refuse(at, 'this must be there');
    for (const [index, item] of items.entries()) {
      const place = node.isList ? `${at}[${index}]` : at;
      if (node.kind === 'segment') writeSegment(node, objectAt(item, place), output, place);
      else writeNodes(node, objectAt(item, place), output, place);
    }
  }
}

function delimitersOf(message: Json, path: string): Delimiters {
  const head = message['MSH'];
  const { MSH_1: field = USUAL.field, MSH_2: encoding = USUAL.encoding } = isObject(head) ? head : {};
  const found = readDelimiters(String(field), String(encoding));
  return typeof found === 'string' ? refuse(`${path}.MSH`, found) : found;
}

/**
 * Writes a message, a segment a line, each ended by a carriage return.
 *
 * @throws MappingError that names the element which does not fit
 */
export function encodeMessage(plan: GroupPlan, value: unknown, type: string): string {
  const message = objectAt(value, type);
  const delimiters = delimitersOf(message, type);
  const output: Output = { delimiters, escape: createEscaper(delimiters), lines: [] };
  writeNodes(plan, message, output, type);
  return output.lines.map((line) => `${line}\r`).join('');
}
