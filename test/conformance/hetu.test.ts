import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkHetu } from '../../src/conformance/index.ts';

const CONTROL = '0123456789ABCDEFHJKLMNPRSTUVWXY';

function control(digits: string): string {
  return CONTROL[Number(digits) % 31] ?? '';
}

describe('A personal identity code', () => {
  it.each([
    ['131052-308T', '1952-10-13'],
    ['020516C903K', '2016-05-02'],
    ['141002A909X', '2002-10-14'],
    ['010170-999R', '1970-01-01'],
    ['120508a950f', '2008-05-12'],
  ])('is accepted and tells the birth date: %s', (value, birthDate) => {
    expect(checkHetu(value)).toEqual({ ok: true, birthDate });
  });

  it.each([
    ['', 'shape'],
    ['010170-999', 'shape'],
    ['010170-999R ', 'shape'],
    ['010170Z999R', 'shape'],
    ['010170G999R', 'shape'],
    ['010170-99XR', 'shape'],
    ['010170-999G', 'shape'],
    ['310270-999R', 'date'],
    ['290201-999R', 'date'],
    ['001270-999R', 'date'],
    [`010170-001${control('010170001')}`, 'individual-number'],
    ['010190-999Y', 'control-character'],
    ['250810A999Y', 'control-character'],
  ])('is refused with the part that is wrong: %s', (value, reason) => {
    expect(checkHetu(value)).toEqual({ ok: false, reason });
  });

  it('knows the leap day of 2000 and refuses that of 1900', () => {
    expect(checkHetu(`290200A950${control('290200950')}`)).toEqual({ ok: true, birthDate: '2000-02-29' });
    expect(checkHetu(`290200-950${control('290200950')}`)).toEqual({ ok: false, reason: 'date' });
  });

  it('tells the century by each of its intermediate characters, and no wrong control character passes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...'+-YXWVUABCDEF'),
        fc.integer({ min: 1, max: 28 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 99 }),
        fc.integer({ min: 900, max: 999 }),
        fc.constantFrom(...CONTROL),
        (separator, day, month, year, individual, given) => {
          const two = (value: number) => String(value).padStart(2, '0');
          const date = two(day) + two(month) + two(year);
          const right = control(`${date}${individual}`);
          const century = separator === '+' ? 18 : 'ABCDEF'.includes(separator) ? 20 : 19;
          expect(checkHetu(`${date}${separator}${individual}${given}`)).toEqual(
            given === right
              ? { ok: true, birthDate: `${century}${two(year)}-${two(month)}-${two(day)}` }
              : { ok: false, reason: 'control-character' },
          );
        },
      ),
    );
  });
});
