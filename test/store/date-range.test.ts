import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dateRange } from '../../src/store/date-range.ts';

const iso = (text: string): string[] => {
  const range = dateRange(text);
  return range ? [new Date(range.low).toISOString(), new Date(range.high).toISOString()] : [];
};

describe('the span of a date', () => {
  it.each([
    ['2026', '2026-01-01T00:00:00.000Z', '2026-12-31T23:59:59.999Z'],
    ['2024-02', '2024-02-01T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
    ['2026-03-29', '2026-03-29T00:00:00.000Z', '2026-03-29T23:59:59.999Z'],
    ['2026-03-29T10:15', '2026-03-29T10:15:00.000Z', '2026-03-29T10:15:59.999Z'],
    ['2026-03-29T10:15:30+03:00', '2026-03-29T07:15:30.000Z', '2026-03-29T07:15:30.999Z'],
    ['2026-03-29T10:15:30.1234567-02:30', '2026-03-29T12:45:30.123Z', '2026-03-29T12:45:30.123Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000Z', '0001-01-01T23:59:59.999Z'],
  ])('%s is from %s to %s', (text, low, high) => {
    expect(iso(text)).toEqual([low, high]);
  });

  it.each([
    '',
    '26',
    '2026-13',
    '2026-00-01',
    '2025-02-29',
    '2026-01-01T24:00',
    '2026-01-01T10',
    '2026-01-01T10:00+99:00',
    '2026-1-1',
    ' 2026',
  ])('there is none of %j', (text) => {
    expect(dateRange(text)).toBeUndefined();
  });

  it('of every instant is that instant', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(dateRange(date.toISOString())).toEqual({ low: date.getTime(), high: date.getTime() });
        },
      ),
    );
  });
});
