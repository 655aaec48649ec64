import type { ArgumentNode, TransformNode } from '../../tree.ts';
import { compileExpression } from '../expression.ts';
import { COMPANION, deepCopy, type Frame, failAt, isObject, Place, type Site, TYPE } from '../frame.ts';
import type { Child, Shape } from '../model.ts';
import { isPrimitive, typeName } from '../model.ts';
import type { Scope, Variable } from '../scope.ts';

/** Compiled code that gives a value to be written; `undefined` means that there is nothing to write. */
export interface ValueCode {
  /** Its types; empty when unknown. */
  readonly shapes: readonly Shape[];
  readonly value: (frame: Frame) => unknown;
  /** The id and extensions beside a primitive. */
  readonly companion?: (frame: Frame) => unknown;
  /** The type at run time, when `shapes` leaves it open. */
  readonly type?: (frame: Frame) => string | undefined;
  /** The variable it is taken from, for the trace. */
  readonly from?: Variable;
  /** A fresh object that is taken away again when nothing is put into it. */
  readonly isFresh?: boolean;
  /** Made by `create`: there must not be another one. */
  readonly isExplicit?: boolean;
  /** Known when the map is compiled. */
  readonly literal?: string | number | boolean;
}

/** One transform in a map, while it is compiled. */
export interface Call {
  readonly node: TransformNode;
  readonly scope: Scope;
  readonly site: Site;
  /** The element written, when there is one. */
  readonly target: Child | undefined;
  /** The item that the rule's first source is at. */
  readonly item: Variable | undefined;
}

export type TransformCompiler = (call: Call) => ValueCode | undefined;

export function shapesOf(scope: Scope, type: string): readonly Shape[] {
  const shape = scope.build.models.find(type);
  return shape ? [shape] : [];
}

/** The value of a variable, read at run time. */
export function readHeld(frame: Frame, variable: Variable): unknown {
  const held = frame.slots[variable.slot];
  return held instanceof Place ? held.get() : held;
}

function compileVariable(
  argument: Extract<ArgumentNode, { kind: 'variable' }>,
  call: Call,
): ValueCode | undefined {
  const { scope } = call;
  if (!scope.find(argument.name) && scope.build.constants.has(argument.name))
    return constantCode(argument.name, call);
  const variable = scope.require(argument.name, argument.position);
  if (!variable) return undefined;
  const { slot, shapes } = variable;
  const hasCompanion = shapes.length === 0 || shapes.some(isPrimitive);
  return {
    shapes,
    value:
      shapes.some(isPrimitive) || shapes.length === 0
        ? (frame) => readHeld(frame, variable)
        : (frame) => frame.slots[slot],
    ...(hasCompanion && { companion: (frame: Frame) => deepCopy(frame.slots[slot + COMPANION]) }),
    ...(shapes.length !== 1 && { type: (frame: Frame) => frame.slots[slot + TYPE] as string | undefined }),
    from: variable,
  };
}

function constantCode(name: string, call: Call): ValueCode {
  return {
    shapes: [],
    value: (frame) => {
      const values = frame.run.constants.get(name) ?? [];
      if (values.length > 1)
        failAt(call.site, `the constant '${name}' has ${values.length} values instead of one`);
      return values[0];
    },
  };
}

const LITERAL_TYPES = {
  string: 'string',
  integer: 'integer',
  decimal: 'decimal',
  boolean: 'boolean',
} as const;

/** Code for one argument: a variable, a literal or an expression. */
export function compileArgument(argument: ArgumentNode, call: Call): ValueCode | undefined {
  if (argument.kind === 'variable') return compileVariable(argument, call);
  if (argument.kind === 'expression') return compileEvaluation(argument, call, call.item);
  const { value } = argument;
  return { shapes: shapesOf(call.scope, LITERAL_TYPES[argument.type]), value: () => value, literal: value };
}

/** FHIRPath on a variable's value. */
export function compileEvaluation(
  argument: Extract<ArgumentNode, { kind: 'expression' }>,
  call: Call,
  on: Variable | undefined,
): ValueCode | undefined {
  const { scope, site } = call;
  const expression = compileExpression(argument, { scope, site, shapes: on?.shapes ?? [] });
  if (!expression) return undefined;
  const { companion } = expression;
  return {
    shapes: expression.shapes,
    value: (frame) => {
      const type = on && (frame.slots[on.slot + TYPE] as string | undefined);
      const values = expression.values(frame, on && readHeld(frame, on), type);
      if (values.length > 1)
        failAt(
          site,
          `'${argument.text}' gives ${values.length} values instead of one: go through them with a source`,
        );
      return deepCopy(values[0] ?? undefined);
    },
    ...(companion && {
      companion: (frame: Frame) => {
        const beside = companion(frame, on && readHeld(frame, on));
        return isObject(beside) ? deepCopy(beside) : undefined;
      },
    }),
  };
}

/** Checks the number of arguments and compiles them; undefined when something is wrong with them. */
export function compileArguments(call: Call, least: number, most: number): readonly ValueCode[] | undefined {
  const { node, scope } = call;
  const count = node.arguments.length;
  if (count < least || count > most) {
    const wanted =
      least === most ? `${least}` : `${least} to ${Number.isFinite(most) ? most : 'any number of'}`;
    scope.error(node.position, `${node.name}() takes ${wanted} arguments, not ${count}`);
    return undefined;
  }
  const found = node.arguments.flatMap((argument) => compileArgument(argument, call) ?? []);
  return found.length === count ? found : undefined;
}

/** The argument's text, which must be known when the map is compiled. */
export function literalText(call: Call, index: number): string | undefined {
  const argument = call.node.arguments[index];
  if (argument?.kind === 'literal' && argument.type === 'string') return String(argument.value);
  if (argument)
    call.scope.error(argument.position, `argument ${index + 1} of ${call.node.name}() must be a text`);
  return undefined;
}

/** A primitive as text at run time; undefined when there is none. */
export function textOf(code: ValueCode, frame: Frame, call: Call): string | undefined {
  const value = code.value(frame);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object') {
    const types = code.shapes.map(typeName).join(' or ') || 'object';
    return failAt(call.site, `${call.node.name}() needs a primitive value, not a ${types}`);
  }
  return String(value);
}
