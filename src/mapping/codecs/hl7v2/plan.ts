/** A logical model as what the codec walks over: segments and groups, fields by position, components by position. */
import { isPrimitive, type Models, type Shape, typeName } from '../../compile/model.ts';

/** A text, or parts by their positions. */
export type ValuePlan =
  | { readonly kind: 'leaf'; readonly type: string }
  | { readonly kind: 'parts'; readonly type: string; readonly parts: readonly (PartPlan | undefined)[] };

/** A field, component or subcomponent. */
export interface PartPlan {
  readonly key: string;
  readonly position: number;
  readonly isList: boolean;
  /** One, unless the element is a choice: then by the names of the types. */
  readonly values: ReadonlyMap<string, { readonly key: string; readonly value: ValuePlan }>;
  readonly isChoice: boolean;
}

export interface SegmentPlan {
  readonly kind: 'segment';
  readonly key: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly value: Extract<ValuePlan, { kind: 'parts' }>;
}

export interface GroupPlan {
  readonly kind: 'group';
  readonly key: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  /** Holds one segment of any kind instead of all of them in order. */
  readonly isAny: boolean;
  readonly nodes: readonly (SegmentPlan | GroupPlan)[];
  /** Names of the segments that it can start with. */
  readonly starts: ReadonlySet<string>;
}

export const SEGMENT_NAME = /^[A-Z][A-Z0-9]{2}$/;
/** The element of a group that takes segments the group does not name. */
export const OTHER = 'other';
const POSITION = /_(\d+)$/;

/** @throws Error when an element of the model has no place in a message */
export function planMessage(models: Models, shape: Shape): GroupPlan {
  const known = new Map<string, Extract<ValuePlan, { kind: 'parts' }>>();
  return planGroup({ models, known }, 'message', shape, { isList: false, isRequired: true });
}

interface Context {
  readonly models: Models;
  readonly known: Map<string, Extract<ValuePlan, { kind: 'parts' }>>;
}

type Occurrence = Pick<GroupPlan, 'isList' | 'isRequired'>;

function planGroup(context: Context, key: string, shape: Shape, occurrence: Occurrence): GroupPlan {
  const { models } = context;
  const nodes = models.childNames(shape).flatMap((name): readonly (SegmentPlan | GroupPlan)[] => {
    const child = models.child(shape, name);
    const inner = child?.alternatives[0]?.shape;
    if (!child || !inner || isPrimitive(inner)) return [];
    const isSegment = SEGMENT_NAME.test(name) || name === OTHER;
    // Groups are defined in place: extensions, which a model may inherit, are none.
    if (!isSegment && !inner.path.startsWith(`${shape.path}.`)) return [];
    const occurs = { isList: child.isList, isRequired: (child.element?.min ?? 0) > 0 };
    if (!isSegment) return [planGroup(context, name, inner, occurs)];
    const value = planParts(context, inner);
    return [{ kind: 'segment', key: name, ...occurs, value }];
  });
  const isAny = key === 'segment';
  return { kind: 'group', key, ...occurrence, isAny, nodes, starts: startsOf(nodes, isAny) };
}

/** The segments up to the first that must be there. */
function startsOf(nodes: GroupPlan['nodes'], isAny: boolean): ReadonlySet<string> {
  const starts = new Set<string>();
  for (const node of nodes) {
    for (const name of node.kind === 'group' ? node.starts : [node.key]) starts.add(name);
    if (node.isRequired && !isAny) break;
  }
  return starts;
}

function planParts(context: Context, shape: Shape): Extract<ValuePlan, { kind: 'parts' }> {
  const { models, known } = context;
  const id = `${shape.structure.url}#${shape.path}`;
  const before = known.get(id);
  if (before) return before;
  const parts: (PartPlan | undefined)[] = [];
  const plan = { kind: 'parts' as const, type: typeName(shape), parts };
  known.set(id, plan);
  for (const name of models.childNames(shape)) {
    const child = models.child(shape, name);
    const position = Number(POSITION.exec(name)?.[1] ?? 0);
    // A choice is there under the name of each type, too.
    if (!child || child.name !== name || position === 0) continue;
    const values = child.alternatives.map(
      (each) => [typeName(each.shape), { key: each.key, value: planValue(context, each.shape) }] as const,
    );
    const { isList, isChoice } = child;
    parts[position] = { key: name, position, isList, isChoice, values: new Map(values) };
  }
  return plan;
}

function planValue(context: Context, shape: Shape): ValuePlan {
  return isPrimitive(shape) ? { kind: 'leaf', type: typeName(shape) } : planParts(context, shape);
}
