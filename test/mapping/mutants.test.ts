import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConceptMap } from 'fhir/r4';
import { listConceptMapMutants, listMutants, parseMap, printMap } from '../../src/mapping/index.ts';
import { mapTree } from './map-arbitrary.ts';
import { mapText, parse } from './map-fixture.ts';

const changesOf = (text: string): readonly string[] =>
  listMutants(parse(text)).map(({ position, rule, change }) => `${position.line} ${rule ?? ''}: ${change}`);

describe('the mutants of a map', () => {
  it('drop a rule, drop and turn round its condition, and alter each literal', () => {
    const text = mapText(
      'Patient',
      'Ticket',
      `src.name as n where use = 'old' -> tgt.Priority = 'P' "name";`,
    );
    expect(changesOf(text)).toEqual([
      '6 name: the rule was dropped',
      '6 name: the condition was dropped',
      '6 name: the condition was turned round',
      "6 name: 'old' became 'old~'",
      '6 name: "P" became "P~"',
    ]);
  });

  it('drop checks, cardinalities, list modes, defaults, calls and arguments', () => {
    const text = mapText(
      'Patient',
      'Ticket',
      `src.name 1..1 first as n check use.exists() -> tgt.Subject = append('a', n) "a";
src.active default true as a -> tgt.Open = a then Other(src, tgt) "b";`,
      'group Other(source s, target t) { s -> t.Open = true "c"; }',
    );
    const changes = changesOf(text);
    for (const change of [
      '6 a: the check was dropped',
      '6 a: the cardinality 1..1 was dropped',
      "6 a: 'first' was dropped",
      '6 a: argument 1 of append was dropped',
      '7 b: the default was dropped',
      '7 b: true became false',
      '7 b: the call of Other was dropped',
    ])
      expect(changes).toContain(change);
  });

  it('stand at the literal they alter', () => {
    const text = mapText('Patient', 'Ticket', `src -> tgt.Subject = ('first' & 'second') "x";`);
    const places = listMutants(parse(text))
      .filter(({ change }) => change.includes('second'))
      .map(({ position: { line, column } }) => `${line}:${column}`);
    expect(places).toEqual(['6:33']);
  });

  it('of a rule or group that is marked as of low priority are told apart', () => {
    const text = mapText(
      'Patient',
      'Ticket',
      `// silta: priority low — words for people\nsrc.active as a -> tgt.Open = a "low";\nsrc.id as i -> tgt.Subject = i "high";`,
    );
    expect(listMutants(parse(text)).map(({ rule, isLow }) => `${rule} ${isLow}`)).toEqual([
      'low true',
      'high false',
    ]);
  });

  it('each differ from the map in its text', () => {
    fc.assert(
      fc.property(mapTree, (map) => {
        const printed = printMap(map);
        for (const mutant of listMutants(map)) expect(printMap(mutant.map)).not.toBe(printed);
      }),
      { numRuns: 40 },
    );
  });

  it('leave the map itself as it is', () => {
    const text = mapText(
      'Patient',
      'Ticket',
      `src.name as n where use = 'old' -> tgt.Priority = 'P' "name";`,
    );
    const { map } = parseMap(text, 'x.fml');
    const before = JSON.stringify(map);
    if (map) listMutants(map);
    expect(JSON.stringify(map)).toBe(before);
  });
});

describe('the mutants of a ConceptMap', () => {
  it('drop each row and alter each answer', () => {
    const map: ConceptMap = {
      resourceType: 'ConceptMap',
      url: 'urn:m',
      status: 'active',
      group: [
        {
          element: [
            { code: 'a', target: [{ code: 'A', equivalence: 'equal' }] },
            { code: 'b', target: [{ equivalence: 'unmatched' }] },
          ],
        },
      ],
    };
    expect(listConceptMapMutants(map).map(({ code, change }) => `${code}: ${change}`)).toEqual([
      "a: the row of 'a' was dropped",
      "a: 'A' became 'A~'",
      "b: the row of 'b' was dropped",
    ]);
    expect(listConceptMapMutants(map)[0]?.conceptMap.group?.[0]?.element).toHaveLength(1);
    expect(map.group?.[0]?.element).toHaveLength(2);
  });
});
