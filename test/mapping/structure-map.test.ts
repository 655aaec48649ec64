/** StructureMap: https://hl7.org/fhir/R4/structuremap.html and https://hl7.org/fhir/R5/structuremap.html */
import { describe, expect, it } from '@jest/globals';
import { fromStructureMap, toR5, toStructureMap } from '../../src/mapping/index.ts';
import { parse } from './map-fixture.ts';

const R5 = {
  resourceType: 'StructureMap',
  url: 'http://m',
  name: 'm',
  status: 'active',
  structure: [{ url: 'http://a', mode: 'source', alias: 'A' }],
  const: [{ name: 'k', value: "'v'" }],
  group: [
    {
      name: 'g',
      input: [
        { name: 's', type: 'A', mode: 'source' },
        { name: 't', mode: 'target' },
      ],
      rule: [
        {
          name: 'r',
          source: [
            { context: 's', element: 'x', defaultValue: "'none'", variable: 'v', condition: "y  =  'z'" },
          ],
          target: [
            {
              context: 't',
              element: 'e',
              listMode: ['single'],
              transform: 'evaluate',
              parameter: [{ valueString: '%v + 1' }],
            },
          ],
          dependent: [
            { name: 'h', parameter: [{ valueId: 'v' }, { valueString: 'lit' }, { valueInteger: 3 }] },
          ],
        },
      ],
    },
  ],
};

describe('reading StructureMaps', () => {
  it('understands the shape of R5', () => {
    const { map, diagnostics } = fromStructureMap(R5, 'm.json');
    expect(diagnostics).toEqual([]);
    expect(map).toMatchObject({
      metadata: [{ key: 'status', value: 'active' }],
      constants: [{ name: 'k', expression: { text: "'v'" } }],
      groups: [
        {
          rules: [
            {
              name: 'r',
              sources: [{ default: { kind: 'expression', text: "'none'" }, where: { text: "y = 'z'" } }],
              targets: [
                {
                  listModes: ['single'],
                  transform: { name: 'evaluate', arguments: [{ kind: 'expression', text: '%v + 1' }] },
                },
              ],
              dependents: [{ group: 'h', arguments: [{ name: 'v' }, { value: 'lit' }, { value: 3 }] }],
            },
          ],
        },
      ],
    });
  });

  it('gives every rule a place of its own', () => {
    const { map } = fromStructureMap(R5, 'm.json');
    expect(map?.groups[0]?.rules[0]?.position).toEqual({ file: 'm.json', line: 9, column: 3 });
  });

  it('reports what is wrong with its path', () => {
    const group = R5.group[0];
    const broken = {
      ...R5,
      url: 7,
      group: [{ ...group, name: undefined, input: [{ name: 's', mode: 'sorce' }] }],
    };
    expect(fromStructureMap(broken, 'm.json').diagnostics.map((each) => each.message)).toEqual([
      "StructureMap: 'url' must be a text",
      "StructureMap: 'url' is missing",
      "StructureMap.group[0]: 'name' is missing",
      "StructureMap.group[0].input[0]: 'mode' must be one of source, target",
    ]);
    expect(fromStructureMap({ resourceType: 'Patient' }, 'm.json').diagnostics[0]?.message).toMatch(
      /not a StructureMap/,
    );
    expect(fromStructureMap('text', 'm.json').diagnostics).toHaveLength(2);
  });
});

describe('writing StructureMaps', () => {
  it('writes the short form the way other engines read it', () => {
    const map = parse('map "http://m" = "m" group g(source s, target t) { s.a -> t.b "r"; }');
    expect(toStructureMap(map).group[0]?.rule).toEqual([
      {
        name: 'r',
        source: [{ context: 's', element: 'a', variable: 'vvv' }],
        target: [
          { context: 't', contextType: 'variable', element: 'b', variable: 'vvv', transform: 'create' },
        ],
        dependent: [{ name: 'DefaultMappingGroupAnonymousAlias', variable: ['vvv', 'vvv'] }],
      },
    ]);
  });

  it('contains the ConceptMaps of the map', () => {
    const map = parse(`map "http://m" = "m"
conceptmap "#c" { prefix s = "urn:s" prefix t = "urn:t" s:a == t:b s:a - t:c s:d -- }
group g(source s, target t) { s -> t.x = 'y'; }`);
    expect(toStructureMap(map).contained).toEqual([
      {
        resourceType: 'ConceptMap',
        id: 'c',
        status: 'active',
        group: [
          {
            source: 'urn:s',
            target: 'urn:t',
            element: [
              {
                code: 'a',
                target: [
                  { code: 'b', equivalence: 'equivalent' },
                  { code: 'c', equivalence: 'relatedto' },
                ],
              },
            ],
          },
          { source: 'urn:s', element: [{ code: 'd', target: [{ equivalence: 'unmatched' }] }] },
        ],
      },
    ]);
  });
});

describe('writing StructureMaps in the shape of R5', () => {
  it('uses the elements that R5 has and R4 has not', () => {
    const { map } = fromStructureMap(R5, 'm.json');
    const written = map && toR5(toStructureMap(map));
    expect(written).toMatchObject({ const: R5.const, structure: R5.structure });
    expect(written?.['group']).toMatchObject([
      {
        rule: [
          {
            source: [{ defaultValue: "'none'" }],
            target: [{ listMode: ['single'] }],
            dependent: R5.group[0]?.rule[0]?.dependent,
          },
        ],
      },
    ]);
    expect(JSON.stringify(written)).not.toMatch(/extension|contextType|typeMode/);
  });

  it('names relations, unmapped codes and rules as R5 does', () => {
    const map = parse(`map "http://m" = "m"
conceptmap "#c" {
  prefix s = "http://s"
  prefix t = "http://t"
  unmapped for s = provided
  s:a == t:b
  s:c >- t:d
  s:e --
}
group g(source s, target t) {
  s.a default "it's" as v -> t.b = v collate;
}
`);
    const written = toR5(toStructureMap(map)) as {
      readonly contained: readonly unknown[];
      readonly group: readonly { readonly rule: readonly Record<string, unknown>[] }[];
    };
    expect(written.contained).toMatchObject([
      {
        group: [
          {
            element: [
              { code: 'a', target: [{ code: 'b', relationship: 'equivalent' }] },
              {
                code: 'c',
                target: [
                  {
                    code: 'd',
                    relationship: 'source-is-broader-than-target',
                    extension: [{ valueCode: 'specializes' }],
                  },
                ],
              },
            ],
            unmapped: { mode: 'use-source-code' },
          },
          { element: [{ code: 'e', noMap: true }] },
        ],
      },
    ]);
    const rule = written.group[0]?.rule[0] ?? {};
    expect(rule).not.toHaveProperty('name');
    expect(rule).toMatchObject({
      source: [{ defaultValue: "'it\\'s'", extension: [{ valueString: "it's" }] }],
      target: [{ extension: [{ valueCode: 'collate' }] }],
    });
    expect(rule).not.toHaveProperty('target[0].listMode');
  });
});
