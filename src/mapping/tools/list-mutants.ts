/**
 * Mutants of a map: the map with one rule, condition, literal, argument or row dropped or altered. A case that passes
 * with a mutant does not notice what was changed.
 */
import type { ConceptMap } from 'fhir/r4';
import type { ConceptMapNode, GroupNode, MapTree, RuleNode } from '../tree.ts';
import type { Position } from '../types.ts';
import { alterExpression } from './alter-literals.ts';
import { type Change, mutateSource, mutateTarget } from './mutate-parts.ts';

export interface Mutant {
  readonly position: Position;
  /** What was changed, in words. */
  readonly change: string;
  /** Name of the rule that was changed. */
  readonly rule: string | undefined;
  /** Whether the rule is marked as one whose mutants may survive. */
  readonly isLow: boolean;
  readonly map: MapTree;
  /** Only runs that reach one of these places can notice it; undefined when every run can. */
  readonly reachedBy: readonly Position[] | undefined;
}

/** `// silta: priority low — why` in front of a rule or a group. */
const LOW = /^\s*silta:\s*priority\s+low\s+(?:—|–|--?)\s+\S/m;

const isMarkedLow = (node: { readonly documentation?: string }): boolean =>
  LOW.test(node.documentation ?? '');

function without<T>(list: readonly T[], index: number): readonly T[] {
  return list.toSpliced(index, 1);
}

/** Everything that can be changed in one rule, its inner rules aside. */
function changesOf(rule: RuleNode): readonly Change<RuleNode>[] {
  const sources = rule.sources.flatMap((source, index) =>
    mutateSource(source).map((change) => ({
      ...change,
      node: { ...rule, sources: rule.sources.with(index, change.node) },
    })),
  );
  const targets = rule.targets.flatMap((target, index) => [
    ...mutateTarget(target).map((change) => ({
      ...change,
      node: { ...rule, targets: rule.targets.with(index, change.node) },
    })),
    // A rule's only target goes with the rule.
    ...(rule.targets.length > 1
      ? [
          {
            node: { ...rule, targets: without(rule.targets, index) },
            position: target.position,
            change: 'the target was dropped',
          },
        ]
      : []),
  ]);
  const hasMore = rule.targets.length + rule.dependents.length + rule.rules.length > 1;
  const calls = rule.dependents.flatMap((call, index) =>
    hasMore
      ? [
          {
            node: { ...rule, dependents: without(rule.dependents, index) },
            position: call.position,
            change: `the call of ${call.group} was dropped`,
          },
        ]
      : [],
  );
  return [...sources, ...targets, ...calls];
}

function mutateRules(
  rules: readonly RuleNode[],
  isLow: boolean,
  rebuild: (rules: readonly RuleNode[]) => MapTree,
): readonly Mutant[] {
  return rules.flatMap((rule, index) => {
    const low = isLow || isMarkedLow(rule);
    const conditions = rule.sources.flatMap((source) => [source.where, source.check]);
    const reachedBy = [rule.position, ...conditions.flatMap((each) => (each ? [each.position] : []))];
    const base = { rule: rule.name, isLow: low, reachedBy };
    const dropped = {
      ...base,
      position: rule.position,
      change: 'the rule was dropped',
      map: rebuild(without(rules, index)),
    };
    const changed = changesOf(rule).map(({ node, isSeenEverywhere, ...told }) => ({
      ...base,
      ...told,
      ...(isSeenEverywhere && { reachedBy: undefined }),
      map: rebuild(rules.with(index, node)),
    }));
    const inner = mutateRules(rule.rules, low, (changedRules) =>
      rebuild(rules.with(index, { ...rule, rules: changedRules })),
    );
    return [dropped, ...changed, ...inner];
  });
}

function mutateGroup(map: MapTree, group: GroupNode, index: number): readonly Mutant[] {
  return mutateRules(group.rules, isMarkedLow(group), (rules) => ({
    ...map,
    groups: map.groups.with(index, { ...group, rules }),
  }));
}

function mutateConstants(map: MapTree): readonly Mutant[] {
  return map.constants.flatMap((constant, index) =>
    alterExpression(constant.expression).map(({ text, position, change }) => {
      const expression = { ...constant.expression, text };
      const constants = map.constants.with(index, { ...constant, expression });
      return {
        position,
        change,
        rule: undefined,
        isLow: false,
        reachedBy: undefined,
        map: { ...map, constants },
      };
    }),
  );
}

function mutateBlock(map: MapTree, block: ConceptMapNode, at: number): readonly Mutant[] {
  return block.rows.flatMap((row, index) => {
    const put = (rows: ConceptMapNode['rows'], change: string): Mutant => ({
      position: row.position,
      change,
      rule: undefined,
      isLow: false,
      reachedBy: undefined,
      map: { ...map, conceptMaps: map.conceptMaps.with(at, { ...block, rows }) },
    });
    const other = `${row.targetCode}~`;
    return [
      put(without(block.rows, index), `the row of '${row.sourceCode}' was dropped`),
      ...(row.relation === '--'
        ? []
        : [
            put(
              block.rows.with(index, { ...row, targetCode: other }),
              `'${row.targetCode}' became '${other}'`,
            ),
          ]),
    ];
  });
}

/** Lists the mutants of a map, in the order of its text. */
export function listMutants(map: MapTree): readonly Mutant[] {
  const found = [
    ...map.conceptMaps.flatMap((block, index) => mutateBlock(map, block, index)),
    ...mutateConstants(map),
    ...map.groups.flatMap((group, index) => mutateGroup(map, group, index)),
  ];
  return found.toSorted(
    ({ position: left }, { position: right }) => left.line - right.line || left.column - right.column,
  );
}

/** A ConceptMap that is a file of its own with one row changed. */
export interface ConceptMapMutant {
  /** The code whose row was changed. */
  readonly code: string;
  readonly change: string;
  readonly conceptMap: ConceptMap;
}

/** Lists the mutants of a ConceptMap: each row dropped, and each answer altered. */
export function listConceptMapMutants(map: ConceptMap): readonly ConceptMapMutant[] {
  const groups = map.group ?? [];
  return groups.flatMap((group, at) =>
    group.element.flatMap((row, index) => {
      const code = row.code ?? '';
      const put = (element: typeof group.element, change: string): ConceptMapMutant => ({
        code,
        change,
        conceptMap: { ...map, group: groups.with(at, { ...group, element }) },
      });
      const answers = (row.target ?? []).flatMap((target, answer) => {
        if (target.code === undefined) return [];
        const other = `${target.code}~`;
        const changed = { ...row, target: row.target?.with(answer, { ...target, code: other }) ?? [] };
        return [put(group.element.with(index, changed), `'${target.code}' became '${other}'`)];
      });
      return [put(group.element.toSpliced(index, 1), `the row of '${code}' was dropped`), ...answers];
    }),
  );
}
