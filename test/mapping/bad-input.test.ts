/** Input that is made to break a reader: it ends soon, with an error that has a place. */
import { describe, expect, it } from '@jest/globals';
import { createCodec, fromStructureMap, json, MappingError, parseMap } from '../../src/mapping/index.ts';
import { compile, definitions, environment, mapText, problems, transform } from './map-fixture.ts';

const PATIENT = { resourceType: 'Patient', id: 'p' };

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof MappingError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

describe('maps that are nested without end', () => {
  it.each([
    ['rules', `${'src -> tgt as t then {'.repeat(5_000)}${'}'.repeat(5_000)}`],
    ['brackets', `src where ${'('.repeat(20_000)}true${')'.repeat(20_000)} -> tgt.id = 'x';`],
  ])('are refused for their %s', (_, rules) => {
    const { map, diagnostics } = parseMap(mapText('Patient', 'Patient', rules), 'x.fml');
    expect(map).toBeUndefined();
    expect(diagnostics[0]?.message).toBe('this is nested deeper than 100');
    expect(diagnostics.length).toBeLessThan(10_000);
  });

  it.each([
    ['operators', `${'true and '.repeat(20_000)}true`],
    ['calls', `id${'.first()'.repeat(20_000)}.exists()`],
  ])('are refused for their %s', (_, expression) => {
    expect(problems(mapText('Patient', 'Patient', `src where ${expression} -> tgt.id = 'x';`))).toEqual([
      '6:11 FHIRPath: this is too long or nested too deep',
    ]);
  });

  it('are refused as StructureMaps, too', () => {
    let rule: unknown = { name: 'x', source: [{ context: 'a' }] };
    for (let depth = 0; depth < 20_000; depth += 1)
      rule = { name: 'x', source: [{ context: 'a' }], rule: [rule] };
    const map = {
      resourceType: 'StructureMap',
      url: 'https://silta.example/fhir/StructureMap/deep',
      name: 'Deep',
      group: [{ name: 'g', typeMode: 'none', input: [{ name: 'a', mode: 'source' }], rule: [rule] }],
    };
    const { diagnostics } = fromStructureMap(map, 'deep.json');
    expect(diagnostics.map((each) => each.message)).toEqual(['StructureMap: its rules are nested too deep']);
  });
});

describe('values that are made to keep an expression busy', () => {
  it('are judged in linear time as base64Binary', () => {
    const rules = 'src.id as i -> tgt.photo as p, p.data = i;';
    const run = (id: string) => transform('Patient', 'Patient', rules, { ...PATIENT, id });
    expect(faultOf(() => run(`${'AAAA '.repeat(5_000)}!`))).toContain('not a valid base64Binary');
    expect(run(' AA\nA= AAAA ')).toMatchObject({ photo: [{ data: ' AA\nA= AAAA ' }] });
  });

  it('are judged in linear time as a quantity', () => {
    const blanks = ' '.repeat(100_000);
    const given = { ...PATIENT, id: `${blanks}5${blanks}m${blanks}g\n${blanks}` };
    expect(transform('Patient', 'Observation', 'src.id as i -> tgt.value = qty(i);', given)).toMatchObject({
      valueQuantity: { value: 5, unit: `m${blanks}g` },
    });
  });
});

describe('documents without measure', () => {
  it('are refused where JSON is wrong behind a text of any length', () => {
    expect(faultOf(() => json.parse(`["${'a'.repeat(5_000_000)}", x]`, 'x'))).toBe(
      "x:1:5000006: not JSON: expected a value but found 'x'",
    );
  });

  it('are not written as JSON when they are too deep for it', () => {
    let value: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) value = [value];
    expect(faultOf(() => json.print(value))).toBe('output:1:1: this is nested too deep for JSON');
  });

  it('are read as HL7 v2 when they are only long', () => {
    const codec = createCodec('hl7v2', { definitions });
    const text = `MSH|^~\\&|A\r${'NTE|1||note\r'.repeat(20_000)}NTE|1||${'a~'.repeat(100_000)}${'\\'.repeat(100_000)}\r`;
    expect(codec.parse(text, 'x')).toMatchObject({ segment: { length: 20_001 } });
  });

  it('end a run with the place of the rule when FHIRPath throws on them', () => {
    const map = compile(
      mapText('Patient', 'Patient', 'src.name as n -> tgt.language = (%n.given.single());'),
    );
    const src = { ...PATIENT, name: [{ given: ['a', 'b'] }] };
    expect(faultOf(() => map.run({ src }, environment()))).toMatch(
      /^test\.fml:6:\d+: FHIRPath '.*': Expected single/,
    );
  });

  it('end a run with the place of the rule when an element is written twice', () => {
    const src = { ...PATIENT, name: [{ use: 'old' }, { use: 'usual' }] };
    expect(
      faultOf(() => transform('Patient', 'Patient', 'src.name as n -> tgt.language = (%n.use) "use";', src)),
    ).toBe("test.fml:6:18: rule 'use': 'language' is written a second time with another value");
  });
});
