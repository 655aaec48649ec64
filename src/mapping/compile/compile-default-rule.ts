/**
 * The short form `src.a -> tgt.b;`: the group that is declared for the two types with `<<types>>` or `<<type+>>`, or
 * else, between equal types, a deep copy.
 *
 * @see https://build.fhir.org/mapping-language.html#default-groups
 */
import type { RuleNode } from '../tree.ts';
import { callGroup, specialise } from './compile-call.ts';
import { compileTarget } from './compile-target.ts';
import { findChild } from './find-element.ts';
import { failAt, SLOTS, type Step, TYPE } from './frame.ts';
import { type Child, isOpen, isPrimitive, type Shape, typeName } from './model.ts';
import { type GroupEntry, Scope, siteOf, type Variable } from './scope.ts';

/** Whether the rule says only from where to where. */
export function isDefaultRule(rule: RuleNode): boolean {
  const [target, ...more] = rule.targets;
  const isBare = target && !target.transform && target.variable === undefined && target.path.length > 0;
  return Boolean(isBare && more.length === 0 && rule.dependents.length === 0 && rule.rules.length === 0);
}

/** The group declared for a pair of types: an exact pair first, then one for their bases. */
function findDefaultGroup(scope: Scope, from: Shape, to: Shape): GroupEntry | undefined {
  const { models } = scope.build;
  const matches: { entry: GroupEntry; isExact: boolean }[] = [];
  for (const entry of scope.build.groups.values()) {
    const [source, target, ...more] = entry.group.parameters;
    if (!entry.group.typeMode || !source?.type || !target?.type || more.length > 0) continue;
    const callee = new Scope(scope.build, entry);
    const [sourceType, targetType] = [callee.findType(source.type), callee.findType(target.type)];
    if (!sourceType || !targetType) continue;
    if (!models.isKindOf(from, sourceType) || !models.isKindOf(to, targetType)) continue;
    const isExact =
      sourceType.structure.url === from.structure.url && targetType.structure.url === to.structure.url;
    matches.push({ entry, isExact });
  }
  return (matches.find((match) => match.isExact) ?? matches[0])?.entry;
}

/** The target type that a source type goes to: the only one, or the one of a choice that a group or equality tells. */
function chooseTarget(
  scope: Scope,
  from: Shape,
  child: Child,
): { shape: Shape; group: GroupEntry | undefined } | undefined {
  for (const { shape } of child.alternatives) {
    const group = findDefaultGroup(scope, from, shape);
    if (group) return { shape, group };
  }
  const { models } = scope.build;
  const fits = (shape: Shape): boolean =>
    models.isKindOf(from, shape) ||
    (child.alternatives.length === 1 && isPrimitive(from) && isPrimitive(shape));
  const equal =
    child.alternatives.find((each) => typeName(each.shape) === typeName(from)) ??
    child.alternatives.find((each) => fits(each.shape));
  return equal && fits(equal.shape) ? { shape: equal.shape, group: undefined } : undefined;
}

/** The step for one type of source values. */
function compileFor(
  rule: RuleNode,
  scope: Scope,
  item: Variable,
  from: Shape,
  child: Child,
): Step | undefined {
  const [node] = rule.targets;
  const chosen = chooseTarget(scope, from, child);
  if (!node || !chosen) return undefined;
  const inner = scope.nest();
  const site = siteOf(node.position, rule.name);
  const source = inner.declare('$source', 'source', [from]);
  const move: Step = (frame) => {
    for (let offset = 0; offset < SLOTS; offset += 1)
      frame.slots[source.slot + offset] = frame.slots[item.slot + offset];
  };
  const { position } = node;
  if (!chosen.group) {
    const transform = {
      name: 'copy',
      arguments: [{ kind: 'variable', name: '$source', position }],
      position,
    } as const;
    const copy = compileTarget({ node: { ...node, transform }, scope: inner, site, item: source });
    return copy && sequence([move, copy.write]);
  }
  const create = {
    name: 'create',
    arguments: [{ kind: 'literal', type: 'string', value: typeName(chosen.shape), position }],
    position,
  } as const;
  const isInline = child.alternatives.length === 1;
  const target = compileTarget({
    node: { ...node, variable: '$target', ...(!isInline && { transform: create }) },
    scope: inner,
    site,
    item: source,
  });
  const variable = inner.find('$target');
  if (!target || !variable) return undefined;
  const given = [
    { shapes: source.shapes, variable: source, position },
    { shapes: variable.shapes, variable, position },
  ];
  const call = callGroup(specialise(chosen.group, given, inner), given, site, scope.build.instrumented);
  return sequence([move, target.write, call, ...(target.prune ? [target.prune] : [])]);
}

function sequence(steps: readonly Step[]): Step {
  return (frame) => {
    for (const step of steps) step(frame);
  };
}

/** The element that the rule writes, found without compiling it. */
function targetChild(rule: RuleNode, scope: Scope): Child | undefined {
  const [node] = rule.targets;
  const context = node?.context === undefined ? undefined : scope.require(node.context, node.position);
  if (!node || !context) return undefined;
  let [shape] = context.shapes;
  let child: Child | undefined;
  for (const name of node.path) {
    if (!shape) return undefined;
    child = findChild({ node, scope, site: siteOf(node.position, rule.name), item: undefined }, shape, name);
    shape = child?.alternatives[0]?.shape;
  }
  return child;
}

/** Compiles a short-form rule; types that nothing connects become a diagnostic. */
export function compileDefaultRule(rule: RuleNode, scope: Scope, item: Variable | undefined): Step {
  const nothing: Step = () => undefined;
  const child = targetChild(rule, scope);
  const [node] = rule.targets;
  if (!item || !child || !node) return nothing;
  const site = siteOf(node.position, rule.name);
  if (item.shapes.length === 0 || item.shapes.some(isOpen)) {
    const transform = {
      name: 'copy',
      arguments: [{ kind: 'variable', name: item.name, position: node.position }],
      position: node.position,
    } as const;
    return compileTarget({ node: { ...node, transform }, scope, site, item })?.write ?? nothing;
  }
  const byType = new Map<string, Step>();
  for (const from of item.shapes) {
    const step = compileFor(rule, scope, item, from, child);
    if (step) byType.set(typeName(from), step);
  }
  const [only] = byType.values();
  if (!only) {
    const given = item.shapes.map(typeName).slice(0, 4).join(' or ');
    const types = child.alternatives.map((each) => typeName(each.shape)).slice(0, 6);
    scope.error(
      node.position,
      `no default group leads from ${given} to ${types.join(', ')}, and they are not the same`,
    );
    return nothing;
  }
  if (item.shapes.length === 1) return only;
  return (frame) => {
    const type = frame.slots[item.slot + TYPE] as string | undefined;
    const step = byType.get(type ?? '');
    if (!step) failAt(site, `a ${type ?? 'value of unknown type'} cannot be put into '${child.name}'`);
    else step(frame);
  };
}
