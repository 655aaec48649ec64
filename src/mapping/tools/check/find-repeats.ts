/** Elements that hold one value, written by a rule that runs once for every item of a list. */
import type { MapTree, RuleNode, SourceNode, TargetNode } from '../../tree.ts';
import type { MapDiagnostic } from '../../types.ts';
import type { MapFacts } from './collect-facts.ts';

/** The list that a source goes through item by item, when nothing says that it takes one. */
function repeats(source: SourceNode, facts: MapFacts): string | undefined {
  const isSingled =
    source.listMode === 'first' || source.listMode === 'last' || source.listMode === 'only_one';
  // What a condition leaves of a list cannot be told without data.
  if (isSingled || source.max === '1' || source.where || source.check) return undefined;
  return facts.source(source.position).find((child) => child.isList)?.name;
}

/** A constant may be written many times: it is the same each time. */
function isConstant(target: TargetNode): boolean {
  return target.transform?.arguments.every((argument) => argument.kind === 'literal') === true;
}

function look(
  rule: RuleNode,
  facts: MapFacts,
  outer: { readonly list: string | undefined; readonly fresh: ReadonlySet<string> },
): readonly MapDiagnostic[] {
  const own = rule.sources.map((source) => repeats(source, facts)).find((each) => each !== undefined);
  // What is made inside the loop is another one each time.
  const fresh = new Set(own === undefined ? outer.fresh : []);
  const list = own ?? outer.list;
  const found: MapDiagnostic[] = [];
  for (const target of rule.targets) {
    const child = facts.target(target.position);
    const context = target.context ?? '';
    const isShared = list !== undefined && !fresh.has(context);
    if (isShared && child && !child.isList && target.transform && !isConstant(target))
      found.push({
        ...target.position,
        severity: 'warning',
        message: `'${list}' can be there several times, but '${child.name}' takes one value`,
        suggestion: `say which: '${list} first', or a where`,
      });
    const isOne = isShared && child !== undefined && !child.isList;
    if (target.variable !== undefined && !isOne) fresh.add(target.variable);
  }
  return [...found, ...rule.rules.flatMap((inner) => look(inner, facts, { list, fresh }))];
}

/** Finds the places where a second item would be a failure at run time. */
export function findRepeats(map: MapTree, facts: MapFacts): readonly MapDiagnostic[] {
  return map.groups.flatMap((group) =>
    group.rules.flatMap((rule) => look(rule, facts, { list: undefined, fresh: new Set() })),
  );
}
