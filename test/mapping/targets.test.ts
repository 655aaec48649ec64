/** Targets: https://build.fhir.org/mapping-language.html#targets */
import { describe, expect, it } from '@jest/globals';
import { compile, environment, mapText, parse, problems, transform } from './map-fixture.ts';

const patient = {
  resourceType: 'Patient',
  id: 'p1',
  active: true,
  gender: 'male',
  name: [{ family: 'Laine', given: ['Onni', 'Eino'] }, { family: 'Salo' }],
  contact: [{ name: { family: 'Laine' } }],
  multipleBirthInteger: 2,
};
const run = (rules: string, further = ''): unknown =>
  transform('Patient', 'Patient', rules, patient, further);

describe('writing elements', () => {
  it('makes arrays where the model allows several and single values where it does not', () => {
    expect(run('src.name as n -> tgt.name as m, m.family = n.family, m.given = "x";')).toEqual({
      resourceType: 'Patient',
      name: [
        { family: 'Laine', given: ['x'] },
        { family: 'Salo', given: ['x'] },
      ],
    });
  });

  it('makes the single elements on the way of a path', () => {
    expect(
      transform('Patient', 'Observation', "src -> tgt.code.text = 'hello', tgt.code.id = 'c';", patient),
    ).toEqual({
      resourceType: 'Observation',
      code: { text: 'hello', id: 'c' },
    });
  });

  it('copies deep, so that source and target share nothing', () => {
    const source = structuredClone(patient);
    const result = transform(
      'Patient',
      'Patient',
      'src.name as n -> tgt.name = n;',
      source,
    ) as typeof patient;
    result.name[0]?.given?.push('changed');
    expect(source).toEqual(patient);
  });

  it('takes away what it made and nothing filled', () => {
    expect(
      run('src -> tgt.maritalStatus as s, s.coding as c then { src.photo as p -> c.code = "x"; };'),
    ).toEqual({
      resourceType: 'Patient',
    });
  });

  it('goes on with a single element that is there already', () => {
    expect(
      run("src -> tgt.maritalStatus as s, s.text = 'a'; src -> tgt.maritalStatus as s, s.id = 'b';"),
    ).toEqual({
      resourceType: 'Patient',
      maritalStatus: { text: 'a', id: 'b' },
    });
  });

  it('fails at the rule that writes an element a second time', () => {
    expect(() => run(`src -> tgt.gender = 'male' "one"; src -> tgt.gender = 'female' "two";`)).toThrow(
      /^test\.fml:6:42: rule 'two': 'gender' is written a second time/,
    );
    expect(() =>
      run(`src -> tgt.deceased = true; src -> tgt.deceased = cast('2020-01-01', 'dateTime') "two";`),
    ).toThrow(/rule 'two': 'deceasedBoolean' is written a second time/);
  });

  it('lets a value be written again that is the same', () => {
    expect(run("src.name -> tgt.gender = 'male';")).toEqual({ resourceType: 'Patient', gender: 'male' });
  });

  it('writes nothing where the value is missing', () => {
    expect(run('src -> tgt.language = (%src.language), tgt.gender = src.gender;')).toEqual({
      resourceType: 'Patient',
      gender: 'male',
    });
  });
});

describe('choice elements', () => {
  it('take the name of the type that is written', () => {
    expect(run("src -> tgt.deceased = true, tgt.extension as e, e.url = 'u', e.value = 'text';")).toEqual({
      resourceType: 'Patient',
      deceasedBoolean: true,
      extension: [{ url: 'u', valueString: 'text' }],
    });
    expect(
      run("src -> tgt.extension as e, e.url = 'u', e.value = create('Reference') as r, r.display = 'd';"),
    ).toEqual({
      resourceType: 'Patient',
      extension: [{ url: 'u', valueReference: { display: 'd' } }],
    });
    expect(run("src -> tgt.extension as e, e.url = 'u', e.valueCode = 'text';")).toMatchObject({
      extension: [{ url: 'u', valueCode: 'text' }],
    });
    expect(run("src -> tgt.deceased = '2020-05-01';")).toEqual({
      resourceType: 'Patient',
      deceasedDateTime: '2020-05-01',
    });
  });

  it('need a type when there are several and no value', () => {
    expect(problems(mapText('Patient', 'Patient', 'src -> tgt.deceased as d;'))).toEqual([
      "6:8 'deceased' can be boolean, dateTime: say which (deceased = create('Type'))",
    ]);
  });

  it('refuse a literal that none of their types can be', () => {
    expect(problems(mapText('Patient', 'Patient', "src -> tgt.multipleBirth = 'two';"))[0]).toMatch(
      /^6:8 a string cannot be put into 'multipleBirth', which takes boolean, integer/,
    );
  });
});

describe('list modes', () => {
  const lines = (rules: string): unknown =>
    (transform('Patient', 'Ticket', rules, patient) as { Lines: { Text: string }[] }).Lines.map(
      (line) => line.Text,
    );

  it('put items in front and at the end', () => {
    expect(
      lines(`src -> tgt.Lines as l last, l.Text = 'end';
        src -> tgt.Lines as l, l.Text = 'a';
        src.name as n -> tgt.Lines as l first, l.Text = n.family;
        src -> tgt.Lines as l, l.Text = 'b';`),
    ).toEqual(['Laine', 'Salo', 'a', 'b', 'end']);
  });

  it('fail when two rules claim the same end', () => {
    expect(() =>
      lines("src -> tgt.Lines as l first, l.Text = 'a'; src -> tgt.Lines as l first, l.Text = 'b';"),
    ).toThrow(/^test\.fml:6:51: another rule already puts its items first, at line 6/);
  });

  it('share the n-th instance between rules', () => {
    expect(
      run(`src.name as n -> tgt.name as m share one, m.family = n.family;
        src.contact as c -> tgt.name as m share one, m.text = 'shared';`),
    ).toEqual({ resourceType: 'Patient', name: [{ family: 'Laine', text: 'shared' }, { family: 'Salo' }] });
  });

  it.each(['single', 'collate'])('%s goes on with the first item', (mode) => {
    expect(run(`src.name as n -> tgt.name as m ${mode}, m.given = n.family;`)).toEqual({
      resourceType: 'Patient',
      name: [{ given: ['Laine', 'Salo'] }],
    });
  });
});

describe('resources inside of resources', () => {
  it('are made with their type, in a Bundle, with references between them', () => {
    const rules = `src -> tgt.type = 'transaction',
      tgt.entry as pe, pe.resource = create('Patient') as p, pe.fullUrl = pointer(p),
      tgt.entry as oe, oe.resource = create('Observation') as o, o.subject as s, s.reference = pointer(p), o.status = 'final';`;
    expect(transform('Patient', 'Bundle', rules, patient)).toEqual({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          resource: { resourceType: 'Patient', id: '7e57c0de-0000-4000-8000-000000000001' },
          fullUrl: 'urn:uuid:7e57c0de-0000-4000-8000-000000000001',
        },
        {
          resource: {
            resourceType: 'Observation',
            subject: { reference: 'urn:uuid:7e57c0de-0000-4000-8000-000000000001' },
            status: 'final',
          },
        },
      ],
    });
  });

  it('can be contained', () => {
    expect(run("src -> tgt.contained = create('Organization') as o, o.name = 'Org';")).toEqual({
      resourceType: 'Patient',
      contained: [{ resourceType: 'Organization', name: 'Org' }],
    });
  });

  it('need a type', () => {
    expect(problems(mapText('Patient', 'Patient', 'src -> tgt.contained as c;'))[0]).toMatch(
      /'contained' can be Resource: say which/,
    );
  });
});

describe('primitive targets', () => {
  it('can be passed to groups, which set their value and extensions', () => {
    const group = `group Text(source s : string, target t : string) {
      s.value as v -> t.value = v;
      s -> t.extension as e, e.url = 'urn:x', e.value = 'y';
    }`;
    expect(
      run('src.name as n -> tgt.name as m then { n.given as g -> m.given as h then Text(g, h); };', group),
    ).toEqual({
      resourceType: 'Patient',
      name: [
        {
          given: ['Onni', 'Eino'],
          _given: [
            { extension: [{ url: 'urn:x', valueString: 'y' }] },
            { extension: [{ url: 'urn:x', valueString: 'y' }] },
          ],
        },
      ],
    });
  });

  it('can be set as a whole', () => {
    const group = 'group Code(source s, target t : code) { s -> t = (%s); }';
    expect(run('src.gender as g -> tgt.gender as h then Code(g, h);', group)).toEqual({
      resourceType: 'Patient',
      gender: 'male',
    });
  });
});

describe('the short form', () => {
  it('copies deep between equal types', () => {
    expect(
      run(
        'src.name -> tgt.name; src.active -> tgt.active; src.multipleBirth -> tgt.multipleBirth; src.contact -> tgt.contact;',
      ),
    ).toEqual({
      resourceType: 'Patient',
      name: patient.name,
      active: true,
      multipleBirthInteger: 2,
      contact: patient.contact,
    });
  });

  it('calls the group that is declared for the two types', () => {
    const group =
      'group Names(source s : HumanName, target t : HumanName) <<types>> { s.family as f -> t.text = f; }';
    expect(run('src.name -> tgt.name;', group)).toEqual({
      resourceType: 'Patient',
      name: [{ text: 'Laine' }, { text: 'Salo' }],
    });
  });

  it('is refused when nothing leads from the one type to the other', () => {
    expect(problems(mapText('Patient', 'Patient', 'src.name -> tgt.photo;'))).toEqual([
      '6:13 no default group leads from HumanName to Attachment, and they are not the same',
    ]);
  });
});

describe('groups', () => {
  it('run the rules of the group they extend first', () => {
    const groups = `group Base(source s, target t) { s.gender as g -> t.gender = g; }
      group More(source a : Patient, target b : Patient) extends Base { a.active as x -> b.active = x; }`;
    expect(run('src -> tgt as t then More(src, t);', groups)).toEqual({
      resourceType: 'Patient',
      gender: 'male',
      active: true,
    });
  });

  it('take literals, and several can follow one rule', () => {
    const groups = `group Say(source text, target t) { text as x -> t.name as n, n.text = x; }`;
    expect(
      run("src -> tgt as t then Say('one', t), Say('two', t) { src -> t.active = true; };", groups),
    ).toEqual({
      resourceType: 'Patient',
      name: [{ text: 'one' }, { text: 'two' }],
      active: true,
    });
  });

  it('that never end are stopped with a located error', () => {
    const group = 'group Loop(source s, target t) { s -> t as u then Loop(s, u) "again"; }';
    expect(() => run('src -> tgt as t then Loop(src, t);', group)).toThrow(
      /^test\.fml:8:51: rule 'again': groups call each other more than 200 deep/,
    );
  });

  it('that extend themselves are refused', () => {
    const groups = `group A(source s, target t) extends B { s -> t.active = true; }
      group B(source s, target t) extends A { s -> t.active = true; }`;
    expect(problems(mapText('Patient', 'Patient', 'src -> tgt as t then A(src, t);', groups))).toEqual([
      "8:1 group 'A' extends itself",
    ]);
  });

  it('come from imported maps, too', () => {
    const imported = parse(
      mapText('Patient', 'Patient', 's.active as a -> t.active = a;')
        .replace(/group main\([^)]*\)/, 'group Other(source s, target t)')
        .replace('/test"', '/other"'),
    );
    const text = mapText(
      'Patient',
      'Patient',
      'src -> tgt as t then Other(src, t);',
      '',
      'imports "https://silta.example/fhir/StructureMap/oth*"',
    );
    const map = compile(text, {
      maps: (url) => (url === imported.url ? imported : undefined),
      mapUrls: [imported.url],
    });
    expect(map.run({ src: patient }, environment())).toEqual({ resourceType: 'Patient', active: true });
  });
});

describe('a run', () => {
  it('takes frozen sources', () => {
    const freeze = <T>(value: T): T => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
      return value;
    };
    const map = compile(
      mapText(
        'Patient',
        'Patient',
        'src.name as n where iif(true, family.exists(), false) -> tgt.name as m, m.text = (%n.family.upper());',
      ),
    );
    expect(map.run({ src: freeze(structuredClone(patient)) }, environment())).toEqual({
      resourceType: 'Patient',
      name: [{ text: 'LAINE' }, { text: 'SALO' }],
    });
  });

  it('ends with a located error on a source that is nested too deep', () => {
    let extension: object = { url: 'end' };
    for (let depth = 0; depth < 50_000; depth += 1) extension = { url: 'x', extension: [extension] };
    const map = compile(mapText('Patient', 'Patient', 'src.extension as e -> tgt.extension = e;'));
    expect(() =>
      map.run({ src: { resourceType: 'Patient', extension: [extension] } }, environment()),
    ).toThrow(/^test\.fml:5:1: the source is nested too deep/);
  });

  it('is a pure function of its sources and its environment', () => {
    const map = compile(mapText('Patient', 'Patient', 'src -> tgt.id = uuid(), tgt.birthDate = (today());'));
    const first = map.run({ src: patient }, environment());
    expect(map.run({ src: patient }, environment())).toEqual(first);
    expect(first).toEqual({
      resourceType: 'Patient',
      id: '7e57c0de-0000-4000-8000-000000000001',
      birthDate: '2026-03-14',
    });
  });
});
