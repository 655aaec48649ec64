import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeDate,
  encodeDate,
  encodeDates,
  readEntities,
  sameValue,
  stringLiteral,
} from '../../src/systems/odata-format.ts';

describe('OData v2 dates', () => {
  it('come back from their encoding as the same instant', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(decodeDate(encodeDate(date.toISOString()))).toBe(date.getTime());
      }),
    );
  });

  it('are read with an offset and before 1970, and nothing else is taken for one', () => {
    expect(decodeDate('/Date(-62135596800000)/')).toBe(-62_135_596_800_000);
    expect(decodeDate('/Date(1772704800000+0120)/')).toBe(1_772_704_800_000);
    expect(decodeDate('2026-03-05')).toBeUndefined();
    expect(decodeDate(5)).toBeUndefined();
    expect(encodeDate('ensi viikolla')).toBeUndefined();
  });

  it('are encoded by name at any depth, and what is no date stays as it is', () => {
    const names = new Set(['Due']);
    expect(encodeDates({ Due: '2026-03-05', Items: [{ Due: 'x', Name: '2026-03-05' }] }, names)).toEqual({
      Due: '/Date(1772668800000)/',
      Items: [{ Due: 'x', Name: '2026-03-05' }],
    });
  });

  it('are the same when they name the same instant', () => {
    expect(sameValue('/Date(1000)/', '/Date(1000+0000)/')).toBe(true);
    expect(sameValue('/Date(1000)/', '/Date(1001)/')).toBe(false);
    expect(sameValue(null, undefined)).toBe(true);
    expect(sameValue(null, 'null')).toBe(false);
    expect(sameValue(3, '3')).toBe(true);
  });
});

describe('OData v2 literals and answers', () => {
  it('doubles quotes so that a value never ends its literal early', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const literal = stringLiteral(text);
        expect(literal.slice(1, -1).replaceAll("''", '')).not.toContain("'");
        expect(literal.slice(1, -1).replaceAll("''", "'")).toBe(text);
      }),
    );
  });

  it.each([
    ['{"d":{"results":[{"a":1},{"a":2}]}}', [{ a: 1 }, { a: 2 }]],
    ['{"d":{"results":{"a":1}}}', [{ a: 1 }]],
    ['{"d":{"a":1}}', [{ a: 1 }]],
    ['{"d":[{"a":1}]}', [{ a: 1 }]],
    ['{"d":{"results":[]}}', []],
    ['{"value":[]}', undefined],
    ['<html>', undefined],
    ['{"d":{"results":["a"]}}', undefined],
  ])('reads %s', (body, entities) => {
    expect(readEntities(body)).toEqual(entities);
  });
});
