/** Static findings of a map, for editors and for `silta map check`. */
import { type CompileOptions, findProblems } from '../compile/compile-map.ts';
import { parseMap } from '../language/parse-map.ts';
import type { ArgumentNode, GroupNode, MapTree, RuleNode } from '../tree.ts';
import type { MapDiagnostic, Position } from '../types.ts';

function warning(position: Position, message: string): MapDiagnostic {
  return { ...position, severity: 'warning', message };
}

function allRules(rules: readonly RuleNode[]): readonly RuleNode[] {
  return rules.flatMap((rule) => [rule, ...allRules(rule.rules)]);
}

/** Groups that nothing leads to: neither the first one, nor called, extended or declared for types. */
function uncalledGroups(map: MapTree): readonly MapDiagnostic[] {
  const rules = allRules(map.groups.flatMap((group) => group.rules));
  const reached = new Set([
    ...rules.flatMap((rule) => rule.dependents.map((each) => each.group)),
    ...map.groups.flatMap((group) => group.extends ?? []),
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
  return allRules(group.rules).flatMap((rule) => {
    const declared = [...rule.sources, ...rule.targets].filter((node) => node.variable !== undefined);
    return declared
      .filter(({ variable = '' }) => !uses(rule, variable))
      .map(({ position, variable }) => warning(position, `variable '${variable}' is never used`));
  });
}

/**
 * Checks a map's text: its grammar, then everything that compiling finds, then what is written and never used.
 *
 * @returns errors and warnings in the order of the text
 */
export function checkMap(text: string, file: string, options: CompileOptions): readonly MapDiagnostic[] {
  const { map, diagnostics } = parseMap(text, file);
  if (!map) return diagnostics;
  const found = [
    ...diagnostics,
    ...findProblems(map, options),
    ...uncalledGroups(map),
    ...map.groups.flatMap(unusedVariables),
  ];
  return found.toSorted((left, right) => left.line - right.line || left.column - right.column);
}
