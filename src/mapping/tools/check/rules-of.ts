import type { RuleNode } from '../../tree.ts';

/** Rules with the rules inside them, in the order of the text. */
export function rulesOf(rules: readonly RuleNode[]): readonly RuleNode[] {
  return rules.flatMap((rule) => [rule, ...rulesOf(rule.rules)]);
}
