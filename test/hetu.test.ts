import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseHetu } from '../src/hetu.ts';

/** Published test codes; https://dvv.fi/en/personal-identity-code explains the control character. */
const VALID: readonly (readonly [string, string])[] = [
  ['210281-9988', '1981-02-21'],
  ['010190-999W', '1990-01-01'],
  ['020516C903K', '2016-05-02'],
  ['010280-952L', '1980-02-01'],
  ['010675-9981', '1975-06-01'],
  ['141002A909X', '2002-10-14'],
  ['120508A950F', '2008-05-12'],
  ['311080-999X', '1980-10-31'],
];

const CONTROL = '0123456789ABCDEFHJKLMNPRSTUVWXY';

function codeOf(date: Date, separator: string, individual: number): string {
  const [year, month, day] = date.toISOString().slice(0, 10).split('-') as [string, string, string];
  const digits = `${day}${month}${year.slice(2)}${String(individual).padStart(3, '0')}`;
  return `${digits.slice(0, 6)}${separator}${digits.slice(6)}${CONTROL[Number(digits) % 31]}`;
}

describe('parseHetu', () => {
  it.each(VALID)('accepts %s and reads the birth date %s', (value, birthDate) => {
    expect(parseHetu(value)).toEqual({ ok: true, value, birthDate, temporary: true });
  });

  it('accepts lower case and answers in upper case', () => {
    expect(parseHetu('010190-999w')).toMatchObject({ ok: true, value: '010190-999W' });
  });

  it('keeps the separator, because it tells two persons apart', () => {
    const old = parseHetu('100190-999P');
    const renewed = parseHetu('100190Y999P');
    expect(old).toMatchObject({ ok: true, birthDate: '1990-01-10', value: '100190-999P' });
    expect(renewed).toMatchObject({ ok: true, birthDate: '1990-01-10', value: '100190Y999P' });
  });

  it.each([
    ['010190-999Y', 'control-character'],
    ['010190-999X', 'control-character'],
    ['250810A999Y', 'control-character'],
    ['310290-999W', 'date'],
    ['290201-999X', 'date'],
    ['001090-999X', 'date'],
    ['010190-001X', 'individual-number'],
    ['010190G999W', 'shape'],
    ['010190 999W', 'shape'],
    ['010190-999', 'shape'],
    ['010190-999WW', 'shape'],
    [' 010190-999W', 'shape'],
    ['', 'shape'],
    [undefined, 'shape'],
    [10190999, 'shape'],
  ] as const)('refuses %p because of its %s', (value, reason) => {
    expect(parseHetu(value)).toEqual({ ok: false, reason });
  });

  it('accepts 29 February in a leap year only', () => {
    expect(parseHetu(codeOf(new Date('2000-02-29T00:00:00Z'), 'A', 912)).ok).toBe(true);
    expect(parseHetu('290200-912X').ok).toBe(false);
  });

  it('reads back every date and separator it is built from', () => {
    const separators = { 18: '+', 19: '-YXWVU', 20: 'ABCDEF' } as const;
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('1800-01-01'),
          max: new Date('2099-12-31'),
          noInvalidDate: true,
        }),
        fc.nat(5),
        fc.integer({ min: 900, max: 999 }),
        (date, pick, individual) => {
          const iso = date.toISOString().slice(0, 10);
          const choices = separators[Number(iso.slice(0, 2)) as keyof typeof separators];
          const value = codeOf(date, choices[pick % choices.length] as string, individual);
          expect(parseHetu(value)).toEqual({ ok: true, value, birthDate: iso, temporary: true });
        },
      ),
    );
  });

  it('notices every single wrong digit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 900, max: 999 }),
        fc.nat(9),
        fc.constantFrom(7, 8, 9),
        (number, digit, at) => {
          const value = codeOf(new Date('1986-07-23T00:00:00Z'), '-', number);
          const wrong = value.slice(0, at) + String(digit) + value.slice(at + 1);
          expect(parseHetu(wrong).ok).toBe(wrong === value);
        },
      ),
    );
  });
});
