/** Transforms: https://hl7.org/fhir/R4/valueset-map-transform.html */
import { describe, expect, it } from '@jest/globals';
import type { ConceptMap } from 'fhir/r4';
import { compile, environment, mapText, problems, transform } from './map-fixture.ts';

const observation = {
  resourceType: 'Observation',
  id: 'obs-7',
  status: 'final',
  code: {
    coding: [
      { system: 'urn:loinc', code: '72166-2', display: 'Smoking' },
      { system: 'urn:own', code: 's' },
    ],
    text: 'smoking',
  },
  effectiveDateTime: '2024-01-31T22:15:07+02:00',
  issued: '2024-02-01T00:00:00Z',
  valueString: '42',
  note: [{ text: 'a < b & "c"' }],
};
/** What a transform writes into an extension of the wanted type. */
function value(expression: string, type: string, rule = 'src'): unknown {
  const rules = `${rule} -> tgt.extension as e, e.url = 'urn:x', e.${type} = ${expression} "it";`;
  const result = transform('Observation', 'Basic', rules, observation) as {
    extension?: Record<string, unknown>[];
  };
  return result.extension?.[0]?.[type];
}
const broken = (expression: string, type = 'valueString'): readonly string[] =>
  problems(mapText('Observation', 'Basic', `src -> tgt.extension as e, e.${type} = ${expression};`));

describe('texts', () => {
  it('append joins any number of parts and leaves out what is missing', () => {
    expect(value("append('a', s, 1, true, 'z')", 'valueString', 'src.status as s')).toBe('afinal1truez');
    expect(value("append(s, '-', d)", 'valueString', 'src.status as s, src.id as d')).toBe('final-obs-7');
  });

  it('truncate counts characters', () => {
    expect(value('truncate(s, 3)', 'valueString', 'src.status as s')).toBe('fin');
    expect(value('truncate(s, 30)', 'valueString', 'src.status as s')).toBe('final');
    expect(value("truncate('ä👍b', 2)", 'valueString')).toBe('ä👍');
    expect(() => value("truncate('x', -1)", 'valueString')).toThrow(
      /rule 'it': truncate\(\) needs a whole number/,
    );
  });

  it('escape writes and resolves the escapes of a format', () => {
    const note = 'src.note as n';
    expect(value("escape(n.text, 'xml')".replace('n.text', 't'), 'valueString', `${note}, n.text as t`)).toBe(
      'a &lt; b &amp; &quot;c&quot;',
    );
    expect(value("escape('&lt;b&gt;', 'xml', 'text')", 'valueString')).toBe('<b>');
    expect(value("escape('a|b^c', 'hl7v2')", 'valueString')).toBe('a\\F\\b\\S\\c');
    expect(value("escape('a\\\\F\\\\b', 'hl7v2', 'url')", 'valueString')).toBe('a%7Cb');
    expect(value("escape('x\"y', 'csv')", 'valueString')).toBe('"x""y"');
    expect(broken("escape('x', 'xnl')")[0]).toMatch(/escape\(\) knows .* not 'xnl' \(did you mean 'xml'\?\)/);
  });

  it('uuid asks the environment', () => {
    expect(value('uuid()', 'valueString')).toBe('7e57c0de-0000-4000-8000-000000000001');
  });
});

describe('cast', () => {
  it.each([
    ["'42'", 'integer', 'valueInteger', 42],
    ["'4.50'", 'decimal', 'valueDecimal', 4.5],
    ["'true'", 'boolean', 'valueBoolean', true],
    ['17', 'string', 'valueString', '17'],
    ["'2024-02-29'", 'date', 'valueDate', '2024-02-29'],
    ["'final'", 'code', 'valueCode', 'final'],
    ["'7'", 'positiveInt', 'valuePositiveInt', 7],
  ])('%s to %s', (given, type, element, expected) => {
    expect(value(`cast(${given}, '${type}')`, element)).toBe(expected);
  });

  it.each([
    ["'abc'", 'integer'],
    ["'0'", 'positiveInt'],
    ["'ja'", 'boolean'],
    ["'2023-02-30x'", 'date'],
    ["'a  b'", 'code'],
    ["'1,5'", 'decimal'],
  ])('%s to %s is an error and never skipped', (given, type) => {
    expect(() => value(`cast(${given}, '${type}')`, 'value')).toThrow(
      new RegExp(`^test\\.fml:6:\\d+: rule 'it': cast\\(\\): .*not a valid ${type}$`),
    );
  });

  it('makes primitive types only', () => {
    expect(broken("cast('x', 'Coding')")).toEqual(['6:44 cast() makes primitive types only, not Coding']);
  });

  it('is made by the element too, with the same errors', () => {
    expect(value("'42'", 'valueInteger')).toBe(42);
    expect(() => value('(%src.note.text)', 'valueInteger')).toThrow(
      /'integer' is wanted, but this is a string/,
    );
    expect(broken("'x'", 'valueInteger')[0]).toMatch(
      /'integer' is wanted, but this is a string that is not a valid integer/,
    );
  });
});

describe('data types', () => {
  it('cc, c, qty, id and cp make them of their parts', () => {
    expect(value("cc('only text')", 'valueCodeableConcept')).toEqual({ text: 'only text' });
    expect(value("cc('urn:s', 'a', 'A')", 'valueCodeableConcept')).toEqual({
      coding: [{ system: 'urn:s', code: 'a', display: 'A' }],
    });
    expect(value("c('urn:s', 'a')", 'valueCoding')).toEqual({ system: 'urn:s', code: 'a' });
    expect(value("qty('<= 5.5 mg/l')", 'valueQuantity')).toEqual({
      comparator: '<=',
      value: 5.5,
      unit: 'mg/l',
    });
    expect(value("qty('7', 'kg', 'http://unitsofmeasure.org', 'kg')", 'valueQuantity')).toEqual({
      value: 7,
      unit: 'kg',
      system: 'http://unitsofmeasure.org',
      code: 'kg',
    });
    expect(value("id('urn:i', '12', 'MR')", 'valueIdentifier')).toEqual({
      type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
      system: 'urn:i',
      value: '12',
    });
    expect(value("cp('phone', '+358')", 'valueContactPoint')).toEqual({ system: 'phone', value: '+358' });
    expect(value("cp('a@b.fi')", 'valueContactPoint')).toEqual({ system: 'email', value: 'a@b.fi' });
  });

  it('refuse a quantity that is none', () => {
    expect(() => value("qty('much')", 'valueQuantity')).toThrow(
      /qty\(\): the text is not a number with a unit/,
    );
    expect(() => value("qty('much', 'kg')", 'valueQuantity')).toThrow(/qty\(\): the value is not a number/);
  });
});

describe('create, reference and pointer', () => {
  it('create makes the type that is named, or the only one', () => {
    expect(value("create('Period') as p, p.start = '2024'", 'valuePeriod')).toEqual({ start: '2024' });
    expect(broken("create('Perod')", 'value')[0]).toMatch(/unknown type 'Perod'/);
    expect(broken("create('DomainResource')", 'value')[0]).toMatch(/DomainResource is abstract/);
  });

  it('reference gives type and id, also straight into a Reference', () => {
    expect(value('reference(src)', 'valueString')).toBe('Observation/obs-7');
    expect(value('reference(src)', 'valueReference')).toEqual({ reference: 'Observation/obs-7' });
    expect(() => value('reference(c)', 'valueString', 'src.code as c')).toThrow(
      /reference\(\) needs a resource/,
    );
  });

  it('reference of a source without an id is an error', () => {
    expect(() =>
      transform('Patient', 'Basic', 'src -> tgt.id = reference(src);', { resourceType: 'Patient' }),
    ).toThrow(/has no id/);
  });
});

describe('evaluate', () => {
  it('takes FHIRPath with the map’s variables, alone or on a variable', () => {
    expect(value("(%s.upper() + '!')", 'valueString', 'src.status as s')).toBe('FINAL!');
    expect(value('evaluate(c, coding.code.first())', 'valueString', 'src.code as c')).toBe('72166-2');
    expect(value('evaluate(src, note.text.length())', 'valueInteger')).toBe(11);
    expect(value('(code.text)', 'valueString')).toBe('smoking');
    expect(value('src.code.text', 'valueString')).toBe('smoking');
  });

  it('reports an expression that does not parse at its place', () => {
    expect(broken('(note.where(text 5))')[0]).toMatch(/^6:60 FHIRPath: /);
    expect(broken('(%src.status = )')[0]).toMatch(/expected a FHIRPath expression but found '\)'/);
  });

  it('refuses more than one value', () => {
    expect(() => value('(code.coding.code)', 'valueString')).toThrow(/gives 2 values instead of one/);
  });

  it('locates what the library throws', () => {
    expect(() => value("('x'.toInteger() + 'y')", 'valueString')).not.toThrow();
    expect(() => value('(src.code.coding.code.toInteger())', 'valueString')).toThrow(
      /^test\.fml:6:\d+: rule 'it': FHIRPath/,
    );
  });
});

describe('dateOp', () => {
  it.each([
    ["'2024-01-31', 'add', 1, 'month'", '2024-02-29'],
    ["'2024-02-29', 'subtract', 1, 'years'", '2023-02-28'],
    ["'2024-01-31T22:15:07+02:00', 'add', 2, 'hours'", '2024-02-01T00:15:07+02:00'],
    ["'2024-01', 'add', 11, 'months'", '2024-12'],
    ["'2024-01-31T22:15:07+02:00', 'date'", '2024-01-31'],
    ["'31.1.2024', 'parse', 'd.M.yyyy'", undefined],
    ["'31.01.2024', 'parse', 'dd.MM.yyyy'", '2024-01-31'],
    ["'20240131221507', 'parse', 'yyyyMMddHHmmss'", '2024-01-31T22:15:07Z'],
  ])('dateOp(%s)', (parameters, expected) => {
    const run = (): unknown => value(`dateOp(${parameters})`, 'valueDateTime');
    if (expected === undefined) expect(run).toThrow(/not of the form 'd.M.yyyy'/);
    else expect(run()).toBe(expected);
  });

  it('formats', () => {
    expect(value("dateOp(d, 'format', 'dd.MM.yyyy HH:mm')", 'valueString', 'src.effective as d')).toBe(
      '31.01.2024 22:15',
    );
    expect(() => value("dateOp('2024', 'format', 'dd.MM.yyyy')", 'valueString')).toThrow(
      /a date without 'dd'/,
    );
  });

  it('refuses what is no date and an operation that it does not know', () => {
    expect(() => value("dateOp('soon', 'add', 1, 'day')", 'valueDateTime')).toThrow(/not a valid dateTime/);
    expect(broken("dateOp('2024', 'ad', 1, 'day')")[0]).toMatch(/not 'ad' \(did you mean 'add'\?\)/);
  });
});

describe('translate', () => {
  const conceptMap: ConceptMap = {
    resourceType: 'ConceptMap',
    url: 'urn:map',
    status: 'active',
    group: [
      {
        source: 'urn:loinc',
        target: 'urn:a',
        element: [
          {
            code: '72166-2',
            target: [
              { equivalence: 'wider', code: 'no' },
              { equivalence: 'equivalent', code: 'A1', display: 'First' },
            ],
          },
        ],
      },
      {
        source: 'urn:own',
        target: 'urn:b',
        element: [
          { code: 's', target: [{ equivalence: 'equal', code: 'B1' }] },
          { code: 'none', target: [{ equivalence: 'unmatched' }] },
        ],
      },
      { source: 'urn:keep', target: 'urn:keep', element: [], unmapped: { mode: 'provided' } },
    ],
  };
  const translate = (rule: string, element: string, call: string): unknown => {
    const rules = `${rule} -> tgt.extension as e, e.url = 'u', e.${element} = ${call} "tr";`;
    const map = compile(mapText('Observation', 'Basic', rules), {
      conceptMaps: (url) => (url === 'urn:map' ? conceptMap : undefined),
    });
    const result = map.run({ src: observation }, environment()) as { extension: Record<string, unknown>[] };
    return result.extension[0]?.[element];
  };

  it.each([
    ['code', 'valueCode', 'A1'],
    ['system', 'valueUri', 'urn:a'],
    ['display', 'valueString', 'First'],
    ['Coding', 'valueCoding', { system: 'urn:a', code: 'A1', display: 'First' }],
    [
      'CodeableConcept',
      'valueCodeableConcept',
      { coding: [{ system: 'urn:a', code: 'A1', display: 'First' }] },
    ],
  ])('gives the %s', (output, element, expected) => {
    expect(translate('src.code as c', element, `translate(c, 'urn:map', '${output}')`)).toEqual(expected);
  });

  it('looks into every group, by the system of a Coding', () => {
    expect(translate('src.code.coding last as c', 'valueCode', "translate(c, 'urn:map', 'code')")).toBe('B1');
    expect(translate('src', 'valueCode', "translate('s', 'urn:map')")).toBe('B1');
  });

  it('is an error for a code without an answer', () => {
    expect(translate('src', 'valueCode', "translate('zzz', 'urn:map')")).toBe('zzz');
    const strict = 'conceptmap "#own" { prefix s = "urn:own" prefix t = "urn:t" s:a == t:b s:c -- }';
    const run = (code: string): unknown =>
      transform(
        'Observation',
        'Basic',
        `src -> tgt.language = translate('${code}', '#own', 'code') "tr";`,
        observation,
        '',
        strict,
      );
    expect(run('a')).toEqual({ resourceType: 'Basic', language: 'b' });
    expect(() => run('c')).toThrow(/rule 'tr': #own has no translation of 'c'/);
    expect(() => run('x')).toThrow(/rule 'tr': #own has no translation of 'x'/);
  });

  it('knows the unmapped modes of a block', () => {
    const block = (mode: string): string =>
      `conceptmap "#m" { prefix s = "urn:s" prefix t = "urn:t" unmapped for s = ${mode} s:a == t:b }`;
    const run = (mode: string): unknown =>
      transform(
        'Observation',
        'Basic',
        "src -> tgt.language = translate('x', '#m', 'code');",
        observation,
        '',
        block(mode),
      );
    expect(run('provided')).toMatchObject({ language: 'x' });
    expect(run('fixed "fi"')).toMatchObject({ language: 'fi' });
  });

  it('reports a ConceptMap that is not known', () => {
    expect(broken("translate('a', '#nope', 'code')")[0]).toMatch(/the ConceptMap #nope is not known/);
    expect(broken("translate('a', '#nope', 'cod')")[0]).toMatch(/not 'cod' \(did you mean 'code'\?\)/);
  });
});

describe('wrong numbers of arguments', () => {
  it.each([
    ['truncate(src)', '2 arguments, not 1'],
    ["cast('x', 'string', 'y')", '1 to 2 arguments, not 3'],
    ["uuid('x')", '0 arguments, not 1'],
    ["c('x')", '2 to 3 arguments, not 1'],
  ])('%s', (call, message) => {
    expect(broken(call)[0]).toContain(`takes ${message}`);
  });
});
