/** Rules that can never be applied. */
import type { MapTree, RuleNode, SourceNode } from '../../tree.ts';
import type { MapDiagnostic } from '../../types.ts';
import type { MapFacts } from './collect-facts.ts';

/** Why a source never gives an item; undefined when it can. */
function blocked(source: SourceNode, facts: MapFacts): string | undefined {
  if (source.max === '0') return 'its source takes no item (max 0)';
  if (source.where?.text.trim() === 'false') return 'its condition is always false';
  const forbidden = facts.source(source.position).find((child) => child.element?.max === 0);
  return forbidden && source.default === undefined
    ? `the model allows no '${forbidden.name}' here`
    : undefined;
}

function look(rules: readonly RuleNode[], facts: MapFacts): readonly MapDiagnostic[] {
  return rules.flatMap((rule) => {
    const reason = rule.sources.map((source) => blocked(source, facts)).find((each) => each !== undefined);
    // Rules inside an unreachable one are so for the same reason.
    if (reason === undefined) return look(rule.rules, facts);
    const name = rule.name === undefined ? '' : ` '${rule.name}'`;
    const message = `rule${name} is never applied: ${reason}`;
    return [{ ...rule.position, severity: 'warning' as const, message }];
  });
}

/** Finds the outermost rules that no data can reach. */
export function findUnreachable(map: MapTree, facts: MapFacts): readonly MapDiagnostic[] {
  return map.groups.flatMap((group) => look(group.rules, facts));
}
