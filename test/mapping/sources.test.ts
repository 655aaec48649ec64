/** Sources: https://build.fhir.org/mapping-language.html#sources */
import { describe, expect, it } from '@jest/globals';
import { compile, environment, mapText, transform } from './map-fixture.ts';

const patient = {
  resourceType: 'Patient',
  gender: 'female',
  birthDate: '1980-02-29',
  _birthDate: { extension: [{ url: 'urn:time', valueTime: '08:00:00' }] },
  name: [
    { use: 'official', family: 'Virtanen', given: ['Helmi', 'Sofia'] },
    { use: 'nickname', given: ['Hemppa'] },
  ],
  telecom: [
    { system: 'phone', value: '+358401' },
    { system: 'email', value: 'a@b.fi' },
  ],
  contained: [
    { resourceType: 'Organization', id: 'o', name: 'Org' },
    { resourceType: 'Practitioner', id: 'p', name: [{ family: 'Doc' }] },
  ],
};
const names = (rules: string): unknown =>
  (transform('Patient', 'Ticket', rules, patient) as { Lines?: { Text: string }[] }).Lines?.map(
    (line) => line.Text,
  );

describe('reading elements', () => {
  it('goes through every item of a list, and through lists inside of lists', () => {
    expect(names('src.name.given as g -> tgt.Lines as l, l.Text = g;')).toEqual(['Helmi', 'Sofia', 'Hemppa']);
  });

  it.each([
    ['first', ['Helmi']],
    ['not_first', ['Sofia', 'Hemppa']],
    ['last', ['Hemppa']],
    ['not_last', ['Helmi', 'Sofia']],
  ])('takes the items that the list mode %s names', (mode, expected) => {
    expect(names(`src.name.given ${mode} as g -> tgt.Lines as l, l.Text = g;`)).toEqual(expected);
  });

  it('fails at the rule when only_one finds several', () => {
    expect(() => names('src.name.given only_one as g -> tgt.Lines as l, l.Text = g "one";')).toThrow(
      /^test\.fml:6:1: rule 'one': only_one, but there are 3 values/,
    );
  });

  it('checks the cardinality of the source', () => {
    expect(names('src.name 1..2 as n -> tgt.Lines as l, l.Text = n.family;')).toEqual(['Virtanen']);
    expect(() => names('src.name 1..1 as n -> tgt.Lines as l, l.Text = n.family;')).toThrow(
      /'src.name' must be there 1..1 times, but is there 2 times/,
    );
    expect(() => names('src.photo 1..* as n -> tgt.Lines as l, l.Text = "x";')).toThrow(/there 0 times/);
  });

  it('uses the default once when nothing is found', () => {
    expect(names("src.maritalStatus.text default 'none' as s -> tgt.Lines as l, l.Text = s;")).toEqual([
      'none',
    ]);
    expect(names('src.maritalStatus.text default (%src.gender) as s -> tgt.Lines as l, l.Text = s;')).toEqual(
      ['female'],
    );
    expect(names("src.gender default 'none' as s -> tgt.Lines as l, l.Text = s;")).toEqual(['female']);
  });

  it('gives every combination of several sources', () => {
    expect(
      names('src.name as n, src.telecom as t -> tgt.Lines as l, l.Text = (%n.given.first() + %t.system);'),
    ).toEqual(['Helmiphone', 'Helmiemail', 'Hemppaphone', 'Hemppaemail']);
  });

  it('filters contained resources by their type', () => {
    expect(
      names('src.contained : Practitioner as p then { p.name as n -> tgt.Lines as l, l.Text = n.family; };'),
    ).toEqual(['Doc']);
  });

  it('refuses a source that is not of the shape of its model', () => {
    const broken = { resourceType: 'Patient', name: 'Virtanen' };
    expect(() =>
      transform('Patient', 'Ticket', 'src.name as n then { n.family as f -> tgt.Subject = f; };', broken),
    ).toThrow(/^test\.fml:6:22: cannot read 'family' of a string/);
  });
});

describe('choice elements', () => {
  const observation = (value: object): object => ({
    resourceType: 'Observation',
    status: 'final',
    code: {},
    ...value,
  });

  it('are read by their bare name, whatever the type', () => {
    const rules = 'src.value as v -> tgt.value = v;';
    for (const value of [
      { valueString: 'x' },
      { valueInteger: 7 },
      { valueQuantity: { value: 1.5, unit: 'mg' } },
    ])
      expect(transform('Observation', 'Observation', rules, observation(value))).toEqual({
        resourceType: 'Observation',
        ...value,
      });
  });

  it('are filtered by a type, and are found by the name with the type', () => {
    const rules =
      'src.value : Quantity as q -> tgt.Subject = q.unit; src.valueInteger as i -> tgt.Subject = i;';
    expect(transform('Observation', 'Ticket', rules, observation({ valueQuantity: { unit: 'mg' } }))).toEqual(
      { Subject: 'mg' },
    );
    expect(transform('Observation', 'Ticket', rules, observation({ valueInteger: 5 }))).toEqual({
      Subject: '5',
    });
    expect(transform('Observation', 'Ticket', rules, observation({ valueString: 'no' }))).toEqual({});
  });

  it('keep their type when they are passed to a group', () => {
    const rules = 'src.value as v -> tgt.extension as e then Put(v, e);';
    const group = "group Put(source v, target e) { v -> e.url = 'urn:v', e.value = v; }";
    expect(
      transform('Observation', 'Basic', rules, observation({ valueDateTime: '2026-01-01' }), group),
    ).toEqual({
      resourceType: 'Basic',
      extension: [{ url: 'urn:v', valueDateTime: '2026-01-01' }],
    });
  });
});

describe('conditions', () => {
  it('are decided for each item, with the variables of outer rules', () => {
    expect(
      names(
        `src.gender as g then { src.name as n where use = 'official' and %g = 'female' -> tgt.Lines as l, l.Text = n.family; };`,
      ),
    ).toEqual(['Virtanen']);
    expect(names("src.telecom as t where system = 'email' -> tgt.Lines as l, l.Text = t.value;")).toEqual([
      'a@b.fi',
    ]);
  });

  it('know the rule’s own variable by its name', () => {
    expect(names('src.name as n where n.family.exists() -> tgt.Lines as l, l.Text = n.family;')).toEqual([
      'Virtanen',
    ]);
  });

  it('fail as a check with the text of the condition', () => {
    expect(() =>
      names('src.name as n check family.exists() -> tgt.Lines as l, l.Text = "x" "named";'),
    ).toThrow(/^test\.fml:6:21: rule 'named': check failed: family\.exists\(\)/);
  });

  it('write to the log that was given', () => {
    const lines: string[] = [];
    const text = mapText('Patient', 'Ticket', 'src.name as n log (given.first()) -> tgt.Open = true;');
    compile(text, { log: (message, { line, column }) => lines.push(`${line}:${column} ${message}`) }).run(
      { src: patient },
      environment(),
    );
    expect(lines).toEqual(['6:20 Helmi', '6:20 Hemppa']);
  });

  it('fail when they give more than one value', () => {
    expect(() => names('src where name.given -> tgt.Open = true "many";')).toThrow(
      /rule 'many': the condition 'name\.given' gives 3 values/,
    );
  });
});

describe('primitives', () => {
  it('carry their extensions into a copy', () => {
    expect(transform('Patient', 'Patient', 'src.birthDate as b -> tgt.birthDate = b;', patient)).toEqual({
      resourceType: 'Patient',
      birthDate: '1980-02-29',
      _birthDate: { extension: [{ url: 'urn:time', valueTime: '08:00:00' }] },
    });
  });

  it('are there when they have only extensions', () => {
    const source = {
      resourceType: 'Patient',
      _birthDate: { extension: [{ url: 'urn:absent', valueCode: 'unknown' }] },
    };
    expect(transform('Patient', 'Patient', 'src.birthDate as b -> tgt.birthDate = b;', source)).toEqual(
      source,
    );
  });

  it('give their value and extensions as elements', () => {
    const rules =
      'src.birthDate as b then { b.value as v -> tgt.Subject = v; b.extension as e -> tgt.Priority = e.url; };';
    expect(transform('Patient', 'Ticket', rules, patient)).toEqual({
      Subject: '1980-02-29',
      Priority: 'urn:time',
    });
  });
});
