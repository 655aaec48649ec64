/**
 * The left side of a rule: what to read, which items to take.
 *
 * @see https://build.fhir.org/mapping-language.html#sources
 */
import { didYouMean } from '../suggestion.ts';
import type { SourceNode } from '../tree.ts';
import { compileExpression, type Expression } from './expression.ts';
import { COMPANION, type Frame, failAt, PATH, type Site, type Step, TYPE } from './frame.ts';
import { loopPlain, loopSelf } from './loop-source.ts';
import { type Child, isOpen, isPrimitive, type Shape, sameShape, typeName } from './model.ts';
import {
  type Items,
  keepType,
  NOTHING,
  type Reader,
  readerOf,
  readOpen,
  readPlain,
  readVariable,
} from './read-source.ts';
import type { Scope, Variable } from './scope.ts';
import { checkCount, cutList } from './select-items.ts';

/** A compiled source: runs `next` for every item it takes, with the item in its variable. */
export interface SourceCode {
  readonly variable: Variable;
  loop(next: Step): Step;
}

interface Path {
  readonly readers: readonly Reader[];
  readonly shapes: readonly Shape[];
  /** The elements it goes through, as far as the models know them. */
  readonly children?: readonly Child[];
  /** The choice that the path ends in. */
  readonly choice?: Child;
  /** The only key that the last step reads, when it is a plain property. */
  readonly key?: string;
}

function uniqueShapes(shapes: readonly Shape[]): readonly Shape[] {
  return shapes.filter((shape, index) => shapes.findIndex((other) => sameShape(shape, other)) === index);
}

function stepInto(scope: Scope, node: SourceNode, shapes: readonly Shape[], name: string): Path {
  const { models } = scope.build;
  if (shapes.length === 0) return { readers: [readOpen(name)], shapes: [] };
  const found = shapes.flatMap((shape) => {
    const child = models.child(shape, name);
    return child ? [{ shape, child }] : [];
  });
  const open = shapes.find(isOpen);
  const first = found[0];
  if (!first) {
    if (open) return { readers: [readOpen(name)], shapes: [] };
    const where = shapes.map(typeName).slice(0, 3).join(', ');
    const known = shapes.flatMap((shape) => models.childNames(shape));
    scope.error(node.position, `${where} has no element '${name}'`, didYouMean(name, known));
    return { readers: [], shapes: [] };
  }
  const merged: Child = {
    ...first.child,
    alternatives: found.flatMap((each) => each.child.alternatives),
  };
  for (const each of found) scope.build.witness?.read?.(each.shape, each.child);
  const results = uniqueShapes(merged.alternatives.map((each) => each.shape));
  const isPlain = !open && !merged.isChoice && !isPrimitive(first.shape);
  return {
    readers: [readerOf(first.shape, open ? undefined : merged, name)],
    shapes: results,
    children: [merged],
    ...(merged.isChoice && !open && { choice: merged }),
    ...(isPlain && { key: merged.name }),
  };
}

function resolvePath(scope: Scope, node: SourceNode, start: readonly Shape[]): Path {
  let path: Path = { readers: [], shapes: start };
  for (const name of node.path) {
    const step = stepInto(scope, node, path.shapes, name);
    path = {
      ...step,
      readers: [...path.readers, ...step.readers],
      children: [...(path.children ?? []), ...(step.children ?? [])],
    };
  }
  scope.build.witness?.source?.(node, path.children ?? []);
  return filterType(scope, node, path);
}

function filterType(scope: Scope, node: SourceNode, path: Path): Path {
  if (node.type === undefined) return path;
  const wanted = scope.type(node.type, node.position);
  const { choice } = path;
  const chosen = wanted && choice?.alternatives.find((each) => sameShape(each.shape, wanted));
  if (chosen)
    return {
      readers: [...path.readers.slice(0, -1), readPlain(chosen.key, isPrimitive(chosen.shape))],
      shapes: [chosen.shape],
      key: chosen.key,
    };
  if (!wanted) return { readers: path.readers, shapes: [] };
  if (path.shapes.length === 0) return { readers: [...path.readers, keepType(wanted, [])], shapes: [wanted] };
  const { models } = scope.build;
  const fits = path.shapes.some((shape) => models.isKindOf(wanted, shape) || models.isKindOf(shape, wanted));
  if (!fits) {
    const types = path.shapes.map(typeName);
    scope.error(
      node.position,
      `this is never a ${node.type}: it is ${types.join(' or ')}`,
      didYouMean(node.type, types),
    );
  }
  return { readers: [...path.readers, keepType(wanted, path.shapes)], shapes: [wanted] };
}

interface Conditions {
  readonly where: Expression | undefined;
  readonly check: Expression | undefined;
  readonly log: Expression | undefined;
}

function compileConditions(scope: Scope, node: SourceNode, site: Site, variable: Variable): Conditions {
  const place = { scope, site, shapes: variable.shapes, own: variable.name };
  return {
    where: node.where && compileExpression(node.where, place),
    check: node.check && compileExpression(node.check, place),
    log: node.log && compileExpression(node.log, place),
  };
}

/** Applies where, check and log to the item in the variable: whether the rule goes on with it. */
function compileTest(
  scope: Scope,
  node: SourceNode,
  site: Site,
  variable: Variable,
): ((frame: Frame) => boolean) | undefined {
  const { where, check, log } = compileConditions(scope, node, site, variable);
  if (!where && !check && !log) return undefined;
  const { slot } = variable;
  const { instrumented } = scope.build;
  return (frame) => {
    const item = frame.slots[slot];
    const type = frame.slots[slot + TYPE] as string | undefined;
    if (where) {
      const outcome = where.test(frame, item, type);
      if (instrumented && node.where) frame.run.observer?.decided?.(node.where.position, outcome);
      if (!outcome) return false;
    }
    if (check) {
      const outcome = check.test(frame, item, type);
      if (instrumented && node.check) frame.run.observer?.decided?.(node.check.position, outcome);
      if (!outcome)
        failAt(
          { ...site, position: node.check?.position ?? site.position },
          `check failed: ${node.check?.text}`,
        );
    }
    if (log)
      scope.build.log(
        log.values(frame, item, type).map(String).join(', '),
        node.log?.position ?? site.position,
      );
    return true;
  };
}

function compileDefault(
  scope: Scope,
  node: SourceNode,
  site: Site,
): ((frame: Frame) => readonly unknown[]) | undefined {
  const fallback = node.default;
  if (!fallback) return undefined;
  if (fallback.kind === 'literal') return () => [fallback.value];
  const context = scope.find(node.context);
  const expression = compileExpression(fallback, { scope, site, shapes: context?.shapes ?? [] });
  return expression && ((frame) => expression.values(frame, context && frame.slots[context.slot]));
}

/** Compiles a source and declares its variable in the scope. */
export function compileSource(node: SourceNode, scope: Scope, site: Site): SourceCode | undefined {
  const context = scope.require(node.context, node.position);
  if (!context) return undefined;
  const fallback = compileDefault(scope, node, site);
  const path = resolvePath(scope, node, context.shapes);
  const { readers, shapes } = path;
  const variable = scope.declare(node.variable ?? `$${scope.slots}`, 'source', shapes);
  const test = compileTest(scope, node, site, variable);
  const cut = cutList(node, site);
  const check = checkCount(node, site);
  const traced = scope.build.instrumented;
  const isSelf = readers.length === 0;
  const isBare = !fallback && !cut && !check && !traced;
  const collect = (frame: Frame): Items => {
    let items = readVariable(frame, context.slot, traced);
    for (const reader of readers) items = reader(items, site);
    if (fallback && items.values.length === 0) items = { ...NOTHING, values: fallback(frame) };
    check?.(items);
    return cut ? cut(items, site) : items;
  };
  const carriesTypes = shapes.length !== 1;
  const carriesCompanions = shapes.some(isPrimitive) || shapes.length === 0 || isSelf;
  const { slot } = variable;
  const loop =
    (next: Step): Step =>
    (frame) => {
      const { values, companions, types, paths } = collect(frame);
      const { slots } = frame;
      for (let index = 0; index < values.length; index += 1) {
        slots[slot] = values[index];
        if (carriesCompanions) slots[slot + COMPANION] = companions?.[index];
        if (carriesTypes) slots[slot + TYPE] = types?.[index];
        if (traced) slots[slot + PATH] = paths?.[index];
        if (!test || test(frame)) next(frame);
      }
    };
  const plain = isBare && shapes.length === 1 ? { context, variable, test } : undefined;
  if (plain && isSelf && node.type === undefined)
    return { variable, loop: (next) => loopSelf(plain, next, loop(next)) };
  if (plain && readers.length === 1 && path.key !== undefined) {
    const key = path.key;
    return { variable, loop: (next) => loopPlain(plain, key, carriesCompanions, next, loop(next)) };
  }
  return { variable, loop };
}
