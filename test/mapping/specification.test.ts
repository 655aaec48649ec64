/** Every construct of the language on one small source, with the place of the specification that describes it. */
import { describe, expect, it } from '@jest/globals';
import { MapCompileError, parseMap } from '../../src/mapping/index.ts';
import {
  compile,
  definitions,
  environment,
  mapText,
  parse,
  problems,
  ticketModel,
  transform,
} from './map-fixture.ts';

const R5 = 'https://hl7.org/fhir/R5/mapping-language.html';
const TRANSFORMS = 'https://hl7.org/fhir/R4/valueset-map-transform.html';

const NOTE = { extension: [{ url: 'urn:note', valueString: 'by hand' }] };
const PATIENT = {
  resourceType: 'Patient',
  id: 'p-41',
  gender: 'female',
  _gender: NOTE,
  birthDate: '1952-10-13',
  name: [
    { use: 'official', family: 'Testilä', given: ['Meri', 'Kaarina'] },
    { use: 'old', family: 'Vanhala', given: ['Meri'] },
  ],
  contact: [{ name: { family: 'Läheinen' } }],
  contained: [{ resourceType: 'Organization', id: 'o', name: 'Asema' }],
};

interface Example {
  readonly what: string;
  readonly see: string;
  readonly rules: string;
  readonly further?: string;
  readonly head?: string;
  readonly gives: Readonly<Record<string, unknown>>;
}

const EXAMPLES: readonly Example[] = [
  {
    what: 'constants by let',
    see: R5,
    head: "let kind = 'old';",
    rules: 'src.name as n where use = %kind -> tgt.name = n;',
    gives: { name: [PATIENT.name[1]] },
  },
  {
    what: 'groups that extend another',
    see: R5,
    rules: 'src -> tgt then Whole(src, tgt);',
    further: `group Base(source s : Patient, target t : Patient) { s.id as i -> t.id = i; }
group Whole(source s : Patient, target t : Patient) extends Base { s.birthDate as d -> t.birthDate = d; }`,
    gives: { id: 'p-41', birthDate: '1952-10-13' },
  },
  {
    what: 'default groups of a pair of types',
    see: R5,
    rules: 'src.name -> tgt.name;',
    further: `group Name(source s : HumanName, target t : HumanName) <<types>> { s.family as f -> t.text = f; }`,
    gives: { name: [{ text: 'Testilä' }, { text: 'Vanhala' }] },
  },
  {
    what: 'default groups of a source type',
    see: R5,
    rules: 'src.name -> tgt.name;',
    further: `group Name(source s : HumanName, target t : HumanName) <<type+>> { s.use as u -> t.text = u; }`,
    gives: { name: [{ text: 'official' }, { text: 'old' }] },
  },
  {
    what: 'the short form of a rule with a group',
    see: R5,
    rules: 'src.name as s -> tgt.name as t then Name(s, t);',
    further: `group Name(source s, target t : HumanName) { s.family as f -> t.family = f; }`,
    gives: { name: [{ family: 'Testilä' }, { family: 'Vanhala' }] },
  },
  {
    what: 'several dependents with literals as arguments, then rules',
    see: R5,
    rules:
      "src.name first as s -> tgt.name as t then Text(t, 'x'), Use(s, t) { s.given as g -> t.given = g; };",
    further: `group Text(target t : HumanName, source x : string) { x -> t.text = x; }
group Use(source s : HumanName, target t : HumanName) { s.use as u -> t.use = u; }`,
    gives: { name: [{ text: 'x', use: 'official', given: ['Meri', 'Kaarina'] }] },
  },
  {
    what: 'a target that only names a variable before a group',
    see: R5,
    rules: 'src -> tgt then Id(src, tgt);',
    further: `group Id(source s : Patient, target t : Patient) { s.id as i -> t.id = i; }`,
    gives: { id: 'p-41' },
  },
  {
    what: 'list modes of the source',
    see: 'https://hl7.org/fhir/R4/valueset-map-source-list-mode.html',
    rules: `src.name first as n -> tgt.contact as c then { n.family as f -> c.name as m, m.family = f; };
  src.name not_first as n -> tgt.contact as c then { n.family as f -> c.name as m, m.text = f; };
  src.name last as n then { n.use as u -> tgt.language = u; };
  src.contact only_one as c then { c.name as n -> tgt.name = n; };`,
    gives: {
      contact: [{ name: { family: 'Testilä' } }, { name: { text: 'Vanhala' } }],
      language: 'old',
      name: [{ family: 'Läheinen' }],
    },
  },
  {
    what: 'conditions for each item, with variables of the rules around',
    see: R5,
    rules:
      "src.gender as g then { src.name as n where (%g = 'female' and use = 'old') check family.exists() -> tgt.name = n; };",
    gives: { name: [PATIENT.name[1]] },
  },
  {
    what: 'defaults that are literals and expressions',
    see: R5,
    rules:
      'src.language default (gender) as l -> tgt.language = l; src.active default true as a -> tgt.active = a;',
    gives: { language: 'female', active: true },
  },
  {
    what: 'types of contained resources, and choices of the target',
    see: R5,
    rules: "src.contained : Organization as o -> tgt.extension as e, e.url = 'urn:o', e.value = (%o.name);",
    gives: { extension: [{ url: 'urn:o', valueString: 'Asema' }] },
  },
  {
    what: 'create of a primitive, filled by a group',
    see: TRANSFORMS,
    rules:
      "src.active default true as a -> tgt.extension as e, e.url = 'urn:a', e.value = create('boolean') as v then Copy(a, v);",
    further: 'group Copy(source s : boolean, target t : boolean) { s.value as v -> t.value = v; }',
    gives: { extension: [{ url: 'urn:a', valueBoolean: true }] },
  },
  {
    what: 'paths as values, with the extensions of a primitive',
    see: R5,
    rules: 'src -> tgt.gender = src.gender;',
    gives: { gender: 'female', _gender: NOTE },
  },
  {
    what: 'extensions of a primitive target',
    see: 'https://hl7.org/fhir/R4/json.html#primitive',
    rules:
      "src.gender as g -> tgt.gender as t, t.value = g, t.extension as e, e.url = 'urn:x', e.value = 'y';",
    gives: { gender: 'female', _gender: { extension: [{ url: 'urn:x', valueString: 'y' }] } },
  },
  {
    what: 'the combinations of several sources',
    see: R5,
    rules: 'src.name as n, n.given as g -> tgt.contact as c, c.name as m, m.given = g;',
    gives: {
      contact: [
        { name: { given: ['Meri'] } },
        { name: { given: ['Kaarina'] } },
        { name: { given: ['Meri'] } },
      ],
    },
  },
  {
    what: 'append of any number of parts, truncate, cast, escape and dateOp',
    see: TRANSFORMS,
    rules: `src.id as i -> tgt.id = append(i, '-', 1), tgt.language = truncate(i, 1);
  src -> tgt.multipleBirth = cast('2', 'integer'), tgt.implicitRules = escape('a b', 'url');
  src.birthDate as d -> tgt.birthDate = dateOp(d, 'add', 1, 'years');`,
    gives: {
      id: 'p-41-1',
      language: 'p',
      multipleBirthInteger: 2,
      implicitRules: 'a%20b',
      birthDate: '1953-10-13',
    },
  },
  {
    what: 'evaluate of an expression, alone and on a variable',
    see: TRANSFORMS,
    rules:
      'src.name first as n -> tgt.language = evaluate(n, use), tgt.active = evaluate(src.name.count() = 2);',
    gives: { language: 'official', active: true },
  },
  {
    what: 'cc, c, id, cp',
    see: TRANSFORMS,
    rules: `src -> tgt.maritalStatus = cc('urn:s', 'M', 'Naimisissa'), tgt.identifier = id('urn:oid:1', '7'), tgt.telecom = cp('phone', '+358');`,
    gives: {
      maritalStatus: { coding: [{ system: 'urn:s', code: 'M', display: 'Naimisissa' }] },
      identifier: [{ system: 'urn:oid:1', value: '7' }],
      telecom: [{ system: 'phone', value: '+358' }],
    },
  },
  {
    what: 'list modes of the target: first, last, collate, share',
    see: 'https://hl7.org/fhir/R4/valueset-map-target-list-mode.html',
    rules: `src.id as i -> tgt.name as n last, n.text = 'last';
  src.name as s -> tgt.name as n share one then { s.family as f -> n.family = f; };
  src.name as s -> tgt.name as n share one then { s.use as u -> n.use = u; };
  src.id as i -> tgt.name as n first, n.text = 'first';
  src.name as s -> tgt.contact as c collate then { s.given as g -> c.name as m, m.given = g; };`,
    gives: {
      name: [
        { text: 'first' },
        { family: 'Testilä', use: 'official' },
        { family: 'Vanhala', use: 'old' },
        { text: 'last' },
      ],
      contact: [{ name: { given: ['Meri', 'Kaarina', 'Meri'] } }],
    },
  },
];

describe('the mapping language', () => {
  it.each(EXAMPLES)('has $what: $see', ({ rules, further = '', head = '', gives }) => {
    expect(transform('Patient', 'Patient', rules, PATIENT, further, head)).toEqual({
      resourceType: 'Patient',
      ...gives,
    });
  });

  it('is read with the heads of R4 and of R5: https://hl7.org/fhir/R5/mapping-language.html', () => {
    const rest = `uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
group main(source src : Patient) { src.id as i; }`;
    const r4 = parse(`map "https://silta.example/fhir/StructureMap/x" = "X"\n${rest}`);
    const r5 = parse(
      `/// url = 'https://silta.example/fhir/StructureMap/x'\n/// name = 'X'\n/// status = 'active'\n${rest}`,
    );
    expect([r4.url, r4.name]).toEqual([r5.url, r5.name]);
    expect(r5.metadata.map(({ key, value }) => [key, value])).toEqual([['status', 'active']]);
  });

  it('imports every map that a pattern matches: https://hl7.org/fhir/R5/mapping-language.html', () => {
    const library = parse(`map "https://silta.example/fhir/StructureMap/lib-name" = "Lib"
uses "http://hl7.org/fhir/StructureDefinition/HumanName" alias HumanName as source
group Name(source s : HumanName, target t : HumanName) <<types>> { s.family as f -> t.text = f; }`);
    const text = mapText(
      'Patient',
      'Patient',
      'src.name -> tgt.name;',
      '',
      'imports "https://silta.example/fhir/StructureMap/lib-*"',
    );
    const map = compile(text, {
      maps: (url) => (url === library.url ? library : undefined),
      mapUrls: [library.url, 'https://silta.example/fhir/StructureMap/other'],
    });
    expect(map.run({ src: PATIENT }, environment())).toMatchObject({
      name: [{ text: 'Testilä' }, { text: 'Vanhala' }],
    });
  });
});

describe('primitives on their way into a logical model', () => {
  it.each([
    ['a copy', 'src.gender as g -> tgt.Priority = g;'],
    ['the short form', 'src.gender -> tgt.Priority;'],
    ['a path', 'src -> tgt.Priority = src.gender;'],
    ['FHIRPath', 'src -> tgt.Priority = (%src.gender);'],
    ['a group', 'src.gender as g -> tgt then Set(g, tgt);'],
  ])('keep their extensions by %s', (_, rules) => {
    const further = `group Set(source g, target t : Ticket) { g -> t.Priority = g; }`;
    expect(transform('Patient', 'Ticket', rules, PATIENT, further)).toEqual({
      Priority: 'female',
      _Priority: NOTE,
    });
  });
});

describe('errors of a text', () => {
  it('are all reported, also when a semicolon is missing before the next one', () => {
    const { diagnostics } = parseMap(
      `map "https://silta.example/fhir/StructureMap/x" = "X"
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as sorce
group main(source src : Patient, target tgt : Patient) {
  src.a => tgt.b;
  src.b wher x = 1 -> tgt.b
  src.c -> tgt.c = transate(c);
  src.d -> tgt.d
  src.e as e -> tgt.e = e then ;
}`,
      'x.fml',
    );
    expect(diagnostics.map(({ line, column, suggestion }) => [line, column, suggestion])).toEqual([
      [2, 73, "did you mean 'source'?"],
      [4, 9, undefined],
      [5, 9, "did you mean 'where'?"],
      [6, 20, "did you mean 'translate'?"],
      [7, 17, 'add ;'],
      [8, 32, undefined],
    ]);
  });
});

describe('what never ends or grows', () => {
  it('stops at a depth with the place of the call', () => {
    const text = mapText(
      'Patient',
      'Patient',
      'src -> tgt then Again(src, tgt);',
      'group Again(source s : Patient, target t : Patient) { s -> t then Again(s, t); }',
    );
    expect(() => compile(text).run({ src: PATIENT }, environment())).toThrow(
      /^test\.fml:\d+:\d+: .*more than 200 deep/,
    );
  });

  it('does not take an unknown element or a failed cast for nothing', () => {
    expect(problems(mapText('Patient', 'Patient', 'src.nme as n -> tgt.name = n;'))).toHaveLength(1);
    expect(() =>
      transform('Patient', 'Patient', "src.id as i -> tgt.multipleBirth = cast(i, 'integer');", PATIENT),
    ).toThrow(/^test\.fml:\d+:\d+: .*integer/);
  });

  it('says what is wrong with a map whose model is not there', () => {
    const text = mapText('Patient', 'Patient', 'src.id as i -> tgt.id = i;').replace(
      '/Patient" alias Patient as target',
      '/Pateint" alias T as target',
    );
    expect(() => compile(text, { definitions, models: [ticketModel] })).toThrow(MapCompileError);
  });
});
