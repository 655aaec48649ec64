import { describe, expect, it } from '@jest/globals';
import { listFields, printDebugTrace, printFieldTable } from '../../src/mapping/index.ts';
import { compile, environment, mapText, parse } from './map-fixture.ts';

const TEXT = mapText(
  'Patient',
  'Ticket',
  `src.name first as n where use = 'official' -> tgt.Lines as l then Line(n, l) "line";
src.gender as g -> tgt.Priority = translate(g, '#g', 'code') "gender";
src -> tgt.Subject = (%src.name.family.first() & '|') "subject";
src -> tgt.Open = true "open";`,
  'group Line(source name, target line) { name.family as f -> line.Text = f "text"; }',
  'conceptmap "#g" { prefix s = "urn:s" prefix t = "urn:t" s:male == t:M }',
);

describe('the fields of a map', () => {
  it('say what each element comes from, how and when, through the groups that are called', () => {
    const fields = listFields(parse(TEXT));
    expect(fields.map(({ target, sources, how, when }) => ({ target, sources, how, when }))).toEqual([
      {
        target: 'Ticket.Lines.Text',
        sources: ['Patient.name.family'],
        how: 'as it is',
        when: ['first of Patient.name', "Patient.name: use = 'official'"],
      },
      {
        target: 'Ticket.Priority',
        sources: ['Patient.gender'],
        how: 'translated by ConceptMap #g',
        when: [],
      },
      {
        target: 'Ticket.Subject',
        sources: ['Patient.name.family'],
        how: "%src.name.family.first() & '|'",
        when: [],
      },
      { target: 'Ticket.Open', sources: [], how: 'always true', when: [] },
    ]);
  });

  it('end where groups call themselves', () => {
    const text = mapText(
      'Questionnaire',
      'Ticket',
      'src.item as i -> tgt.Lines as l then Item(i, l) "items";',
      'group Item(source i, target l) { i.text as t -> l.Text = t "text"; i.item as c then Item(c, l) "inner"; }',
    );
    expect(listFields(parse(text)).map(({ target }) => target)).toContain('Ticket.Lines.Text');
  });

  it('are a Markdown table whose cells hold no bars of their own', () => {
    const map = parse(TEXT);
    const table = printFieldTable('x.fml', map, listFields(map)).split('\n');
    expect(table[0]).toMatch(/^## .+ \(`x\.fml`\)$/);
    const rows = table.filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(6);
    for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(7);
  });
});

// https://build.fhir.org/ig/HL7/mapping-language-ig/en/debug.html
describe('the debug trace', () => {
  it('is a Parameters resource with the result and a step for each element, by its place in the StructureMap', () => {
    const map = compile(TEXT);
    const src = { resourceType: 'Patient', gender: 'male', name: [{ use: 'official', family: 'Aalto' }] };
    const { result, trace } = map.trace({ src }, environment());
    const { parameter = [] } = printDebugTrace(result, trace, [parse(TEXT)]);
    expect(parameter[0]).toEqual({ name: 'return', valueString: JSON.stringify(result) });
    const steps = parameter.filter(({ name }) => name === 'trace').map(({ part = [] }) => part);
    const positions = steps.map((part) => part.find(({ name }) => name === 'position')?.valueString);
    expect(positions).toContain('StructureMap.group[1].rule[0].target[0]');
    expect(positions).toContain('StructureMap.group[0].rule[1].target[0]');
    expect(steps.every((part) => part.some(({ name, valueCode }) => name === 'phase' && valueCode))).toBe(
      true,
    );
  });

  it('gives a resource as a resource', () => {
    const patient = { resourceType: 'Patient', id: 'p' };
    expect(printDebugTrace(patient, [], []).parameter?.[0]).toEqual({ name: 'return', resource: patient });
  });
});
