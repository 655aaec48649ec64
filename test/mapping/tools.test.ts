import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  checkMap,
  createCoverage,
  diffValues,
  json,
  MappingError,
  runCase,
} from '../../src/mapping/index.ts';
import { compile, definitions, environment, mapText, parse, ticketModel } from './map-fixture.ts';

const TEXT = mapText(
  'Patient',
  'Ticket',
  `src.name as n where use = 'official' -> tgt.Lines as l, l.Text = n.family "name";
src.gender as g -> tgt.Priority = translate(g, '#g', 'code') "gender";`,
  '',
  'conceptmap "#g" { prefix s = "urn:s" prefix t = "urn:t" s:male == t:M s:female == t:F }',
);
const src = {
  resourceType: 'Patient',
  gender: 'male',
  name: [
    { use: 'official', family: 'Aalto' },
    { use: 'old', family: 'X' },
  ],
};

describe('diffValues', () => {
  it('compares by meaning and names the path of each difference', () => {
    expect(diffValues({ a: 1, b: [{ c: 'x' }] }, { b: [{ c: 'x' }], a: 1 })).toEqual([]);
    expect(diffValues({ a: [{ c: 'x' }, 2], d: true }, { a: [{ c: 'y' }], e: null })).toEqual([
      { path: 'a[0].c', expected: 'x', actual: 'y' },
      { path: 'a[1]', expected: 2, actual: undefined },
      { path: 'd', expected: true, actual: undefined },
      { path: 'e', expected: undefined, actual: null },
    ]);
    expect(diffValues('a', 1)).toEqual([{ path: '', expected: 'a', actual: 1 }]);
  });
});

describe('runCase', () => {
  const map = compile(TEXT);

  it('passes when the result is as expected', () => {
    expect(
      runCase(map, { sources: { src }, expected: { Priority: 'M', Lines: [{ Text: 'Aalto' }] } }, environment)
        .passed,
    ).toBe(true);
  });

  it('says of each difference which rule wrote the element', () => {
    const { passed, differences } = runCase(
      map,
      { sources: { src }, expected: { Priority: 'F', Lines: [{ Text: 'Aho' }] } },
      environment,
    );
    expect(passed).toBe(false);
    expect(
      differences.map((each) => [each.path, each.writtenBy?.rule, each.writtenBy?.position.line]),
    ).toEqual([
      ['Priority', 'gender', 7],
      ['Lines[0].Text', 'name', 6],
    ]);
  });

  it('tells an expected failure from an unexpected one', () => {
    const sources = { src: { ...src, gender: 'other' } };
    expect(runCase(map, { sources, expectedError: "no translation of 'other'" }, environment).passed).toBe(
      true,
    );
    expect(runCase(map, { sources, expectedError: 'something else' }, environment).passed).toBe(false);
    expect(runCase(map, { sources, expected: {} }, environment)).toMatchObject({
      passed: false,
      error: { position: { line: 7 } },
    });
    expect(runCase(map, { sources: { src }, expectedError: 'no translation' }, environment).passed).toBe(
      false,
    );
  });
});

describe('coverage', () => {
  it('counts rules, both outcomes of conditions, and rows', () => {
    const tree = parse(TEXT);
    const map = compile(TEXT);
    const coverage = createCoverage();
    expect(coverage.report(tree).ruleCoverage).toBe(0);
    const result = map.observe({ src: { ...src, gender: undefined } }, environment(), coverage.observer);
    expect(result).toEqual(map.run({ src: { ...src, gender: undefined } }, environment()));
    expect(coverage.report(tree)).toMatchObject({
      ruleCoverage: 0.5,
      rules: [
        { name: 'name', count: 1 },
        { name: 'gender', count: 0 },
      ],
      conditions: [{ text: "use = 'official'", whenTrue: 1, whenFalse: 1 }],
      rows: [
        { code: 'male', count: 0 },
        { code: 'female', count: 0 },
      ],
    });
    map.observe({ src }, environment(), coverage.observer);
    expect(coverage.report(tree)).toMatchObject({
      ruleCoverage: 1,
      rows: [
        { code: 'male', count: 1 },
        { code: 'female', count: 0 },
      ],
    });
  });
});

describe('checkMap', () => {
  const check = (text: string): readonly string[] =>
    checkMap(text, 'x.fml', { definitions, models: [ticketModel] }).map(
      ({ severity, line, message }) => `${severity} ${line} ${message}`,
    );

  it('finds nothing in a map that is right', () => {
    const whole = TEXT.replace('"gender";', '"gender";\nsrc.id as id -> tgt.Subject = id "subject";');
    expect(check(whole)).toEqual([]);
  });

  it('finds unused variables, groups that nothing calls, and what compiling finds, in the order of the text', () => {
    const text = mapText(
      'Patient',
      'Ticket',
      'src.name as n -> tgt.Open = true;\nsrc.foo -> tgt.Open = true;',
      'group Alone(source s : Patient, target t : Ticket) { s.nam as n -> t.Subject = n; }',
    );
    expect(check(text)).toEqual([
      "warning 6 variable 'n' is never used",
      "error 7 Patient has no element 'foo'",
      "warning 9 group 'Alone' is never called",
      "error 9 Patient has no element 'nam'",
    ]);
  });

  it('finds unknown groups, wrong arity, unknown types, models and maps', () => {
    const text = mapText(
      'Patient',
      'Ticket',
      'src -> tgt as t then Nope(src, t);\nsrc -> tgt as t then Two(t);\nsrc.name : Strin as s -> tgt.Subject = s;\nsrc -> src.active = true;',
      'group Two(source a, target b) { a -> b.Open = true; }',
      'imports "http://nowhere"',
    );
    expect(check(text)).toEqual([
      'error 2 the map http://nowhere is not known',
      "error 6 unknown group 'Nope'",
      "error 7 group 'Two' takes 2 arguments (a, b), not 1",
      "error 8 unknown type 'Strin'",
      "warning 8 'name' can be there several times, but 'Subject' takes one value",
      "error 9 'src' is a source and cannot be written",
    ]);
  });
});

describe('the JSON codec', () => {
  it('reads what it printed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = json.print(value);
        expect(json.print(json.parse(text, 'x.json'))).toBe(text);
      }),
    );
  });

  it.each([
    ['{"a": 1,\n "b": }', "2:7: not JSON: expected a value but found '}'"],
    ['{"a" 1}', "1:6: not JSON: expected ':' but found '1'"],
    ['[1, 2', "1:6: not JSON: expected ',' or ']' but found the end"],
    ['{"a": "x\ny"}', "1:7: not JSON: expected a value but found '\"'"],
    ['{} x', "1:4: not JSON: expected the end but found 'x'"],
    ['', '1:1: not JSON: expected a value but found the end'],
    ['{a: 1}', '1:2: not JSON: expected a name in "…" but found \'a\''],
    ['[01]', "1:3: not JSON: expected ',' or ']' but found '1'"],
    ['"'.repeat(1), "1:1: not JSON: expected a value but found '\"'"],
  ])('refuses %j with its place', (text, message) => {
    const parse = (): unknown => json.parse(text, 'in.json');
    expect(parse).toThrow(MappingError);
    expect(parse).toThrow(`in.json:${message}`);
  });

  it('survives nesting that would break a stack', () => {
    expect(() => json.parse('['.repeat(200_000), 'deep.json')).toThrow(/not JSON/);
  });

  it('refuses a number that it could only write as null', () => {
    expect(() => json.parse('{"a": 1,\n "b": [1e999]}', 'x.json')).toThrow(
      'x.json:2:8: this number is too great',
    );
    expect(json.parse('{"a": "1e999", "b": 1e308}', 'x.json')).toEqual({ a: '1e999', b: 1e308 });
  });

  it('reads a text with a byte order mark', () => {
    expect(json.parse('\ufeff{"a":1}', 'x.json')).toEqual({ a: 1 });
  });
});
