/** What can be changed in a rule's sources and targets. */
import type { SourceNode, TargetNode, TransformNode } from '../tree.ts';
import type { Position } from '../types.ts';
import { alterExpression, alterLiteral } from './alter-literals.ts';

/** A part of a map with one change. */
export interface Change<Node> {
  readonly node: Node;
  readonly position: Position;
  readonly change: string;
  /** Whether also a run that never gets past the source can notice it. */
  readonly isSeenEverywhere?: boolean;
}

function omit<Node extends object, Key extends keyof Node>(
  node: Node,
  ...keys: readonly Key[]
): Omit<Node, Key> {
  const rest = { ...node };
  for (const key of keys) delete rest[key];
  return rest;
}

function mutateWhere(source: SourceNode): readonly Change<SourceNode>[] {
  const { where } = source;
  if (!where) return [];
  const { position } = where;
  return [
    { node: omit(source, 'where'), position, change: 'the condition was dropped' },
    {
      node: { ...source, where: { ...where, text: `(${where.text}).not()` } },
      position,
      change: 'the condition was turned round',
    },
    ...alterExpression(where).map(({ text, ...told }) => ({
      ...told,
      node: { ...source, where: { ...where, text } },
    })),
  ];
}

function mutateCheck(source: SourceNode): readonly Change<SourceNode>[] {
  const { check } = source;
  if (!check) return [];
  return [
    { node: omit(source, 'check'), position: check.position, change: 'the check was dropped' },
    ...alterExpression(check).map(({ text, ...told }) => ({
      ...told,
      node: { ...source, check: { ...check, text } },
    })),
  ];
}

function mutateDefault(source: SourceNode): readonly Change<SourceNode>[] {
  const fallback = source.default;
  if (!fallback) return [];
  const { position } = fallback;
  const dropped = { node: omit(source, 'default'), position, change: 'the default was dropped' };
  if (fallback.kind === 'expression')
    return [
      dropped,
      ...alterExpression(fallback).map(({ text, ...told }) => ({
        ...told,
        node: { ...source, default: { ...fallback, text } },
      })),
    ];
  const altered = alterLiteral(fallback);
  return [dropped, { node: { ...source, default: altered.node }, position, change: altered.change }];
}

/** Everything that can be changed in a source. */
export function mutateSource(source: SourceNode): readonly Change<SourceNode>[] {
  const { position, min, max, listMode } = source;
  const cardinality =
    min === undefined && max === undefined
      ? []
      : [
          {
            node: omit(source, 'min', 'max'),
            position,
            change: `the cardinality ${min}..${max} was dropped`,
            isSeenEverywhere: true,
          },
        ];
  const mode =
    listMode === undefined
      ? []
      : [
          {
            node: omit(source, 'listMode'),
            position,
            change: `'${listMode}' was dropped`,
            isSeenEverywhere: true,
          },
        ];
  return [...cardinality, ...mode, ...mutateDefault(source), ...mutateWhere(source), ...mutateCheck(source)];
}

/** Arguments that name a type, a ConceptMap or an output: another one there is another map, not a slip of a value. */
function isName({ name }: TransformNode, index: number): boolean {
  return name === 'create' || ((name === 'translate' || name === 'cast') && index > 0);
}

/** Everything that can be changed in a target. */
export function mutateTarget(target: TargetNode): readonly Change<TargetNode>[] {
  const { transform } = target;
  if (!transform) return [];
  const put = (list: TransformNode['arguments']): TargetNode => ({
    ...target,
    transform: { ...transform, arguments: list },
  });
  return transform.arguments.flatMap((argument, index): Change<TargetNode>[] => {
    const { position } = argument;
    const given = transform.arguments;
    const dropped =
      given.length > 1 && !isName(transform, index)
        ? [
            {
              node: put(given.toSpliced(index, 1)),
              position,
              change: `argument ${index + 1} of ${transform.name} was dropped`,
            },
          ]
        : [];
    if (argument.kind === 'variable' || isName(transform, index)) return dropped;
    if (argument.kind === 'literal') {
      const altered = alterLiteral(argument);
      return [...dropped, { node: put(given.with(index, altered.node)), position, change: altered.change }];
    }
    const altered = alterExpression(argument).map(({ text, ...told }) => ({
      ...told,
      node: put(given.with(index, { ...argument, text })),
    }));
    return [...dropped, ...altered];
  });
}
