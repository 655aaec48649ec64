/** Which rules, conditions and ConceptMap rows of a map were exercised by the runs that were observed. */
import type { ConceptMap } from 'fhir/r4';
import type { ConceptMapNode, MapTree, RuleNode } from '../tree.ts';
import type { MapObserver, Position } from '../types.ts';

export interface RuleCoverage {
  readonly position: Position;
  readonly name: string | undefined;
  readonly count: number;
}

export interface ConditionCoverage {
  readonly position: Position;
  readonly text: string;
  readonly whenTrue: number;
  readonly whenFalse: number;
}

export interface RowCoverage {
  readonly position: Position;
  readonly conceptMap: string;
  readonly code: string;
  readonly count: number;
}

export interface MapCoverage {
  readonly rules: readonly RuleCoverage[];
  readonly conditions: readonly ConditionCoverage[];
  readonly rows: readonly RowCoverage[];
  /** Part of the rules that were applied at least once, 0 to 1; 1 for a map without rules. */
  readonly ruleCoverage: number;
}

/** Counts while maps run; pass `observer` to `CompiledMap.observe`. */
export interface Coverage {
  readonly observer: MapObserver;
  /** What the runs exercised of a map, its imports not included. */
  report(map: MapTree): MapCoverage;
  /** What the runs used of a ConceptMap that is a file of its own. */
  reportRows(map: ConceptMap): readonly Omit<RowCoverage, 'position'>[];
}

const keyOf = ({ file, line, column }: Position): string => `${file}:${line}:${column}`;

function allRules(rules: readonly RuleNode[]): readonly RuleNode[] {
  return rules.flatMap((rule) => [rule, ...allRules(rule.rules)]);
}

function reportRows(node: ConceptMapNode, count: (key: string) => number): readonly RowCoverage[] {
  return node.rows.map((row) => {
    const system = node.prefixes.find((prefix) => prefix.name === row.sourcePrefix)?.url ?? '';
    const code = row.sourceCode;
    const times = count(`#${node.id} ${system} ${code}`) + count(`#${node.id}  ${code}`);
    return { position: row.position, conceptMap: node.id, code, count: times };
  });
}

/** Makes an empty coverage. */
export function createCoverage(): Coverage {
  const counts = new Map<string, number>();
  const add = (key: string): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  const count = (key: string): number => counts.get(key) ?? 0;
  return {
    observer: {
      applied: (position) => add(keyOf(position)),
      decided: (position, outcome) => add(`${keyOf(position)} ${outcome}`),
      translated: (map, system, code) => add(`${map} ${system ?? ''} ${code}`),
    },
    reportRows: (map) =>
      (map.group ?? []).flatMap(({ source = '', element }) =>
        element.map(({ code = '' }) => {
          const id = map.url ?? '';
          const times = count(`${id} ${source} ${code}`) + (source === '' ? 0 : count(`${id}  ${code}`));
          return { conceptMap: id, code, count: times };
        }),
      ),
    report: (map) => {
      const nodes = allRules(map.groups.flatMap((group) => group.rules));
      const rules = nodes.map(({ position, name }) => ({ position, name, count: count(keyOf(position)) }));
      const conditions = nodes
        .flatMap((rule) => rule.sources.flatMap((source) => [source.where, source.check]))
        .filter((node) => node !== undefined)
        .map(({ position, text }) => ({
          position,
          text,
          whenTrue: count(`${keyOf(position)} true`),
          whenFalse: count(`${keyOf(position)} false`),
        }));
      const applied = rules.filter((rule) => rule.count > 0).length;
      return {
        rules,
        conditions,
        rows: map.conceptMaps.flatMap((node) => reportRows(node, count)),
        ruleCoverage: rules.length === 0 ? 1 : applied / rules.length,
      };
    },
  };
}
