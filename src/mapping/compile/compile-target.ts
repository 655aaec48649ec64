/**
 * The right side of a rule: what to make and where to put it.
 *
 * @see https://build.fhir.org/mapping-language.html#targets
 */

import { findElement, type TargetPlace } from './find-element.ts';
import { type Frame, failAt, isObject, type JsonObject, PATH, Place, type Site, type Step } from './frame.ts';
import {
  type Alternative,
  type Child,
  isOpen,
  isPrimitive,
  isResource,
  type Shape,
  typeName,
} from './model.ts';
import { openedPrimitive } from './opened-primitive.ts';
import type { Variable } from './scope.ts';
import type { ValueCode } from './transforms/call.ts';
import { TRANSFORM_COMPILERS } from './transforms/table.ts';
import { makeFresh } from './transforms/values.ts';
import { chooseSlot } from './write-element.ts';
import { joins, pruneEmpty, type TargetElement, writeStep } from './write-step.ts';

/** A compiled target: its step, and the step that takes away what it made and nothing was put into. */
export interface TargetCode {
  readonly write: Step;
  readonly prune?: Step;
}

function compileTransform(place: TargetPlace, target: Child | undefined): ValueCode | undefined {
  const { node, scope, site, item } = place;
  if (!node.transform) return undefined;
  return TRANSFORM_COMPILERS[node.transform.name]({ node: node.transform, scope, site, target, item });
}

/** A fresh element without a transform: its type must be the only one. */
function implicitCreate(place: TargetPlace, child: Child): ValueCode | undefined {
  const { scope, node } = place;
  const [only] = child.alternatives;
  if (child.alternatives.length > 1 || !only || isOpen(only.shape)) {
    const types = child.alternatives.slice(0, 6).map((each) => typeName(each.shape));
    scope.error(node.position, `'${child.name}' can be ${types.join(', ')}: say which`, {
      suggestion: `${node.path.join('.')} = create('Type')`,
    });
    return undefined;
  }
  scope.build.witness?.made?.(only.shape);
  return { shapes: [only.shape], value: makeFresh(only.shape), isFresh: true };
}

/** Tells the observer of a write. */
function tracer(place: TargetPlace, code: ValueCode, element: TargetElement, variable: Variable | undefined) {
  const { site, scope, item } = place;
  if (!scope.build.instrumented) return undefined;
  const origin = code.from?.mode === 'source' ? code.from : item;
  return (frame: Frame, key: string, index: number | undefined): void => {
    const base = String(frame.slots[element.parentSlot + PATH] ?? '');
    const inner = place.node.path.slice(0, -1).map((name) => `.${name}`);
    const target = `${base}${inner.join('')}.${key}${index === undefined ? '' : `[${index}]`}`;
    if (variable) frame.slots[variable.slot + PATH] = target;
    const source = origin && (frame.slots[origin.slot + PATH] as string | undefined);
    frame.run.observer?.wrote?.({ target, rule: site.rule, position: site.position, source });
  };
}

function writeObject(
  place: TargetPlace,
  element: TargetElement,
  code: ValueCode,
  variable: Variable | undefined,
): Step | undefined {
  const choice = chooseSlot(place.scope, place.site, element.child, code);
  const trace = tracer(place, code, element, variable);
  return choice && writeStep({ node: place.node, site: place.site, element, code, variable, choice, trace });
}

/** Makes the place of such a primitive. */
function openPlace(
  place: TargetPlace,
  element: TargetElement,
  { key }: Alternative,
  variable: Variable,
): Step | undefined {
  const { node, scope } = place;
  if (node.listModes.length > 0) {
    scope.error(node.position, 'a list mode needs a value here, because the element is a primitive');
    return undefined;
  }
  const trace = tracer(place, { shapes: [], value: () => undefined }, element, variable);
  return (frame) => {
    frame.slots[variable.slot] = new Place(element.parent(frame), key, element.child.isList);
    trace?.(frame, key, undefined);
  };
}

function compileElement(place: TargetPlace, context: Variable): TargetCode | undefined {
  const { node, scope } = place;
  const element = findElement(place, context);
  if (!element) {
    if (node.variable !== undefined) scope.declare(node.variable, 'target', []);
    return undefined;
  }
  const opened = openedPrimitive(node, scope, element.child);
  if (opened && node.variable !== undefined) {
    const variable = scope.declare(node.variable, 'target', [opened.shape]);
    const write = openPlace(place, element, opened, variable);
    return write && { write };
  }
  const code = node.transform ? compileTransform(place, element.child) : implicitCreate(place, element.child);
  const shapes = code?.shapes.length ? code.shapes : element.child.alternatives.map((each) => each.shape);
  const named = node.variable ?? (code?.isFresh ? `$${scope.slots}` : undefined);
  const variable = named === undefined ? undefined : scope.declare(named, 'target', shapes);
  const write = code && writeObject(place, element, code, variable);
  if (!write) return undefined;
  const isPruned =
    code.isFresh && variable && !isResource(code.shapes[0] as Shape) && joins(node) !== 'share';
  return isPruned ? { write, prune: pruneEmpty(element, variable) } : { write };
}

/** `t.value = v`, `t.extension as e`, `t.id = i` on a primitive target. */
function compilePrimitivePart(place: TargetPlace, context: Variable, shape: Shape): TargetCode | undefined {
  const { node, scope, site } = place;
  const [name = 'value', ...deeper] = node.path;
  if (name !== 'value' || deeper.length > 0) {
    const inner = scope.nest().declare('$companion', 'target', [shape]);
    const element = findElement({ ...place, node: { ...node, path: [name] } }, { ...context });
    if (!element || deeper.length > 0) return undefined;
    const parent = (frame: Frame): JsonObject => placeOf(frame, context, site).companion();
    return compileInto(place, { ...element, parent, parentSlot: inner.slot });
  }
  const alternative = {
    name: 'value',
    isList: false,
    isChoice: false,
    alternatives: [{ key: 'value', shape }],
  };
  const code = compileTransform(place, alternative);
  const choice = code && chooseSlot(scope, site, alternative, code);
  if (!code || !choice) return undefined;
  return {
    write: (frame) => {
      const value = code.value(frame);
      const target = placeOf(frame, context, site);
      const companion = node.path.length === 0 ? code.companion?.(frame) : undefined;
      if (isObject(companion)) Object.assign(target.companion(), companion);
      if (value === undefined || value === null) return;
      const fitted = choice.choose(value, code.type?.(frame)).convert(value);
      if (target.get() !== undefined && target.get() !== fitted)
        failAt(site, `'${context.name}' is written a second time with another value`);
      target.set(fitted);
    },
  };
}

function compileInto(place: TargetPlace, element: TargetElement): TargetCode | undefined {
  const { node, scope } = place;
  const code = node.transform ? compileTransform(place, element.child) : implicitCreate(place, element.child);
  const shapes = code?.shapes.length ? code.shapes : element.child.alternatives.map((each) => each.shape);
  const variable = node.variable === undefined ? undefined : scope.declare(node.variable, 'target', shapes);
  const write = code && writeObject(place, element, code, variable);
  return write && { write };
}

function placeOf(frame: Frame, variable: Variable, site: Site): Place {
  const place = frame.slots[variable.slot];
  return place instanceof Place
    ? place
    : failAt(site, `'${variable.name}' is not an element that can be set`);
}

/** `create('Patient') as p` and `(expression) as x`: a variable and nothing written. */
function compileLocal(place: TargetPlace): TargetCode | undefined {
  const { node, scope, item } = place;
  const code = compileTransform(place, undefined);
  const { variable: name } = node;
  if (name === undefined) {
    scope.error(node.position, "this value goes nowhere: give it a variable with 'as'");
    return undefined;
  }
  const variable = scope.declare(name, code?.isFresh ? 'target' : 'local', code?.shapes ?? []);
  if (!code) return undefined;
  const origin = scope.build.instrumented ? item : undefined;
  return {
    write: (frame) => {
      frame.slots[variable.slot] = code.value(frame);
      if (origin) frame.slots[variable.slot + PATH] = code.isFresh ? name : frame.slots[origin.slot + PATH];
    },
  };
}

/** `tgt as t`: another name for the same thing. */
function compileAlias(place: TargetPlace, context: Variable): TargetCode | undefined {
  const { node, scope } = place;
  if (node.variable === undefined) {
    scope.error(node.position, `nothing is put into '${context.name}'`, {
      suggestion: `write ${context.name}.element = …`,
    });
    return undefined;
  }
  const { slot } = scope.declare(node.variable, context.mode, context.shapes);
  return {
    write: (frame) => {
      for (let offset = 0; offset <= PATH; offset += 1)
        frame.slots[slot + offset] = frame.slots[context.slot + offset];
    },
  };
}

/** Compiles a target and declares its variable in the scope; undefined when something is wrong with it. */
export function compileTarget(place: TargetPlace): TargetCode | undefined {
  const { node, scope } = place;
  if (node.context === undefined) return compileLocal(place);
  const context = scope.require(node.context, node.position);
  if (!context) {
    if (node.variable !== undefined) scope.declare(node.variable, 'target', []);
    return undefined;
  }
  if (context.mode === 'source') {
    scope.error(node.position, `'${context.name}' is a source and cannot be written`);
    return undefined;
  }
  const [shape] = context.shapes;
  if (shape && isPrimitive(shape) && (node.path.length > 0 || node.transform))
    return compilePrimitivePart(place, context, shape);
  if (node.path.length > 0) return compileElement(place, context);
  if (!node.transform) return compileAlias(place, context);
  scope.error(node.position, `'${context.name}' is not a primitive: write one of its elements`);
  return undefined;
}
