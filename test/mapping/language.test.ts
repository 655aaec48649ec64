/** The grammar: https://build.fhir.org/mapping-language.html#grammar */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromStructureMap, parseMap, printMap, toR5, toStructureMap } from '../../src/mapping/index.ts';
import { mapTree } from './map-arbitrary.ts';
import { parse } from './map-fixture.ts';

const withoutPositions = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, each: unknown) => (key === 'position' ? undefined : each)));

function errors(text: string): readonly string[] {
  return parseMap(text, 'broken.fml').diagnostics.map(
    ({ line, column, message, suggestion }) =>
      `${line}:${column} ${message}${suggestion === undefined ? '' : ` (${suggestion})`}`,
  );
}
const HEAD = 'map "http://m" = "m"\n';

describe('the parser', () => {
  it('reads every construct into the tree, with comments as documentation', () => {
    const map = parse(`/// title = 'A "map"'
/// experimental = true
/// description = """
Two
lines"""
// In front
map "http://m" = m
conceptmap "#c" {
  prefix s = "urn:s"
  prefix t = "urn:t"
  unmapped for s = provided
  s:a - t:"1 b"
  s:"x" <= t:y
}
uses "http://a" alias A as source // trailing
uses "http://b" as produced
imports "http://x/*3to4"
let k = 'v' + 'w';
// What it does
group G(source s : A, target t) extends B <<type+>> {
  // the first
  s.a.b : string 0..1 default 'x' first as v where (v.c = 'd') check v.e log 'msg' -> t.f = v as w share x, uuid() as u then H(v, 'l', 2, %w), I() { v -> w.z = (1 + 2); } "r";
  s.short -> t.short;
}`);
    expect(map).toMatchObject({
      documentation: 'In front',
      metadata: [
        { key: 'title', value: 'A "map"' },
        { key: 'experimental', value: true },
        { key: 'description', value: 'Two\nlines' },
      ],
      conceptMaps: [
        {
          id: 'c',
          unmapped: [{ prefix: 's', mode: 'provided' }],
          rows: [{ relation: '-', targetCode: '1 b' }, { relation: '<=' }],
        },
      ],
      uses: [{ alias: 'A', mode: 'source', documentation: 'trailing' }, { mode: 'produced' }],
      imports: [{ url: 'http://x/*3to4' }],
      constants: [{ name: 'k', expression: { text: "'v' + 'w'" } }],
      groups: [
        {
          name: 'G',
          extends: 'B',
          typeMode: 'type+',
          documentation: 'What it does',
          rules: [
            {
              name: 'r',
              documentation: 'the first',
              position: { file: 'test.fml', line: 22, column: 3 },
              sources: [
                {
                  context: 's',
                  path: ['a', 'b'],
                  type: 'string',
                  min: 0,
                  max: '1',
                  default: { value: 'x' },
                  listMode: 'first',
                  variable: 'v',
                  where: { text: "v.c = 'd'" },
                  check: { text: 'v.e' },
                  log: { text: "'msg'" },
                },
              ],
              targets: [
                {
                  context: 't',
                  path: ['f'],
                  transform: { name: 'copy' },
                  variable: 'w',
                  listModes: ['share'],
                  shareName: 'x',
                },
                { transform: { name: 'uuid' }, variable: 'u' },
              ],
              dependents: [
                { group: 'H', arguments: [{ name: 'v' }, { value: 'l' }, { value: 2 }, { name: 'w' }] },
                { group: 'I' },
              ],
              rules: [{ targets: [{ transform: { name: 'evaluate', arguments: [{ text: '1 + 2' }] } }] }],
            },
            { targets: [{ path: ['short'], listModes: [] }] },
          ],
        },
      ],
    });
  });

  it.each([
    ["s where a = 'x' and b -> t.c = 'd'", "a = 'x' and b"],
    ["s where (a) and (b) -> t.c = 'd'", '(a) and (b)'],
    ['s where a is Patient then G(s)', 'a is Patient'],
    ['s where a.b(c, d)[0] > 3 "name"', 'a.b(c, d)[0] > 3'],
    ['s where "x" = a', "'x' = a"],
    ["s where a = @2020-01-01T10:00:00Z -> t.x = 'y'", 'a = @2020-01-01T10:00:00Z'],
    ['s where a < 3 days', 'a < 3 days'],
  ])('finds the end of FHIRPath without brackets: %s', (rule, text) => {
    expect(
      parse(`${HEAD}group g(source s, target t) { ${rule}; }`).groups[0]?.rules[0]?.sources[0]?.where?.text,
    ).toBe(text);
  });

  it('reports every error, each with its place, what was expected and a suggestion', () => {
    expect(
      errors(`${HEAD}uses "http://a" as sorce
group g(source s, target t) {
  s.a -> t.b
  s.c -> t.d;
  s.e -> t.f = trnslate(x, '#m', 'code');
  s.g as -> t.h;
  s.i -> t.j = (a.b( ;
  s.k -> t.l;
}
grop h(source s) { s -> t.x = 'unclosed; }
`),
    ).toEqual([
      "2:20 expected 'source' or 'target' or 'queried' or 'produced' but found 'sorce' (did you mean 'source'?)",
      "4:13 expected ';' (add ;)",
      "6:16 expected a transform but found 'trnslate' (did you mean 'translate'?)",
      "7:10 expected a name but found '->'",
      "8:22 expected ')' but found ';'",
      "11:1 expected 'map' or 'conceptmap' or 'uses' or 'imports' or 'let' or 'group' but found 'grop' (did you mean 'group'?)",
      "11:31 this text is not closed (add ')",
    ]);
  });

  it('gives what was expected as a list, too', () => {
    const [first] = parseMap(`${HEAD}group g(surce s) { }`, 'x.fml').diagnostics;
    expect(first).toMatchObject({
      file: 'x.fml',
      line: 2,
      column: 9,
      severity: 'error',
      expected: ["'source'", "'target'"],
    });
  });

  it.each([
    ['', '1:1 the map has no url (start with map "http://…" = "name" or /// url = \'http://…\')'],
    [HEAD, '2:1 the map has no group (add group name(source src, target tgt) { … })'],
    [`${HEAD}group g(source s) { s -> `, '2:26 expected a name but found the end of the map'],
    [`${HEAD}group g(source s) { s ? t; }`, "2:23 unexpected character '?'"],
    [`${HEAD}conceptmap "#c" { prefix s = "urn:s" s:a != q:b }`, "2:38 unknown prefix 'q'"],
    [
      `${HEAD}conceptmap "#c" { s:a +- t:b }`,
      "2:23 '+-' is no relation between codes; expected one of - = == != -- <= <- >= >- ~",
    ],
    [`${HEAD}uses "http://a" as source group`, '2:32 expected a name but found the end of the map'],
  ])('reports %j', (text, message) => {
    expect(errors(text)).toContain(message);
  });

  it('never throws and always ends, whatever the text', () => {
    const piece = fc.constantFrom(
      'map',
      '"x"',
      '=',
      'group',
      'g',
      '(',
      ')',
      '{',
      '}',
      ';',
      '->',
      's',
      '.',
      'where',
      "'",
      '"',
      '//',
      '/*',
      'then',
      '<<',
      ':',
      '1',
      'as',
      '`',
      '\n',
      '\\',
      'conceptmap',
      'prefix',
      '///',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const { map, diagnostics } = parseMap(pieces.join(' '), 'fuzz.fml');
        expect(map !== undefined || diagnostics.length > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('printing', () => {
  it('gives a text that parses to the same map', () => {
    fc.assert(
      fc.property(mapTree, (tree) => {
        const { map, diagnostics } = parseMap(printMap(tree), 'printed.fml');
        expect(diagnostics).toEqual([]);
        expect(withoutPositions(map)).toEqual(withoutPositions(tree));
      }),
      { numRuns: 100 },
    );
  });

  it('loses nothing on the way over a StructureMap', () => {
    fc.assert(
      fc.property(mapTree, (tree) => {
        const structureMap = toStructureMap(tree);
        const { map, diagnostics } = fromStructureMap(structureMap, 'map.json');
        expect(diagnostics).toEqual([]);
        expect(map && toStructureMap(map)).toEqual(structureMap);
      }),
      { numRuns: 100 },
    );
  });

  it('loses nothing on the way over a StructureMap of R5', () => {
    fc.assert(
      fc.property(mapTree, (tree) => {
        const structureMap = toStructureMap(tree);
        const { map, diagnostics } = fromStructureMap(toR5(structureMap), 'map.json');
        expect(diagnostics).toEqual([]);
        expect(map && toStructureMap(map)).toEqual(structureMap);
      }),
      { numRuns: 100 },
    );
  });
});
