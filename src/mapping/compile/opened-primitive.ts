import type { TargetNode } from '../tree.ts';
import { type Alternative, type Child, isPrimitive, sameShape } from './model.ts';
import type { Scope } from './scope.ts';

/**
 * The primitive that a target opens for rules to come: `src.status as s -> tgt.status as t then …`, and
 * `tgt.value = create('boolean') as t then …` for one of several types.
 */
export function openedPrimitive(node: TargetNode, scope: Scope, child: Child): Alternative | undefined {
  if (node.variable === undefined) return undefined;
  const [only] = child.alternatives;
  if (!node.transform) return only && !child.isChoice && isPrimitive(only.shape) ? only : undefined;
  const [type] = node.transform.arguments;
  if (node.transform.name !== 'create' || type?.kind !== 'literal') return undefined;
  const shape = scope.findType(String(type.value));
  if (!shape || !isPrimitive(shape)) return undefined;
  return child.alternatives.find((each) => sameShape(each.shape, shape));
}
