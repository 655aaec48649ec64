/** The coverage of one file, and what a threshold asks of several. */
import type { MapTree } from '../tree.ts';
import type { MapCoverage, RowCoverage } from './coverage.ts';

/** What cases exercised of one map. */
export interface FileCoverage {
  /** As it is shown and linked. */
  readonly file: string;
  readonly text: string;
  readonly tree: MapTree;
  readonly coverage: MapCoverage;
}

/** How many there are and how many were exercised. */
export interface Part {
  readonly hit: number;
  readonly of: number;
}

export interface CoverageParts {
  readonly rules: Part;
  /** Outcomes: every condition has two. */
  readonly conditions: Part;
  readonly rows: Part;
}

const partOf = (counts: readonly number[]): Part => ({
  hit: counts.filter((count) => count > 0).length,
  of: counts.length,
});

/** Counts what was exercised, in one file or in several together; `rows` are those of ConceptMaps beside the maps. */
export function countCoverage(
  coverages: readonly Pick<MapCoverage, 'rules' | 'conditions' | 'rows'>[],
  rows: readonly Pick<RowCoverage, 'count'>[] = [],
): CoverageParts {
  const all = <T>(pick: (coverage: Pick<MapCoverage, 'rules' | 'conditions' | 'rows'>) => readonly T[]) =>
    coverages.flatMap(pick);
  return {
    rules: partOf(all((each) => each.rules).map((rule) => rule.count)),
    conditions: partOf(
      all((each) => each.conditions).flatMap(({ whenTrue, whenFalse }) => [whenTrue, whenFalse]),
    ),
    rows: partOf([...all((each) => each.rows), ...rows].map((row) => row.count)),
  };
}

/** A part in percent; 100 when there is nothing to exercise. */
export function percentOf({ hit, of }: Part): number {
  return of === 0 ? 100 : (hit / of) * 100;
}

/** What was not exercised, each as `line:column what`, in the order of the text. */
export function listMisses({ rules, conditions, rows }: MapCoverage): readonly string[] {
  const missed = [
    ...rules
      .filter((rule) => rule.count === 0)
      .map(({ position, name }) => ({ position, what: `never applied${name ? `: '${name}'` : ''}` })),
    ...conditions.flatMap(({ position, text, whenTrue, whenFalse }) => [
      ...(whenTrue === 0 ? [{ position, what: `never true: ${text}` }] : []),
      ...(whenFalse === 0 ? [{ position, what: `never false: ${text}` }] : []),
    ]),
    ...rows
      .filter((row) => row.count === 0)
      .map(({ position, code }) => ({ position, what: `never translated: '${code}'` })),
  ];
  return missed
    .toSorted(
      (left, right) =>
        left.position.line - right.position.line || left.position.column - right.position.column,
    )
    .map(({ position, what }) => `${position.line}:${position.column} ${what}`);
}
