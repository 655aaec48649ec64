/**
 * StructureMap resources (the shapes of R4, R4B and R5) as maps.
 *
 * @see https://hl7.org/fhir/R4/structuremap.html
 * @see https://hl7.org/fhir/R5/structuremap.html
 */
import { parseMap } from '../language/parse-map.ts';
import { TRANSFORMS } from '../language/parse-target.ts';
import { printMap } from '../language/print-map.ts';
import type {
  ArgumentNode,
  DependentNode,
  ExpressionNode,
  GroupNode,
  LiteralNode,
  MapTree,
  RuleNode,
  SourceListMode,
  SourceNode,
  TargetListMode,
  TargetNode,
  VariableNode,
} from '../tree.ts';
import type { MapDiagnostic, Position } from '../types.ts';
import { fromConceptMap } from './from-concept-map.ts';
import { JsonReader } from './json-reader.ts';
import { constantsOf, documentationOf, literalOf, metadataOf, usesOf } from './structure-map-head.ts';
import {
  COLLATE_EXTENSION,
  DEFAULT_EXTENSION,
  DEPENDENT_EXTENSION,
  LITERAL_DEFAULT_EXTENSION,
  SHORT_FORM_GROUP,
  SINGLE_EXTENSION,
  UNNAMED_RULE,
} from './vocabulary.ts';

const SOURCE_MODES = [
  'first',
  'not_first',
  'last',
  'not_last',
  'only_one',
] as const satisfies readonly SourceListMode[];
const TARGET_MODES = [
  'first',
  'share',
  'last',
  'single',
  'collate',
] as const satisfies readonly TargetListMode[];

function expressionOf(text: string | undefined, position: Position): ExpressionNode | undefined {
  return text === undefined ? undefined : { kind: 'expression', text, position };
}

/** A primitive `value[x]` (or `defaultValue[x]`) as a literal. */
function variableOf(name: string, position: Position): VariableNode {
  return { kind: 'variable', name, position };
}

function argumentOf(json: JsonReader): readonly (VariableNode | LiteralNode)[] {
  const name = json.text('valueId');
  if (name !== undefined) return [variableOf(name, json.position)];
  const literal = literalOf(json, 'value');
  if (!literal) json.report('this parameter has no value');
  return literal ? [literal] : [];
}

/** R5 has one `defaultValue`, an expression; R4 a `defaultValue[x]`. */
function defaultOf(json: JsonReader): SourceNode['default'] {
  const written = json.extension(LITERAL_DEFAULT_EXTENSION);
  const literal = written && literalOf(written, 'value');
  if (literal) return literal;
  const text = json.text('defaultValue') ?? json.extension(DEFAULT_EXTENSION)?.text('valueString');
  return expressionOf(text, json.position) ?? literalOf(json, 'defaultValue');
}

function sourceOf(json: JsonReader): SourceNode {
  const { position } = json;
  const type = json.text('type');
  const [min, max] = [json.number('min'), json.text('max')];
  const fallback = defaultOf(json);
  const listMode = json.oneOf('listMode', SOURCE_MODES);
  const variable = json.text('variable');
  const where = expressionOf(json.text('condition'), position);
  const check = expressionOf(json.text('check'), position);
  const log = expressionOf(json.text('logMessage'), position);
  return {
    context: json.required('context'),
    path: json.text('element')?.split('.') ?? [],
    ...(type !== undefined && { type }),
    ...((min !== undefined || max !== undefined) && { min: min ?? 0, max: max ?? '*' }),
    ...(fallback && { default: fallback }),
    ...(listMode !== undefined && { listMode }),
    ...(variable !== undefined && { variable }),
    ...(where && { where }),
    ...(check && { check }),
    ...(log && { log }),
    position,
  };
}

function transformOf(json: JsonReader): TargetNode['transform'] {
  const { position } = json;
  const name = json.oneOf('transform', TRANSFORMS);
  if (name === undefined) return undefined;
  const given = json.list('parameter').flatMap(argumentOf);
  const parameters: readonly ArgumentNode[] =
    name !== 'evaluate'
      ? given
      : given.map((each, index) => {
          const isExpression = each.kind === 'literal' && (index > 0 || given.length === 1);
          return isExpression ? { kind: 'expression', text: String(each.value), position } : each;
        });
  return { name, arguments: parameters, position };
}

function targetOf(json: JsonReader): TargetNode {
  const { position } = json;
  if (json.text('contextType') === 'type')
    json.report('a target context of type is not supported: name a variable');
  const transform = transformOf(json);
  const context = json.text('context');
  const variable = json.text('variable');
  const shareName = json.text('listRuleId');
  const modes = json.manyOf('listMode', TARGET_MODES);
  const listModes = json.extension(COLLATE_EXTENSION) ? [...modes, 'collate' as const] : modes;
  const isSingle = json.extension(SINGLE_EXTENSION) !== undefined;
  return {
    ...(context !== undefined && { context }),
    path: json.text('element')?.split('.') ?? [],
    ...(transform && { transform }),
    ...(variable !== undefined && { variable }),
    listModes: isSingle ? [...listModes, 'single'] : listModes,
    ...(shareName !== undefined && { shareName }),
    position,
  };
}

/** Arguments are in `variable` (R4), `parameter` (R5), or in R4's extension for R5's `parameter`. */
function dependentOf(json: JsonReader): DependentNode {
  const { position } = json;
  const parameters = [...json.list('parameter'), ...json.extensions(DEPENDENT_EXTENSION)];
  const variables = json.texts('variable').map((name) => variableOf(name, position));
  return {
    group: json.required('name'),
    arguments: parameters.length > 0 ? parameters.flatMap(argumentOf) : variables,
    position,
  };
}

/** `src.a -> tgt.b;` as the reference implementation and this project write it. */
function restoreShortForm(rule: RuleNode): RuleNode {
  const isShort = rule.dependents.some((each) => each.group === SHORT_FORM_GROUP);
  if (!isShort) return rule;
  const sources = rule.sources.map(({ variable: _, ...source }) => source);
  const targets = rule.targets.map(({ variable: _, transform: __, ...target }) => target);
  return { ...rule, sources, targets, dependents: [] };
}

function ruleOf(json: JsonReader): RuleNode {
  const name = json.extension(UNNAMED_RULE) ? undefined : json.text('name');
  const documentation = json.text('documentation');
  return restoreShortForm({
    ...(name !== undefined && { name }),
    sources: json.list('source').map(sourceOf),
    targets: json.list('target').map(targetOf),
    dependents: json.list('dependent').map(dependentOf),
    rules: json.list('rule').map(ruleOf),
    ...(documentation !== undefined && { documentation }),
    position: json.position,
  });
}

function groupOf(json: JsonReader): GroupNode {
  const base = json.text('extends');
  const mode = json.oneOf('typeMode', ['none', 'types', 'type-and-types'] as const);
  const documentation = json.text('documentation');
  return {
    name: json.required('name'),
    parameters: json.list('input').map((input) => {
      const type = input.text('type');
      const side = input.oneOf('mode', ['source', 'target'] as const) ?? 'source';
      return {
        mode: side,
        name: input.required('name'),
        ...(type !== undefined && { type }),
        position: input.position,
      };
    }),
    ...(base !== undefined && { extends: base }),
    ...(mode === 'types' && { typeMode: 'types' as const }),
    ...(mode === 'type-and-types' && { typeMode: 'type+' as const }),
    rules: json.list('rule').map(ruleOf),
    ...(documentation !== undefined && { documentation }),
    position: json.position,
  };
}

/**
 * Reads a StructureMap. The places in the tree are those of its text as {@link printMap} writes it.
 *
 * @param structureMap the resource as JSON
 * @param file name used in positions
 * @returns the tree, when nothing is wrong, and what is wrong or cannot be kept
 */
export function fromStructureMap(
  structureMap: unknown,
  file: string,
): { readonly map?: MapTree; readonly diagnostics: readonly MapDiagnostic[] } {
  try {
    return readMap(structureMap, file);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = 'StructureMap: its rules are nested too deep';
    return { diagnostics: [{ file, line: 1, column: 1, severity: 'error', message }] };
  }
}

function readMap(structureMap: unknown, file: string): ReturnType<typeof fromStructureMap> {
  const diagnostics: MapDiagnostic[] = [];
  const json = new JsonReader(structureMap, 'StructureMap', file, diagnostics);
  if (json.text('resourceType') !== 'StructureMap') json.report('this is not a StructureMap');
  if (diagnostics.length > 0) return { diagnostics };
  const documentation = documentationOf(json);
  const tree: MapTree = {
    url: json.required('url'),
    name: json.required('name'),
    metadata: metadataOf(json),
    conceptMaps: json.list('contained').flatMap(fromConceptMap),
    uses: json.list('structure').map(usesOf),
    imports: json.texts('import').map((url) => ({ url, position: json.position })),
    constants: constantsOf(json),
    groups: json.list('group').map(groupOf),
    ...(documentation !== undefined && { documentation }),
    position: json.position,
  };
  if (diagnostics.some((each) => each.severity === 'error')) return { diagnostics };
  const parsed = parseMap(printMap(tree), file);
  return { ...parsed, diagnostics: [...diagnostics, ...parsed.diagnostics] };
}
