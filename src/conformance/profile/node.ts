/** A compiled profile: a tree of the elements it says something about. */
import type { JsonObject } from '../json.ts';
import type { Place } from '../place.ts';
import type { Run, ValueCheck } from '../structure/run.ts';
import type { SliceMatch } from './slices.ts';

/** What a profile adds to one element, or to one of its slices. */
export interface Node {
  readonly name: string;
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** JSON names that the element may have. */
  readonly names: readonly string[];
  /** Judge each value, by the JSON name it has. */
  readonly rules: ReadonlyMap<string, readonly ValueCheck[]>;
  readonly children: readonly Node[];
  readonly slices: readonly Slice[];
  /** What is wrong about values that are in no slice, or in slices that are out of order. */
  readonly slicing: { readonly closed: boolean; readonly openAtEnd: boolean; readonly ordered: boolean };
  /** JSON names of types that the profile excludes from a choice. */
  readonly excluded: readonly string[];
}

export interface Slice {
  readonly node: Node;
  readonly match: SliceMatch;
}

/** A value of an element, as it is given. */
export interface Given {
  readonly value: unknown;
  /** Id and extensions of a primitive. */
  readonly companion: JsonObject | undefined;
  readonly name: string;
  readonly index: number;
}

/** Whether a node says more than its base. */
export function saysAnything(node: Node): boolean {
  return (
    node.min > 0 ||
    node.max < Number.POSITIVE_INFINITY ||
    node.rules.size + node.children.length + node.slices.length + node.excluded.length > 0
  );
}

/** What holds inside a value: a resource is the nearest resource of all below it. */
export function within(value: JsonObject, name: string, place: Place, run: Run): Run {
  if (typeof value['resourceType'] !== 'string') return run;
  const contained = name === 'contained';
  return {
    ...run,
    resource: value,
    rootResource: contained ? run.rootResource : value,
    base: place,
    bundle: run.resource['resourceType'] === 'Bundle' ? run.resource : run.bundle,
  };
}
