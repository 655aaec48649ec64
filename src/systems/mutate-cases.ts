/** Which changes of a system's maps its cases would not notice. */
import {
  type CompiledMap,
  compileMap,
  listConceptMapMutants,
  listMutants,
  MapCompileError,
  type MapObserver,
  MappingError,
  type MapTree,
  type Position,
} from '../mapping/index.ts';
import { judgeCase } from './judge-case.ts';
import type { CaseFolder } from './open-cases.ts';
import type { Case } from './read-case.ts';
import { rowPlacesOf } from './row-places.ts';

/** A mutant that no case noticed. */
export interface Survivor extends Position {
  /** Name of the rule that was changed. */
  readonly rule?: string;
  /** What was changed, in words. */
  readonly change: string;
  /** Whether any case reaches the place at all. */
  readonly isReached: boolean;
}

export interface MutationReport {
  readonly system: string;
  /** How many mutants a case noticed. */
  readonly killed: number;
  readonly survivors: readonly Survivor[];
  /** Survivors in rules that are marked `silta: priority low`: told, not counted. */
  readonly accepted: readonly Survivor[];
}

interface Reached {
  readonly read: Case;
  /** What the run went through: positions of rules and conditions, rows of ConceptMaps. */
  readonly keys: ReadonlySet<string>;
}

interface Attempt {
  readonly place: Position;
  readonly rule: string | undefined;
  readonly change: string;
  readonly isLow: boolean;
  readonly cases: readonly Reached[];
  /** The map of a case with the change; undefined when the change does not compile. */
  compile(name: string): CompiledMap | undefined;
}

const keyOf = ({ file, line, column }: Position): string => `${file}:${line}:${column}`;

function observeInto(keys: Set<string>): MapObserver {
  return {
    applied: (position) => keys.add(keyOf(position)),
    decided: (position) => keys.add(keyOf(position)),
    translated: (map, _, code) => keys.add(`${map} ${code}`),
  };
}

/** Runs each case once to learn what it reaches. */
function reach(open: CaseFolder): readonly Reached[] {
  return open.cases.flatMap(({ read }) => {
    const map = read && open.compiled.maps.get(read.map);
    if (!map) return [];
    const keys = new Set<string>();
    judgeCase(read, map, observeInto(keys));
    return [{ read, keys }];
  });
}

/** Compiles the maps of cases with a change; each map once. */
function compiler(
  open: CaseFolder,
  change: {
    readonly tree?: { readonly original: MapTree; readonly changed: MapTree };
    readonly conceptMaps?: CaseFolder['compiled']['options']['conceptMaps'];
  },
): (name: string) => CompiledMap | undefined {
  const { options, trees } = open.compiled;
  const { tree, conceptMaps } = change;
  const swap = (each: MapTree | undefined): MapTree | undefined =>
    each !== undefined && each === tree?.original ? tree.changed : each;
  const known = new Map<string, CompiledMap | undefined>();
  return (name) => {
    if (known.has(name)) return known.get(name);
    const map = swap(trees.get(name));
    let compiled: CompiledMap | undefined;
    try {
      const changed = { ...options, maps: (url: string) => swap(options.maps?.(url)) };
      compiled = map && compileMap(map, { ...changed, ...(conceptMaps && { conceptMaps }) });
    } catch (error) {
      if (!(error instanceof MapCompileError)) throw error;
    }
    known.set(name, compiled);
    return compiled;
  };
}

async function listAttempts(open: CaseFolder, reached: readonly Reached[]): Promise<readonly Attempt[]> {
  const { compiled, folder, shown } = open;
  const inMaps = [...compiled.trees.values()].flatMap((original) =>
    listMutants(original).map((mutant): Attempt => {
      const keys = mutant.reachedBy?.map(keyOf);
      return {
        place: mutant.position,
        rule: mutant.rule,
        change: mutant.change,
        isLow: mutant.isLow,
        cases: keys ? reached.filter((each) => keys.some((key) => each.keys.has(key))) : reached,
        compile: compiler(open, { tree: { original, changed: mutant.map } }),
      };
    }),
  );
  const places = await rowPlacesOf(folder, shown, compiled);
  const inConceptMaps = compiled.conceptMaps.flatMap((original) => {
    const { url = '' } = original;
    return listConceptMapMutants(original).map(
      ({ code, change, conceptMap }): Attempt => ({
        place: places(url, code) ?? { file: shown, line: 1, column: 1 },
        rule: undefined,
        change,
        isLow: false,
        cases: reached.filter(({ keys }) => keys.has(`${url} ${code}`)),
        compile: compiler(open, {
          conceptMaps: (wanted) => (wanted === url ? conceptMap : compiled.options.conceptMaps?.(wanted)),
        }),
      }),
    );
  });
  return [...inMaps, ...inConceptMaps];
}

type Fate = 'killed' | 'survived' | 'impossible';

/** Whether a case notices the change. A change that does not compile is none that could slip in. */
function tryOut({ cases, compile }: Attempt): Fate {
  for (const { read } of cases) {
    const map = compile(read.map);
    if (!map) return 'impossible';
    try {
      const { problem, differences } = judgeCase(read, map);
      if (problem !== undefined || differences.length > 0) return 'killed';
    } catch (error) {
      if (error instanceof MappingError || error instanceof RangeError) return 'killed';
      throw error;
    }
  }
  return 'survived';
}

/** Maps that a change in a place no case reaches would break are not asked for: such a mutant could not slip in. */
function isImpossible(attempt: Attempt, open: CaseFolder): boolean {
  const name = [...open.compiled.trees].find(([, tree]) => tree.position.file === attempt.place.file)?.[0];
  return name !== undefined && attempt.compile(name) === undefined;
}

/**
 * Changes one thing of a system's maps at a time and runs the cases that reach it until one fails.
 *
 * @param open a folder whose cases all pass
 * @param progress told after each mutant
 */
export async function mutateCases(
  open: CaseFolder,
  progress: (done: number, of: number) => void = () => undefined,
): Promise<MutationReport> {
  const reached = reach(open);
  const attempts = await listAttempts(open, reached);
  const survivors: Survivor[] = [];
  const accepted: Survivor[] = [];
  let killed = 0;
  for (const [index, attempt] of attempts.entries()) {
    const isReached = attempt.cases.length > 0;
    const fate = isReached || !isImpossible(attempt, open) ? tryOut(attempt) : 'impossible';
    if (fate === 'killed') killed += 1;
    if (fate === 'survived') {
      const { place, rule, change, isLow } = attempt;
      const told = { ...place, ...(rule !== undefined && { rule }), change, isReached };
      (isLow ? accepted : survivors).push(told);
    }
    progress(index + 1, attempts.length);
  }
  return { system: open.system, killed, survivors, accepted };
}
