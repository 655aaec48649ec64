/** From a target's variable to the element that it writes. */
import { didYouMean } from '../suggestion.ts';
import type { TargetNode } from '../tree.ts';
import type { JsonObject, Site } from './frame.ts';
import { type Child, isPrimitive, type Shape, typeName } from './model.ts';
import type { Scope, Variable } from './scope.ts';
import { parentIn } from './write-element.ts';
import type { Parent, TargetElement } from './write-step.ts';

/** What a target is compiled with. */
export interface TargetPlace {
  readonly node: TargetNode;
  readonly scope: Scope;
  readonly site: Site;
  /** The item of the rule's first source. */
  readonly item: Variable | undefined;
}

/** An element of a target type; a diagnostic when there is none. */
export function findChild(place: TargetPlace, shape: Shape, name: string): Child | undefined {
  const { models } = place.scope.build;
  const child = models.child(shape, name);
  if (!child) {
    const known = didYouMean(name, models.childNames(shape));
    place.scope.error(place.node.position, `${typeName(shape)} has no element '${name}'`, known);
  } else if (child.alternatives.length === 0)
    place.scope.error(place.node.position, `the type of '${name}' is not known`);
  if (!child?.alternatives.length) return undefined;
  place.scope.build.witness?.wrote?.(place.node, shape, child);
  return child;
}

/** Goes through `a.b` of `tgt.a.b.c`: single elements, made when they are not there yet. */
function enter(
  place: TargetPlace,
  at: { shape: Shape; parent: Parent },
  name: string,
): typeof at | undefined {
  const child = findChild(place, at.shape, name);
  const only = child?.alternatives[0];
  if (!child || !only) return undefined;
  if (child.isList || child.alternatives.length > 1 || isPrimitive(only.shape)) {
    place.scope.error(
      place.node.position,
      `'${name}' cannot be written through: give it a variable with 'as'`,
    );
    return undefined;
  }
  const { parent } = at;
  return {
    shape: only.shape,
    parent: (frame) => {
      const holder = parent(frame);
      holder[only.key] ??= {};
      return holder[only.key] as JsonObject;
    },
  };
}

/** The element at the end of a target's path; what does not exist or cannot be written through is a diagnostic. */
export function findElement(place: TargetPlace, context: Variable): TargetElement | undefined {
  const { node, scope, site } = place;
  const [start] = context.shapes;
  if (!start || context.shapes.length > 1) {
    scope.error(
      node.position,
      `the type of '${context.name}' is not known, so nothing can be written into it`,
    );
    return undefined;
  }
  let at = { shape: start, parent: parentIn(context.slot, site, !isPrimitive(start)) };
  for (const name of node.path.slice(0, -1)) {
    const next = enter(place, at, name);
    if (!next) return undefined;
    at = next;
  }
  const child = findChild(place, at.shape, node.path.at(-1) ?? '');
  return child && { child, ...at, parentSlot: context.slot };
}
