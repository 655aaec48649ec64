import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseCommonPath } from '../../src/mapping/compile/parse-common-path.ts';

const library = createRequire(import.meta.url)('fhirpath') as { parse(text: string): unknown };

/** The library's tree without its own notes. */
function reference(text: string): unknown {
  return JSON.parse(
    JSON.stringify(library.parse(text), (key, value) => (key === 'atRoot' ? undefined : value)),
  );
}

const name = fc.constantFrom('a', 'item', 'value', 'Quantity', 'identifier', '_x1');
const { expression } = fc.letrec<{ expression: string; path: string; operand: string }>((tie) => ({
  path: fc
    .tuple(
      fc.oneof(
        name,
        name.map((each) => `%${each}`),
        fc.constant('$this'),
      ),
      fc.array(
        fc.oneof(
          { maxDepth: 2 },
          name.map((each) => `.${each}`),
          fc
            .tuple(
              fc.constantFrom('where', 'exists', 'join', 'ofType'),
              fc.array(tie('expression'), { maxLength: 2 }),
            )
            .map(([call, given]) => `.${call}(${given.join(' , ')})`),
        ),
        { maxLength: 3 },
      ),
    )
    .map(([first, rest]) => first + rest.join('')),
  operand: fc.oneof(
    { maxDepth: 2 },
    tie('path'),
    fc.constantFrom("'official'", "''", "'(%x) // or'", '17', '0.25', 'true', 'false'),
    tie('expression').map((each) => `(${each})`),
  ),
  expression: fc
    .tuple(
      tie('operand'),
      fc.array(
        fc.tuple(fc.constantFrom(' = ', '!=', ' < ', '>=', ' and ', ' or ', ' + ', '&'), tie('operand')),
        { maxLength: 3 },
      ),
    )
    .map(([first, rest]) => first + rest.map(([operator, operand]) => operator + operand).join('')),
}));

describe('common FHIRPath: https://hl7.org/fhirpath/N1/grammar.html', () => {
  it.each([
    'a',
    'a.b.c',
    "use = 'official'",
    "%patient.identifier.where(system = 'urn:oid:1.2.246.21').value",
    "repeat(item).where(linkId = 'total').answer.count() = 1",
    'a or b and c or d',
    '  a  .  b ( )',
    'value.ofType(FHIR.Quantity)',
    "$this > 18 and (a & '-' + b).exists(c, d.e)",
  ])('parses %s as the library does', (text) => {
    expect(parseCommonPath(text)).toEqual(reference(text));
  });

  it('parses whatever is composed of these as the library does', () => {
    fc.assert(
      fc.property(expression, (text) => {
        expect(parseCommonPath(text)).toEqual(reference(text));
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    '',
    '  ',
    'a.',
    'a b',
    'a..b',
    'a)',
    '(a',
    "'open",
    "'it\\'s'",
    '`a`',
    'a[0]',
    'a is Quantity',
    'a xor b',
    'a in b',
    '-1',
    '3 days',
    '4 year',
    '{}',
    'a // comment',
    'a\n.b',
    '@2026-01-01',
    'a.and',
    '%`x`',
    '1.a',
    '$index',
    '$thisOne',
    `${'('.repeat(40)}a${')'.repeat(40)}`,
  ])('leaves %j to the library', (text) => {
    expect(parseCommonPath(text)).toBeUndefined();
  });

  it('never accepts what the library refuses', () => {
    const noise = fc
      .array(
        fc.constantFrom(
          'a',
          '.',
          '(',
          ')',
          '=',
          'and',
          'or',
          "'x'",
          '1',
          ',',
          '%v',
          '$this',
          ' ',
          '+',
          'as',
          'true',
        ),
        {
          maxLength: 8,
        },
      )
      .map((each) => each.join(''));
    fc.assert(
      fc.property(noise, (text) => {
        const ours = parseCommonPath(text);
        if (ours) expect(ours).toEqual(reference(text));
      }),
      { numRuns: 500 },
    );
  });
});
