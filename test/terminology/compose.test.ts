import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ValueSetComposeInclude, ValueSetComposeIncludeFilter } from 'fhir/r4';
import {
  type ExpandOptions,
  expandValueSet,
  openCodeSystem,
  validateInValueSet,
} from '../../src/terminology/index.ts';
import { ANIMALS, animals, sourceOf, valueSetOf } from './support.ts';

const OPTIONS: ExpandOptions = {
  identifier: 'urn:uuid:1',
  timestamp: '2026-03-01T00:00:00Z',
  excludeNested: true,
};

function codesOf(include: ValueSetComposeInclude[], exclude?: ValueSetComposeInclude[]): string[] {
  const valueSet = valueSetOf({ include, ...(exclude && { exclude }) });
  return (expandValueSet(valueSet, sourceOf(), OPTIONS).expansion?.contains ?? []).map(({ code }) =>
    String(code),
  );
}

const filtered = (property: string, op: ValueSetComposeIncludeFilter['op'], value: string) => ({
  system: ANIMALS,
  filter: [{ property, op, value }],
});

describe('a filter', () => {
  it.each([
    ['concept', 'is-a', 'dog', ['dog', 'poodle']],
    ['concept', 'descendent-of', 'mammal', ['dog', 'poodle', 'whale']],
    ['concept', 'is-not-a', 'mammal', ['pet', 'goldfish']],
    ['concept', 'generalizes', 'poodle', ['mammal', 'dog', 'poodle']],
    ['concept', 'is-a', 'pet', ['pet', 'goldfish']],
    ['code', '=', 'WHALE', ['whale']],
    ['legs', '=', '4', ['dog']],
    ['legs', 'in', '0, 4', ['dog', 'whale']],
    ['concept', 'in', 'dog,pet', ['dog', 'pet']],
    ['concept', 'not-in', 'dog,poodle,whale,mammal', ['pet', 'goldfish']],
    ['legs', 'exists', 'true', ['dog', 'whale']],
    ['legs', 'exists', 'false', ['mammal', 'poodle', 'pet', 'goldfish']],
    ['code', 'regex', '.*fish|p.t', ['pet', 'goldfish']],
    ['display', 'regex', 'P.*', ['poodle', 'pet']],
    ['parent', '=', 'dog', ['poodle']],
    ['child', '=', 'poodle', ['dog']],
    ['inactive', '=', 'true', ['goldfish']],
  ] as const)('%s %s %s', (property, op, value, expected) => {
    expect(codesOf([filtered(property, op, value)])).toEqual(expected);
  });

  it.each([
    ['legs', 'is-a', '4', 'unsupported-content', "the filter 'is-a' of 'legs' is not supported"],
    ['concept', 'is-a', 'unicorn', 'unsupported-content', 'does not have'],
    ['code', 'regex', '(', 'unsupported-content', 'malformed'],
    ['code', 'regex', 'x'.repeat(501), 'too-costly', 'takes too long'],
    ['legs', 'exists', 'maybe', 'unsupported-content', 'is not supported'],
  ] as const)('%s %s %s is refused as %s', (property, op, value, code, text) => {
    expect(() => codesOf([filtered(property, op, value)])).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    );
  });

  it('stops a regular expression that would take for ever', () => {
    const concept = { code: `${'a'.repeat(60)}!` };
    const evil = { ...animals, url: 'https://terms.example/CodeSystem/evil', concept: [concept] };
    const source = sourceOf();
    const valueSet = valueSetOf({
      include: [{ system: evil.url, filter: [{ property: 'code', op: 'regex', value: '(a|a|aa)+' }] }],
    });
    const withEvil = { ...source, codeSystem: () => openCodeSystem(evil) };
    expect(() => expandValueSet(valueSet, withEvil, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'too-costly' }),
    );
  });
});

describe('a composition', () => {
  it('holds the codes it names, with the displays it gives them', () => {
    const valueSet = valueSetOf({
      include: [
        { system: ANIMALS, concept: [{ code: 'dog', display: 'Good dog' }] },
        { system: 'http://snomed.info/sct', concept: [{ code: '73211009', display: 'Diabetes mellitus' }] },
      ],
    });
    expect(expandValueSet(valueSet, sourceOf(), OPTIONS).expansion).toMatchObject({
      total: 2,
      contains: [
        { system: ANIMALS, version: '3', code: 'dog', display: 'Good dog' },
        { system: 'http://snomed.info/sct', code: '73211009', display: 'Diabetes mellitus' },
      ],
    });
  });

  it('leaves out what it excludes and, when told so, what is inactive', () => {
    expect(codesOf([{ system: ANIMALS }], [filtered('concept', 'is-a', 'mammal')])).toEqual([
      'pet',
      'goldfish',
    ]);
    const valueSet = valueSetOf({ inactive: false, include: [filtered('concept', 'is-a', 'pet')] });
    expect(expandValueSet(valueSet, sourceOf(), OPTIONS).expansion?.contains).toHaveLength(1);
  });

  it('draws on other value sets, as far as all of a part hold a code', () => {
    const pets = valueSetOf(
      { include: [{ system: ANIMALS, concept: [{ code: 'dog' }, { code: 'pet' }] }] },
      'urn:x:pets',
    );
    const both = valueSetOf({ include: [{ valueSet: ['urn:x:pets'] }] });
    const fewer = valueSetOf({
      include: [{ ...filtered('concept', 'is-a', 'mammal'), valueSet: ['urn:x:pets'] }],
    });
    const codes = (valueSet: typeof both) =>
      expandValueSet(valueSet, sourceOf(pets), OPTIONS).expansion?.contains?.map(({ code }) => code);
    expect(codes(both)).toEqual(['dog', 'pet']);
    expect(codes(fewer)).toEqual(['dog']);
  });

  it.each([
    ['itself', valueSetOf({ include: [{ valueSet: ['urn:x:round'] }] }, 'urn:x:round'), 'not-supported'],
    ['an unknown value set', valueSetOf({ include: [{ valueSet: ['urn:x:none'] }] }), 'not-found'],
    ['SNOMED CT', valueSetOf({ include: [{ system: 'http://snomed.info/sct' }] }), 'not-found'],
    ['a grammar', valueSetOf({ include: [{ system: 'urn:ietf:bcp:13' }] }), 'too-costly'],
    ['nothing at all', valueSetOf(undefined), 'not-supported'],
  ])('that draws on %s cannot be expanded', (_, valueSet, code) => {
    const expand = () => expandValueSet(valueSet, sourceOf(valueSet), OPTIONS);
    expect(expand).toThrow(expect.objectContaining({ issues: [expect.objectContaining({ code })] }));
  });

  it('has exactly the members that it says it has, one by one', () => {
    const part = fc.oneof(
      fc
        .constantFrom('dog', 'mammal', 'pet', 'goldfish')
        .chain((value) =>
          fc
            .constantFrom('is-a', 'descendent-of', 'is-not-a', 'generalizes', '=')
            .map((op) => filtered('concept', op, value)),
        ),
      fc.subarray(['dog', 'poodle', 'whale', 'pet'], { minLength: 1 }).map((codes) => ({
        system: ANIMALS,
        concept: codes.map((code) => ({ code })),
      })),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), fc.array(part), (include, exclude) => {
        const valueSet = valueSetOf({ include, exclude });
        const listed = new Set(codesOf(include, exclude));
        for (const code of ['mammal', 'dog', 'poodle', 'whale', 'pet', 'goldfish']) {
          const verdict = validateInValueSet(valueSet, { codings: [{ system: ANIMALS, code }] }, sourceOf());
          expect([code, verdict.result]).toEqual([code, listed.has(code)]);
        }
      }),
    );
  });
});
