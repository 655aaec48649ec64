/** Resources of any type with any of their elements, made from the definitions. */
import fc from 'fast-check';
import type { Definitions, Element, Structure } from '../../src/definitions/index.ts';
import { markNumber } from '../../src/exact-json.ts';

type Json = Record<string, unknown>;

/** Where types that would go on for ever end. */
const DEEPEST = 3;
const INLINE: ReadonlySet<string> = new Set(['BackboneElement', 'Element']);

const character = fc.constantFrom(...'aäÅ1 <>&"\'\n\t\r😀\u0085\u2028\u00a0-{}', ']]>');
const text = fc.array(character, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
/** Numbers in every way JSON may write them, those that a double writes otherwise, too. */
const decimal = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.constantFrom('0', '1', '100', '12345678901234567890'),
    fc.constantFrom('', '.0', '.10', '.123456789012345678901234567890', '.0000001'),
    fc.constantFrom('', 'e0', 'E-7', 'e+10'),
  )
  .map((parts) => markNumber(parts.join('')));
const whole = fc.integer({ min: 1, max: 2_147_483_647 });
const division = fc
  .tuple(
    text,
    fc.constantFrom(' class="a"', " title='b'", ''),
    fc.constantFrom('<br/>', '<br></br>', '<!-- c -->'),
  )
  .map(([inner, attribute, more]) => {
    const escaped = inner.replace(/[&<>]/g, (each) => `&#${each.charCodeAt(0)};`);
    return `<div xmlns="http://www.w3.org/1999/xhtml"><p${attribute}>${escaped}</p>${more}</div>`;
  });

function primitive(type: string): fc.Arbitrary<unknown> {
  if (type === 'boolean') return fc.boolean();
  if (type === 'decimal') return decimal;
  if (type === 'integer' || type === 'positiveInt' || type === 'unsignedInt') return whole;
  return type === 'xhtml' ? division : text;
}

/** Any resource of a type: its structure holds, its content need not make sense. Its numbers are marked. */
export function anyResource(definitions: Definitions, type: string): fc.Arbitrary<Json> {
  const whole = (structure: Structure, depth: number) => object(structure, structure.type, depth);

  const object = (structure: Structure, path: string, depth: number): fc.Arbitrary<Json> => {
    const members = structure.children(path).filter((each) => depth < DEEPEST || each.name === 'id');
    return fc
      .subarray([...members], { maxLength: Math.min(members.length, depth === 0 ? 8 : 3) })
      .chain((some) => fc.tuple(...some.map((each) => member(structure, each, depth))))
      .map((parts) => Object.assign({}, ...parts) as Json);
  };

  const member = (structure: Structure, element: Element, depth: number): fc.Arbitrary<Json> => {
    if (element.contentReference !== undefined)
      return listed(element, element.name, object(structure, element.contentReference, depth + 1));
    const { types } = element;
    return fc.constantFrom(...types).chain(({ code }) => {
      const key = element.name.endsWith('[x]')
        ? `${element.name.slice(0, -3)}${code.slice(0, 1).toUpperCase()}${code.slice(1)}`
        : element.name;
      if (INLINE.has(code)) return listed(element, key, object(structure, element.path, depth + 1));
      const known = definitions.structure(code);
      if (code === 'Resource' || !known) return listed(element, key, contained);
      if (known.kind !== 'primitive-type') return listed(element, key, whole(known, depth + 1));
      return element.representation || code === 'xhtml'
        ? primitive(code).map((value) => ({ [key]: value }))
        : primitiveMember(element, key, primitive(code));
    });
  };

  const listed = (element: Element, key: string, one: fc.Arbitrary<Json>): fc.Arbitrary<Json> => {
    const some = one.filter((each) => Object.keys(each).length > 0);
    const kept = fc.option(some, { nil: undefined });
    if (element.max === 1) return kept.map((value) => (value ? { [key]: value } : {}));
    return kept.map((value) => (value ? { [key]: [value, value] } : {}));
  };

  const contained: fc.Arbitrary<Json> = fc.tuple(text, decimal).map(([value, number]) => ({
    resourceType: 'Basic',
    language: value,
    extension: [{ url: 'urn:x', valueDecimal: number }],
  }));

  const beside = fc.record(
    { id: text, extension: fc.constant([{ url: 'urn:why', valueCode: 'unknown' }]) },
    { requiredKeys: ['extension'] },
  );

  const primitiveMember = (
    element: Element,
    key: string,
    value: fc.Arbitrary<unknown>,
  ): fc.Arbitrary<Json> => {
    if (element.max === 1)
      return fc.oneof(
        value.map((each) => ({ [key]: each })),
        fc.tuple(value, beside).map(([each, more]) => ({ [key]: each, [`_${key}`]: more })),
        beside.map((more) => ({ [`_${key}`]: more })),
      );
    return fc.oneof(
      fc.array(value, { minLength: 1, maxLength: 3 }).map((all) => ({ [key]: all })),
      fc.tuple(value, value, beside).map(([a, b, more]) => ({
        [key]: [a, null, b],
        [`_${key}`]: [null, more, null],
      })),
      beside.map((more) => ({ [`_${key}`]: [more] })),
    );
  };

  const structure = definitions.structure(type);
  if (!structure) throw new Error(`${type} is not known`);
  return whole(structure, 0).map((resource) => ({ ...resource, resourceType: type }));
}
