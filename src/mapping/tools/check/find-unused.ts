/** What is written in a map and never used: groups and variables. */
import type { ArgumentNode, GroupNode, MapTree, RuleNode } from '../../tree.ts';
import type { MapDiagnostic, Position } from '../../types.ts';
import { rulesOf } from './rules-of.ts';

function warning(position: Position, message: string): MapDiagnostic {
  return { ...position, severity: 'warning', message };
}

/**
 * Groups that nothing leads to: neither the first one, nor called, extended or declared for types.
 *
 * @param others maps that may import this one
 */
export function findUncalledGroups(map: MapTree, others: readonly MapTree[]): readonly MapDiagnostic[] {
  const groups = [map, ...others].flatMap((each) => each.groups);
  const reached = new Set([
    ...rulesOf(groups.flatMap((group) => group.rules)).flatMap((rule) =>
      rule.dependents.map((each) => each.group),
    ),
    ...groups.flatMap((group) => group.extends ?? []),
  ]);
  return map.groups
    .slice(1)
    .filter((group) => group.typeMode === undefined && !reached.has(group.name))
    .map((group) => warning(group.position, `group '${group.name}' is never called`));
}

function mentions(text: string | undefined, name: string): boolean {
  return text !== undefined && new RegExp(`(^|[^A-Za-z0-9_.])${name}($|[^A-Za-z0-9_])`).test(text);
}

function argumentMentions(node: ArgumentNode, name: string): boolean {
  if (node.kind === 'variable') return node.name === name;
  return node.kind === 'expression' && mentions(node.text, name);
}

/** Whether a rule, apart from declaring it, uses a variable. */
function uses(rule: RuleNode, name: string): boolean {
  return (
    rule.sources.some(
      (source) =>
        source.context === name ||
        [source.where, source.check, source.log].some((node) => mentions(node?.text, name)) ||
        (source.default !== undefined && argumentMentions(source.default, name)),
    ) ||
    rule.targets.some(
      (target) =>
        target.context === name ||
        (target.transform?.arguments ?? []).some((argument) => argumentMentions(argument, name)),
    ) ||
    rule.dependents.some((call) => call.arguments.some((argument) => argumentMentions(argument, name))) ||
    rule.rules.some((inner) => uses(inner, name))
  );
}

function unusedVariables(group: GroupNode): readonly MapDiagnostic[] {
  return rulesOf(group.rules).flatMap((rule) => {
    const declared = [...rule.sources, ...rule.targets].filter((node) => node.variable !== undefined);
    return declared
      .filter(({ variable = '' }) => !uses(rule, variable))
      .map(({ position, variable }) => warning(position, `variable '${variable}' is never used`));
  });
}

function unusedConstants(map: MapTree): readonly MapDiagnostic[] {
  const rules = rulesOf(map.groups.flatMap((group) => group.rules));
  return map.constants
    .filter(({ name }) => !rules.some((rule) => uses(rule, name)))
    .filter(({ name }) => !map.constants.some((each) => mentions(each.expression.text, name)))
    .map(({ name, position }) => warning(position, `constant '${name}' is never used`));
}

/** Variables and, in a map that nothing imports, constants that nothing reads. */
export function findUnusedNames(map: MapTree, isImported: boolean): readonly MapDiagnostic[] {
  return [...map.groups.flatMap(unusedVariables), ...(isImported ? [] : unusedConstants(map))];
}
