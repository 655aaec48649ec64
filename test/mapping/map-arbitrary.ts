import fc from 'fast-check';
import type { MapTree, RuleNode, TransformNode } from '../../src/mapping/tree.ts';

/** Any tree that the grammar can write, with one position for all nodes. */
const position = { file: 'any.fml', line: 1, column: 1 };
const KEYWORDS = [
  'where',
  'as',
  'then',
  'first',
  'group',
  'map',
  'true',
  'types',
  'default',
  'create',
  'share',
];
const name = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/) },
  fc.constantFrom(...KEYWORDS),
  fc.stringMatching(/^[a-z][a-z .'"\\-]{0,5}[a-z]$/),
);
const element = fc.oneof(fc.stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/), fc.constantFrom(...KEYWORDS));
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("it's", '"', '\\', 'a\nb', '`', 'ä👍', '//x', '*/'),
);
const url = fc.stringMatching(/^http:\/\/[a-z]{1,8}\/[A-Za-z*]{1,8}$/);
const line = fc.stringMatching(/^[a-zA-Z][a-z ;{}'"]{0,10}[a-z]$/);
const documentation = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n'));
const variable = name.map((each) => ({ kind: 'variable' as const, name: each, position }));
const literal = fc.oneof(
  text.map((value) => ({ kind: 'literal' as const, type: 'string' as const, value, position })),
  fc.integer().map((value) => ({ kind: 'literal' as const, type: 'integer' as const, value, position })),
  fc
    .integer({ min: -999, max: 999 })
    .map((value) => ({ kind: 'literal' as const, type: 'decimal' as const, value: value / 4, position })),
  fc.boolean().map((value) => ({ kind: 'literal' as const, type: 'boolean' as const, value, position })),
);
const expression = fc
  .constantFrom(
    'a.b',
    "code = 'x'",
    '(a or b) and c',
    'x.where(y = 1).first()',
    "%v & 'it\\'s'",
    '-1',
    'a[0]',
    'now() + 3 days',
    'a is Patient',
    '{}',
    '$this',
    '@2020-01-01',
    'a.`b c`',
    "iif(a, 'x', 'y')",
    'a != b | c',
    "4 'mg'",
  )
  .map((each) => ({ kind: 'expression' as const, text: each, position }));
const optional = <K extends string, T>(key: K, value: fc.Arbitrary<T>): fc.Arbitrary<{ [P in K]?: T }> =>
  fc
    .option(value, { nil: undefined })
    .map((made) => (made === undefined ? {} : ({ [key]: made } as { [P in K]?: T })));
const merge = <T extends object>(...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<T> =>
  fc.tuple(...parts).map((made) => Object.assign({}, ...made, { position }) as T);

const cardinality = fc.oneof(
  fc.constant({}),
  fc.tuple(fc.nat(3), fc.oneof(fc.constant('*'), fc.nat(9).map(String))).map(([min, max]) => ({ min, max })),
);
const source = merge<RuleNode['sources'][number]>(
  fc.record({ context: name, path: fc.array(element, { maxLength: 2 }) }),
  optional('type', name),
  cardinality,
  optional('default', fc.oneof(literal, expression)),
  optional('listMode', fc.constantFrom('first', 'not_first', 'last', 'not_last', 'only_one')),
  optional('variable', name),
  optional('where', expression),
  optional('check', expression),
  optional('log', expression),
);

const plain = fc.constantFrom(
  'create',
  'copy',
  'truncate',
  'escape',
  'cast',
  'append',
  'translate',
  'reference',
  'cc',
  'qty',
  'id',
);
const transform: fc.Arbitrary<TransformNode> = fc.oneof(
  fc.record({
    name: plain,
    arguments: fc.array(fc.oneof(variable, literal), { minLength: 1, maxLength: 3 }),
    position: fc.constant(position),
  }),
  expression.map((each) => ({ name: 'evaluate' as const, arguments: [each], position })),
  fc.tuple(variable, expression).map((each) => ({ name: 'evaluate' as const, arguments: each, position })),
  fc.constant({ name: 'uuid' as const, arguments: [], position }),
);
const modes = fc.oneof(
  fc.constant({ listModes: [] }),
  fc.constantFrom('first', 'last', 'single', 'collate').map((mode) => ({ listModes: [mode] })),
  name.map((shareName) => ({ listModes: ['share'], shareName })),
);
const place = fc.record({ context: name, path: fc.array(element, { minLength: 1, maxLength: 2 }) });
const target = fc.oneof(
  merge<RuleNode['targets'][number]>(
    place,
    optional('transform', transform),
    optional('variable', name),
    modes,
  ),
  merge<RuleNode['targets'][number]>(
    fc.record({
      path: fc.constant([]),
      transform: transform.filter((each) => each.name !== 'copy' || each.arguments.length > 1),
    }),
    optional('variable', name),
    modes,
  ),
);
const dependent = fc.record({
  group: name,
  arguments: fc.array(fc.oneof(variable, literal), { maxLength: 2 }),
  position: fc.constant(position),
});

const { rule } = fc.letrec<{ rule: RuleNode }>((tie) => ({
  rule: merge<RuleNode>(
    fc.record({
      sources: fc.array(source, { minLength: 1, maxLength: 2 }),
      targets: fc.array(target, { maxLength: 2 }),
      dependents: fc.array(dependent, { maxLength: 2 }),
      rules: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constant([]),
        fc.array(tie('rule'), { maxLength: 2 }),
      ),
    }),
    optional('name', fc.stringMatching(/^[a-z][A-Za-z0-9.-]{0,8}$/)),
    optional('documentation', documentation),
  ),
}));

const parameter = merge<MapTree['groups'][number]['parameters'][number]>(
  fc.record({ mode: fc.constantFrom('source', 'target'), name }),
  optional('type', name),
);
const group = merge<MapTree['groups'][number]>(
  fc.record({
    name,
    parameters: fc.array(parameter, { minLength: 1, maxLength: 3 }),
    rules: fc.array(rule, { maxLength: 2 }),
  }),
  optional('extends', name),
  optional('typeMode', fc.constantFrom('types', 'type+')),
  optional('documentation', documentation),
);
const code = fc.oneof(fc.stringMatching(/^[a-z]{1,5}$/), fc.stringMatching(/^[0-9][a-z -]{0,4}[a-z]$/));
const conceptMap: fc.Arbitrary<MapTree['conceptMaps'][number]> = fc
  .tuple(
    fc.stringMatching(/^[a-z]{1,6}$/),
    fc.array(fc.tuple(code, fc.constantFrom('-', '=', '==', '!=', '<=', '<-', '>=', '>-', '~'), code), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.boolean(),
  )
  .map(([id, rows, isProvided]) => ({
    id,
    prefixes: [
      { name: 's', url: 'urn:s', position },
      { name: 't', url: 'urn:t', position },
    ],
    unmapped: isProvided ? [{ prefix: 's', mode: 'provided', position }] : [],
    rows: rows.map(([sourceCode, relation, targetCode]) => ({
      sourcePrefix: 's',
      sourceCode,
      relation: relation as '-',
      targetPrefix: 't',
      targetCode,
      position,
    })),
    position,
  }));

export const mapTree: fc.Arbitrary<MapTree> = merge<MapTree>(
  fc.record({
    url,
    name: text.filter((each) => each !== ''),
    metadata: fc.array(
      fc.oneof(
        fc.record({
          key: fc.constantFrom('title', 'description', 'publisher'),
          value: text,
          position: fc.constant(position),
        }),
        fc.record({ key: fc.constant('experimental'), value: fc.boolean(), position: fc.constant(position) }),
      ),
      { maxLength: 2 },
    ),
    conceptMaps: fc.array(conceptMap, { maxLength: 2 }),
    uses: fc.array(
      merge<MapTree['uses'][number]>(
        fc.record({ url, mode: fc.constantFrom('source', 'target', 'queried', 'produced') }),
        optional('alias', name),
        optional('documentation', documentation),
      ),
      { maxLength: 2 },
    ),
    imports: fc.array(fc.record({ url, position: fc.constant(position) }), { maxLength: 2 }),
    constants: fc.array(fc.record({ name, expression, position: fc.constant(position) }), { maxLength: 2 }),
    groups: fc.array(group, { minLength: 1, maxLength: 2 }),
  }),
  optional('documentation', documentation),
);
