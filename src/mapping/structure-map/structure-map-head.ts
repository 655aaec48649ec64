/** What a StructureMap says before its groups: metadata, models, constants, documentation. */
import type { LiteralNode, MapTree, UsesNode } from '../tree.ts';
import type { Position } from '../types.ts';
import type { JsonReader } from './json-reader.ts';
import { CONSTANT_EXTENSION, METADATA_EXTENSION, METADATA_KEYS } from './vocabulary.ts';

const MODES = ['source', 'target', 'queried', 'produced'] as const satisfies readonly UsesNode['mode'][];

export function usesOf(json: JsonReader): UsesNode {
  const alias = json.text('alias');
  const documentation = json.text('documentation');
  return {
    url: json.required('url'),
    ...(alias !== undefined && { alias }),
    mode: json.oneOf('mode', MODES) ?? 'source',
    ...(documentation !== undefined && { documentation }),
    position: json.position,
  };
}

export function metadataOf(json: JsonReader): MapTree['metadata'] {
  const { position } = json;
  const known = METADATA_KEYS.flatMap((key) => {
    const value = json.scalar(key);
    const isDefault = key === 'status' && value === 'draft';
    return value === undefined || isDefault ? [] : [{ key, value, position }];
  });
  const others = json.extensions(METADATA_EXTENSION).flatMap((extension) => {
    const [key, value] = extension.list('extension');
    const literal = value && literalOf(value, 'value');
    return key && literal ? [{ key: key.required('valueString'), value: literal.value, position }] : [];
  });
  return [...known, ...others];
}

export function constantsOf(json: JsonReader): MapTree['constants'] {
  const make = (name: string, text: string, position: Position): MapTree['constants'][number] => ({
    name,
    expression: { kind: 'expression', text, position },
    position,
  });
  const ofR5 = json
    .list('const')
    .map((each) => make(each.required('name'), each.required('value'), each.position));
  const ofR4 = json.extensions(CONSTANT_EXTENSION).map((each) => {
    const [name, value] = each.list('extension');
    return make(name?.required('valueId') ?? '', value?.required('valueString') ?? '', each.position);
  });
  return [...ofR5, ...ofR4];
}

export function documentationOf(json: JsonReader): string | undefined {
  const div = json.list('text')[0]?.text('div') ?? '';
  const body = /^<div xmlns="http:\/\/www\.w3\.org\/1999\/xhtml"><pre>([\s\S]*)<\/pre><\/div>$/.exec(
    div,
  )?.[1];
  return body?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

export function literalOf(json: JsonReader, prefix: string): LiteralNode | undefined {
  const { position } = json;
  const found = json.entries().find(([key]) => key.startsWith(prefix) && key !== `${prefix}Id`);
  if (!found) return undefined;
  const [key, value] = found;
  if (typeof value === 'boolean') return { kind: 'literal', type: 'boolean', value, position };
  if (typeof value === 'string') return { kind: 'literal', type: 'string', value, position };
  if (typeof value !== 'number') {
    json.report(`${key} is not a primitive value`);
    return undefined;
  }
  const isDecimal = key.endsWith('Decimal') || !Number.isInteger(value);
  return { kind: 'literal', type: isDecimal ? 'decimal' : 'integer', value, position };
}
