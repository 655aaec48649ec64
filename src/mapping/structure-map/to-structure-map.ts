/**
 * A map as a StructureMap resource of FHIR R4. What R4 has no element for is kept in R5's cross-version extensions.
 *
 * @see https://hl7.org/fhir/R4/structuremap.html
 * @see https://hl7.org/fhir/R5/versions.html#extensions
 */
import type {
  Extension,
  StructureMap,
  StructureMapGroup,
  StructureMapGroupRule,
  StructureMapGroupRuleDependent,
  StructureMapGroupRuleSource,
  StructureMapGroupRuleTarget,
  StructureMapGroupRuleTargetParameter,
} from 'fhir/r4';
import type {
  ArgumentNode,
  ConstantNode,
  DependentNode,
  GroupNode,
  LiteralNode,
  MapTree,
  MetadataNode,
  RuleNode,
  SourceNode,
  TargetNode,
} from '../tree.ts';
import { toConceptMap } from './concept-map.ts';
import {
  CONSTANT_EXTENSION,
  DEFAULT_EXTENSION,
  DEPENDENT_EXTENSION,
  isKnownMetadata,
  METADATA_EXTENSION,
  SHORT_FORM_GROUP,
  SHORT_FORM_VARIABLE,
  SINGLE_EXTENSION,
  UNNAMED_RULE,
} from './vocabulary.ts';

function literalValue(node: LiteralNode): Record<string, string | number | boolean> {
  const type = { string: 'String', integer: 'Integer', decimal: 'Decimal', boolean: 'Boolean' }[node.type];
  return { [`value${type}`]: node.value };
}

function parameterOf(node: ArgumentNode): StructureMapGroupRuleTargetParameter {
  if (node.kind === 'variable') return { valueId: node.name };
  return node.kind === 'expression' ? { valueString: node.text } : literalValue(node);
}

function defaultOf(node: SourceNode['default']): Partial<StructureMapGroupRuleSource> {
  if (!node) return {};
  if (node.kind === 'literal') {
    const [[key = '', value] = []] = Object.entries(literalValue(node));
    return { [`defaultV${key.slice(1)}`]: value };
  }
  return { extension: [{ url: DEFAULT_EXTENSION, valueString: node.text }] };
}

function sourceOf(node: SourceNode): StructureMapGroupRuleSource {
  return {
    ...(node.default?.kind !== 'literal' && defaultOf(node.default)),
    context: node.context,
    ...(node.min !== undefined && { min: node.min }),
    ...(node.max !== undefined && { max: node.max }),
    ...(node.type !== undefined && { type: node.type }),
    ...(node.default?.kind === 'literal' && defaultOf(node.default)),
    ...(node.path.length > 0 && { element: node.path.join('.') }),
    ...(node.listMode !== undefined && { listMode: node.listMode }),
    ...(node.variable !== undefined && { variable: node.variable }),
    ...(node.where && { condition: node.where.text }),
    ...(node.check && { check: node.check.text }),
    ...(node.log && { logMessage: node.log.text }),
  };
}

function listModesOf(node: TargetNode): Partial<StructureMapGroupRuleTarget> {
  const known = node.listModes.filter((mode) => mode !== 'single');
  const hasSingle = node.listModes.includes('single');
  return {
    ...(hasSingle && { extension: [{ url: SINGLE_EXTENSION, valueCode: 'single' }] }),
    ...(known.length > 0 && { listMode: known }),
    ...(node.shareName !== undefined && { listRuleId: node.shareName }),
  };
}

function targetOf(node: TargetNode): StructureMapGroupRuleTarget {
  return {
    ...(node.context !== undefined && { context: node.context, contextType: 'variable' as const }),
    ...(node.path.length > 0 && { element: node.path.join('.') }),
    ...(node.variable !== undefined && { variable: node.variable }),
    ...listModesOf(node),
    ...(node.transform && { transform: node.transform.name }),
    ...(node.transform?.arguments.length && { parameter: node.transform.arguments.map(parameterOf) }),
  };
}

function dependentOf(node: DependentNode): StructureMapGroupRuleDependent {
  const hasLiteral = node.arguments.some((argument) => argument.kind === 'literal');
  const extension: Extension[] = node.arguments.map((argument) => ({
    url: DEPENDENT_EXTENSION,
    ...(argument.kind === 'variable' ? { valueId: argument.name } : literalValue(argument)),
  }));
  return {
    ...(hasLiteral && { extension }),
    name: node.group,
    variable: node.arguments.map((argument) =>
      argument.kind === 'variable' ? argument.name : String(argument.value),
    ),
  };
}

/** Whether the rule is of the short form `src.a -> tgt.b;`. */
export function isShortForm(rule: RuleNode): boolean {
  const [source, ...otherSources] = rule.sources;
  const [target, ...otherTargets] = rule.targets;
  if (!source || !target || otherSources.length + otherTargets.length > 0) return false;
  const isBareTarget = !target.transform && target.variable === undefined && target.path.length > 0;
  return isBareTarget && source.variable === undefined && rule.dependents.length + rule.rules.length === 0;
}

function ruleName(rule: RuleNode): string {
  const [source] = rule.sources;
  const path = source ? [source.context, ...source.path].join('-') : 'rule';
  return path.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 64);
}

/** The short form as other engines write it: two variables and a call of the default group. */
function expandShortForm(rule: StructureMapGroupRule): StructureMapGroupRule {
  return {
    ...rule,
    source: rule.source.map((source) => ({ ...source, variable: SHORT_FORM_VARIABLE })),
    target: (rule.target ?? []).map((target) => ({
      ...target,
      variable: SHORT_FORM_VARIABLE,
      transform: 'create' as const,
    })),
    dependent: [{ name: SHORT_FORM_GROUP, variable: [SHORT_FORM_VARIABLE, SHORT_FORM_VARIABLE] }],
  };
}

function ruleOf(node: RuleNode): StructureMapGroupRule {
  const rule: StructureMapGroupRule = {
    ...(node.name === undefined && { extension: [{ url: UNNAMED_RULE, valueBoolean: true }] }),
    name: node.name ?? ruleName(node),
    source: node.sources.map(sourceOf),
    ...(node.targets.length > 0 && { target: node.targets.map(targetOf) }),
    ...(node.rules.length > 0 && { rule: node.rules.map(ruleOf) }),
    ...(node.dependents.length > 0 && { dependent: node.dependents.map(dependentOf) }),
    ...(node.documentation !== undefined && { documentation: node.documentation }),
  };
  return isShortForm(node) ? expandShortForm(rule) : rule;
}

function groupOf(node: GroupNode): StructureMapGroup {
  const typeMode = { types: 'types', 'type+': 'type-and-types', none: 'none' } as const;
  return {
    name: node.name,
    ...(node.extends !== undefined && { extends: node.extends }),
    typeMode: typeMode[node.typeMode ?? 'none'],
    ...(node.documentation !== undefined && { documentation: node.documentation }),
    input: node.parameters.map(({ name, type, mode }) => ({
      name,
      ...(type !== undefined && { type }),
      mode,
    })),
    rule: node.rules.map(ruleOf),
  };
}

function constantOf(node: ConstantNode): Extension {
  return {
    url: CONSTANT_EXTENSION,
    extension: [
      { url: 'name', valueId: node.name },
      { url: 'value', valueString: node.expression.text },
    ],
  };
}

function otherMetadata(node: MetadataNode): Extension {
  const { value } = node;
  const typed =
    typeof value === 'string'
      ? { valueString: value }
      : typeof value === 'number'
        ? { valueDecimal: value }
        : { valueBoolean: value };
  return {
    url: METADATA_EXTENSION,
    extension: [
      { url: 'key', valueString: node.key },
      { url: 'value', ...typed },
    ],
  };
}

/** Writes a map as a StructureMap in the shape of R4. */
export function toStructureMap(map: MapTree): StructureMap {
  const known = map.metadata.filter((node) => isKnownMetadata(node.key));
  const extension = [
    ...map.constants.map(constantOf),
    ...map.metadata.filter((node) => !isKnownMetadata(node.key)).map(otherMetadata),
  ];
  const status = { status: 'draft' as const };
  const head = Object.fromEntries(known.map((node) => [node.key, node.value]));
  return {
    resourceType: 'StructureMap',
    ...(map.documentation !== undefined && { text: documentationText(map.documentation) }),
    ...(map.conceptMaps.length > 0 && { contained: map.conceptMaps.map(toConceptMap) }),
    ...(extension.length > 0 && { extension }),
    url: map.url,
    name: map.name,
    ...status,
    ...head,
    ...(map.uses.length > 0 && {
      structure: map.uses.map(({ url, mode, alias, documentation }) => ({
        url,
        mode,
        ...(alias !== undefined && { alias }),
        ...(documentation !== undefined && { documentation }),
      })),
    }),
    ...(map.imports.length > 0 && { import: map.imports.map((each) => each.url) }),
    group: map.groups.map(groupOf),
  };
}

/** The comments in front of the map, as its narrative. */
function documentationText(documentation: string): StructureMap['text'] {
  const escaped = documentation.replace(
    /[&<>]/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? '',
  );
  return {
    status: 'additional',
    div: `<div xmlns="http://www.w3.org/1999/xhtml"><pre>${escaped}</pre></div>`,
  };
}
