/** What compiling a map tells of it: the elements that it reads, the types that it makes, the elements that it writes. */
import { type CompileOptions, findProblems } from '../../compile/compile-map.ts';
import type { Child, Shape } from '../../compile/model.ts';
import type { MapTree } from '../../tree.ts';
import type { MapDiagnostic, Position } from '../../types.ts';

/** Facts of one map; sources and targets are known by their positions, types by their keys. */
export interface MapFacts {
  readonly problems: readonly MapDiagnostic[];
  /** Names of the elements read, by type. */
  readonly read: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names of the elements written, by type. */
  readonly written: ReadonlyMap<string, ReadonlySet<string>>;
  /** The types that the map makes. */
  readonly made: ReadonlyMap<string, Shape>;
  /** The elements that a source's path goes through. */
  source(position: Position): readonly Child[];
  /** The element that a target writes. */
  target(position: Position): Child | undefined;
}

/** The key of a type in facts. */
export function keyOfShape(shape: Shape): string {
  return `${shape.structure.url}#${shape.path}`;
}

const keyOfPlace = ({ file, line, column }: Position): string => `${file}:${line}:${column}`;

function note(into: Map<string, Set<string>>, shape: Shape, child: Child): void {
  const key = keyOfShape(shape);
  const known = into.get(key);
  if (known) known.add(child.name);
  else into.set(key, new Set([child.name]));
}

/** Compiles a map for what it tells. */
export function collectFacts(map: MapTree, options: CompileOptions): MapFacts {
  const read = new Map<string, Set<string>>();
  const written = new Map<string, Set<string>>();
  const made = new Map<string, Shape>();
  const sources = new Map<string, readonly Child[]>();
  const targets = new Map<string, Child>();
  const problems = findProblems(map, {
    ...options,
    witness: {
      read: (shape, child) => note(read, shape, child),
      source: (node, path) => sources.set(keyOfPlace(node.position), path),
      made: (shape) => made.set(keyOfShape(shape), shape),
      wrote: (node, shape, child) => {
        note(written, shape, child);
        targets.set(keyOfPlace(node.position), child);
      },
    },
  });
  return {
    problems,
    read,
    written,
    made,
    source: (position) => sources.get(keyOfPlace(position)) ?? [],
    target: (position) => targets.get(keyOfPlace(position)),
  };
}
