/**
 * The part of FHIRPath that maps use most, as closures over plain JSON: paths, literals, comparisons, `and`/`or`,
 * `exists`, `where`, text functions. It covers an expression whole or not at all; what it does not cover goes to the
 * library, and so does a value that only has extensions.
 *
 * @see https://hl7.org/fhirpath/N1/
 */
import type { Resolved } from './analyse-path.ts';
import { FAST_FUNCTIONS } from './fast-functions.ts';
import { FAST_OPERATORS } from './fast-operators.ts';
import {
  type FastCode,
  type FastKind,
  kindOf,
  LEAVE,
  NeedsLibrary,
  single,
  type Value,
} from './fast-value.ts';
import type { PathNode } from './fhirpath-tree.ts';
import { COMPANION, type Frame, isObject, type JsonObject, Place } from './frame.ts';
import { type Child, isPrimitive, type Shape } from './model.ts';
import type { Variable } from './scope.ts';

const WRAPPERS: ReadonlySet<string> = new Set(['EntireExpression', 'TermExpression', 'ParenthesizedTerm']);
const LAMBDAS: ReadonlySet<string> = new Set(['exists', 'where', 'all']);

interface Context {
  readonly resolved: ReadonlyMap<PathNode, Resolved>;
  /** Types of `$this`. */
  readonly shapes: readonly Shape[];
}

/** Compiles an expression; undefined when some of it is not covered. */
export function compileFast(
  tree: PathNode,
  resolved: ReadonlyMap<PathNode, Resolved>,
  shapes: readonly Shape[],
): FastCode | undefined {
  return compileNode(tree, { resolved, shapes });
}

/** For a path that ends in one primitive element: reads what stands beside its value. */
export function compileCompanion(
  tree: PathNode,
  resolved: ReadonlyMap<PathNode, Resolved>,
  shapes: readonly Shape[],
): ((frame: Frame, item: unknown) => unknown) | undefined {
  let node: PathNode | undefined = tree;
  while (node && WRAPPERS.has(node.type)) node = node.children?.[0];
  const [first, last] = node?.type === 'InvocationExpression' ? (node.children ?? []) : [];
  const found = last && resolved.get(last);
  if (!first || last?.type !== 'MemberInvocation' || found?.kind !== 'element') return undefined;
  const [[key = '', isPlain = false] = [], ...more] = keysOf(found.children);
  const input = isPlain && more.length === 0 ? compileNode(first, { resolved, shapes }) : undefined;
  return (
    input &&
    ((frame, item) => {
      try {
        const holder = single(input.read(frame, item as Value));
        return isObject(holder) ? holder[`_${key}`] : undefined;
      } catch (error) {
        if (error instanceof NeedsLibrary) return undefined;
        throw error;
      }
    })
  );
}

function compileNode(node: PathNode, context: Context): FastCode | undefined {
  const [first, second] = node.children ?? [];
  switch (node.type) {
    case 'EntireExpression':
    case 'TermExpression':
    case 'ParenthesizedTerm':
      return first && compileNode(first, context);
    case 'LiteralTerm':
      return first && compileLiteral(first);
    case 'ExternalConstantTerm':
      return compileVariable(context.resolved.get(node));
    case 'InvocationTerm':
      return first && compileInvocation(first, thisCode(context), context);
    case 'InvocationExpression': {
      const input = first && compileNode(first, context);
      return input && second && compileInvocation(second, input, context);
    }
    default:
      return compileOperator(node, context);
  }
}

function thisCode(context: Context): FastCode {
  const { shapes } = context;
  return { kind: kindOf(shapes), shapes, read: (_, item) => (item === undefined ? LEAVE() : item) };
}

function compileLiteral(node: PathNode): FastCode | undefined {
  const text = node.text ?? '';
  if (node.type === 'StringLiteral') {
    if (text.includes('\\')) return undefined;
    const value = text.slice(1, -1);
    return { kind: 'string', shapes: [], read: () => value };
  }
  if (node.type === 'NumberLiteral') {
    const value = Number(text);
    return { kind: 'number', shapes: [], read: () => value };
  }
  if (node.type !== 'BooleanLiteral') return undefined;
  const value = text === 'true';
  return { kind: 'boolean', shapes: [], read: () => value };
}

function compileVariable(found: Resolved | undefined): FastCode | undefined {
  return found?.kind === 'variable' ? readVariable(found.variable) : undefined;
}

function readVariable({ slot, shapes }: Variable): FastCode {
  return {
    kind: kindOf(shapes),
    shapes,
    read: (frame) => {
      const held = frame.slots[slot];
      const value = held instanceof Place ? held.get() : held;
      if (value === undefined && frame.slots[slot + COMPANION] !== undefined) return LEAVE();
      return value as Value;
    },
  };
}

function compileInvocation(node: PathNode, input: FastCode, context: Context): FastCode | undefined {
  if (node.type === 'ThisInvocation') return input;
  if (node.type === 'FunctionInvocation') return compileFunction(node, input, context);
  const found = context.resolved.get(node);
  if (!found || node.type !== 'MemberInvocation') return undefined;
  if (found.kind === 'variable') return readVariable(found.variable);
  if (found.kind === 'self') return input;
  return compileMember(found.children, input);
}

function compileFunction(node: PathNode, input: FastCode, context: Context): FastCode | undefined {
  const [identifier, list] = node.children?.[0]?.children ?? [];
  const name = identifier?.text ?? '';
  const make = Object.hasOwn(FAST_FUNCTIONS, name) ? FAST_FUNCTIONS[name] : undefined;
  if (!make) return undefined;
  const inner = LAMBDAS.has(name) ? { ...context, shapes: input.shapes } : context;
  const parameters = (list?.children ?? []).map((parameter) => compileNode(parameter, inner));
  const known = parameters.filter((parameter) => parameter !== undefined);
  return known.length === parameters.length ? make(input, known) : undefined;
}

function compileOperator(node: PathNode, context: Context): FastCode | undefined {
  const make = node.text === undefined ? undefined : FAST_OPERATORS[node.text];
  const [left, right] = (node.children ?? []).map((child) => compileNode(child, context));
  return make && left && right && node.children?.length === 2 ? make(left, right) : undefined;
}

/** The keys an element can have in JSON, with whether a companion may stand beside. */
function keysOf(children: readonly Child[]): ReadonlyMap<string, boolean> {
  return new Map(
    children.flatMap((child) => child.alternatives.map((each) => [each.key, isPrimitive(each.shape)])),
  );
}

function compileMember(children: readonly Child[], input: FastCode): FastCode {
  const shapes = children.flatMap((child) => child.alternatives.map((each) => each.shape));
  const kind: FastKind = kindOf(shapes);
  const keys = keysOf(children);
  const [[only = '', isPlain = false] = []] = keys;
  const get = keys.size === 1 ? readKey(only, isPlain) : readKeys(keys);
  const { read } = input;
  return { kind, shapes, read: (frame, item) => through(read(frame, item), get) };
}

type Get = (holder: JsonObject) => Value;

function readKey(key: string, isPlain: boolean): Get {
  if (!isPlain) return (holder) => holder[key] as Value;
  const beside = `_${key}`;
  return (holder) => {
    const value = holder[key];
    if (holder[beside] !== undefined && (value === undefined || Array.isArray(value))) return LEAVE();
    return value as Value;
  };
}

function readKeys(keys: ReadonlyMap<string, boolean>): Get {
  return (holder) => {
    for (const key in holder) {
      if (keys.has(key)) return holder[key] as Value;
      if (key.startsWith('_') && keys.has(key.slice(1))) return LEAVE();
    }
    return undefined;
  };
}

/** Reads from one object or from each of a list. */
function through(input: Value, get: Get): Value {
  if (input === undefined) return undefined;
  if (!Array.isArray(input)) return isObject(input) ? get(input) : LEAVE();
  if (input.length === 1) return isObject(input[0]) ? get(input[0]) : LEAVE();
  const found: unknown[] = [];
  for (const item of input) {
    const value = isObject(item) ? get(item) : LEAVE();
    if (Array.isArray(value)) found.push(...value);
    else if (value !== undefined) found.push(value);
  }
  return found;
}
