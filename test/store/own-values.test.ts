import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openStoreFixture, type StoreFixture } from './store-fixture.ts';

const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');
const word = fc
  .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
  .filter((text) => /[\p{L}\p{N}]/u.test(text) && !text.includes('\u0000') && !text.includes('&'));
const instant = fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

describe('a resource', () => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await openStoreFixture();
  });
  afterAll(() => fixture.drop());

  it('is found again by its own token, string, date and reference values', async () => {
    const patient = fc.record({ system: word, value: word, family: word, id: fc.uuid(), at: instant });
    await fc.assert(
      fc.asyncProperty(patient, async ({ system, value, family, id, at }) => {
        await fixture.create({
          resourceType: 'Encounter',
          id,
          status: 'finished',
          class: { code: 'AMB' },
          identifier: [{ system, value }],
          subject: { reference: `Patient/${id}` },
          period: { start: at.toISOString(), end: at.toISOString() },
          serviceProvider: { reference: `Organization/${id}` },
        });
        await fixture.create({
          resourceType: 'Patient',
          id,
          name: [{ family }],
          birthDate: at.toISOString().slice(0, 10),
        });
        const searches = [
          `Encounter?identifier=${escaped(value)}`,
          `Encounter?identifier=${escaped(system)}|${escaped(value)}`,
          `Encounter?date=${at.toISOString()}`,
          `Encounter?subject=Patient/${id}`,
          `Encounter?service-provider=${id}`,
          `Encounter?patient.family=${escaped(family)}`,
          `Patient?family=${escaped(family)}`,
          `Patient?family:exact=${escaped(family)}`,
          `Patient?birthdate=${at.toISOString().slice(0, 10)}`,
          `Patient?birthdate=${at.toISOString().slice(0, 7)}`,
          `Patient?_has:Encounter:patient:identifier=${escaped(value)}`,
        ];
        for (const text of searches)
          expect({ text, ids: await fixture.find(`${text}&_count=1000`) }).toEqual({
            text,
            ids: expect.arrayContaining([id]),
          });
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});
