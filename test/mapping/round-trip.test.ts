import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findPairs, pairLeaves, runRoundTrip } from '../../src/mapping/index.ts';
import { definitions, environment, mapText, parse, ticketModel } from './map-fixture.ts';

const OPTIONS = { definitions, models: [ticketModel] };
const ALL = { runs: 60, seed: 20_261_122, environment };

function mapOf(name: string, source: string, target: string, body: string) {
  return parse(mapText(source, target, body).replace(/http:\/\/\S*?(?=')/, `urn:map:${name}`));
}

const there = mapOf(
  'there',
  'Ticket',
  'Patient',
  `src.Subject as s -> tgt.language = s "subject";
src.Open as o -> tgt.active = o "open";`,
);
const back = mapOf(
  'back',
  'Patient',
  'Ticket',
  `src.language as l -> tgt.Subject = l "subject";
src.active as a -> tgt.Open = true "open";`,
);

describe('a round trip', () => {
  it('pairs maps that lead to each other', () => {
    expect(findPairs([there, back], OPTIONS)).toEqual([
      { there, back },
      { there: back, back: there },
    ]);
    expect(findPairs([there], OPTIONS)).toEqual([]);
  });

  it('tells what is kept, what is lost and what becomes something else, with an example', async () => {
    const { elements } = await runRoundTrip({ there, back }, OPTIONS, ALL);
    const fates = new Map(elements.map((fate) => [fate.element, fate]));
    expect(fates.get('TestTicket.Priority')).toMatchObject({
      kept: 0,
      changed: 0,
      example: { after: undefined },
    });
    expect(fates.get('TestTicket.Priority')?.lost).toBeGreaterThan(0);
    expect(fates.get('TestTicket.Open')).toMatchObject({ lost: 0, example: { before: false, after: true } });
    expect(fates.get('TestTicket.Open')?.kept).toBeGreaterThan(0);
  });

  it('is the same again with the same seed, and another with another', async () => {
    const trip = (seed: number) => runRoundTrip({ there, back }, OPTIONS, { ...ALL, seed });
    expect(await trip(7)).toEqual(await trip(7));
    expect(await trip(7)).not.toEqual(await trip(8));
  });

  it('counts messages that a map refuses, with the smallest of them', async () => {
    const strict = mapOf('strict', 'Ticket', 'Patient', 'src check false -> tgt.active = true "no";');
    const { elements, refused } = await runRoundTrip({ there: strict, back }, OPTIONS, ALL);
    expect(elements).toEqual([]);
    expect(refused).toEqual([
      { message: expect.stringContaining('check failed'), times: ALL.runs, input: expect.anything() },
    ]);
  });
});

describe('pairLeaves', () => {
  it('finds a message equal to itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const { before, after } of pairLeaves(value, value)) expect(after).toBe(before);
      }),
    );
  });

  it('names elements without indexes, and what is on one side only', () => {
    expect(pairLeaves({ a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }], c: 'x' })).toEqual([
      { element: 'a.b', before: 1, after: 1 },
      { element: 'a.b', before: 2, after: undefined },
      { element: 'c', before: undefined, after: 'x' },
    ]);
  });
});
