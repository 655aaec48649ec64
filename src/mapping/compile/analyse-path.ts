/**
 * Reads a FHIRPath tree against the models: finds the map's variables in it, the elements that do not exist, and the
 * edits that turn the map's dialect into plain FHIRPath (`item.x` for the variable `item` → `%item.x`).
 *
 * @see https://build.fhir.org/mapping-language.html#fhirpath
 */
import { didYouMean } from '../suggestion.ts';
import type { Position } from '../types.ts';
import type { PathNode } from './fhirpath-tree.ts';
import { type Child, isOpen, isPrimitive, type Shape, typeName } from './model.ts';
import type { Scope, Variable } from './scope.ts';

/** Functions whose arguments are evaluated on every item of their input. */
const LAMBDAS: ReadonlySet<string> = new Set([
  'where',
  'select',
  'all',
  'exists',
  'repeat',
  'aggregate',
  'sort',
]);
/** Functions that give back some of their input. */
const FILTERS: ReadonlySet<string> = new Set(
  'where first last tail skip take single distinct trace intersect exclude'.split(' '),
);
const TYPE_FUNCTIONS: ReadonlySet<string> = new Set(['is', 'as', 'ofType']);
const ENVIRONMENT: ReadonlySet<string> = new Set([
  'resource',
  'rootResource',
  'context',
  'ucum',
  'sct',
  'loinc',
  'map',
]);
const CLOCK: Readonly<Record<string, string>> = {
  now: 'mapNow',
  today: 'mapToday',
  timeOfDay: 'mapTimeOfDay',
};

/** A piece of the expression's text to be replaced; offsets from 0. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** What a name in the expression turned out to be. */
export type Resolved =
  | { readonly kind: 'variable'; readonly variable: Variable }
  | { readonly kind: 'element'; readonly children: readonly Child[] }
  /** The input itself: `Patient` on a Patient, `value` of a primitive. */
  | { readonly kind: 'self' };

export interface PathAnalysis {
  /** By the nodes of the tree; what could not be told is not in it. */
  readonly resolved: ReadonlyMap<PathNode, Resolved>;
  readonly edits: readonly Edit[];
  /** Variables that the expression reads. */
  readonly variables: ReadonlySet<Variable>;
  /** Names of `let` constants that it reads. */
  readonly constants: ReadonlySet<string>;
  /** Whether it asks for the time. */
  readonly usesClock: boolean;
  /** Types of its result; empty when unknown. */
  readonly shapes: readonly Shape[];
}

export interface PathPlace {
  readonly text: string;
  readonly position: Position;
  readonly scope: Scope;
  /** Types of the item that the expression is evaluated on; empty when unknown. */
  readonly shapes: readonly Shape[];
  /** A variable that gives way to an element of the same name: the rule's own, for the item itself. */
  readonly own?: string;
}

interface Focus {
  readonly shapes: readonly Shape[];
  readonly inLambda: boolean;
}

const UNKNOWN: readonly Shape[] = [];

/** Analyses a parsed expression; unknown elements and variables become diagnostics of the scope. */
export function analysePath(tree: PathNode, place: PathPlace): PathAnalysis {
  const reader = new PathReader(place);
  const shapes = reader.read(tree, { shapes: place.shapes, inLambda: false });
  return { ...reader.found(), shapes };
}

class PathReader {
  readonly #place: PathPlace;
  readonly #edits: Edit[] = [];
  readonly #variables = new Set<Variable>();
  readonly #constants = new Set<string>();
  readonly #resolved = new Map<PathNode, Resolved>();
  #usesClock = false;

  constructor(place: PathPlace) {
    this.#place = place;
  }

  found(): Omit<PathAnalysis, 'shapes'> {
    return {
      resolved: this.#resolved,
      edits: this.#edits,
      variables: this.#variables,
      constants: this.#constants,
      usesClock: this.#usesClock,
    };
  }

  /** Types of the node's value; `focus` is what `$this` stands for. */
  read(node: PathNode, focus: Focus): readonly Shape[] {
    const [first, second] = node.children ?? [];
    switch (node.type) {
      case 'EntireExpression':
      case 'TermExpression':
      case 'ParenthesizedTerm':
        return first ? this.read(first, focus) : UNKNOWN;
      case 'InvocationExpression':
        return first && second ? this.#invoke(second, this.read(first, focus), focus) : UNKNOWN;
      case 'InvocationTerm':
        return first ? this.#atRoot(first, focus) : UNKNOWN;
      case 'ExternalConstantTerm':
        return this.#external(node, first?.children?.[0]);
      case 'IndexerExpression':
        if (second) this.read(second, focus);
        return first ? this.read(first, focus) : UNKNOWN;
      case 'TypeExpression':
        if (first) this.read(first, focus);
        return node.text === 'as' && second ? this.#namedType(second) : UNKNOWN;
      default:
        for (const child of node.children ?? []) this.read(child, focus);
        return UNKNOWN;
    }
  }

  #atRoot(node: PathNode, focus: Focus): readonly Shape[] {
    if (node.type === 'ThisInvocation') return focus.shapes;
    if (node.type !== 'MemberInvocation') return this.#invoke(node, focus.shapes, focus);
    const name = memberName(node);
    const { scope, own } = this.#place;
    const isElement = focus.shapes.some((shape) => scope.build.models.child(shape, name) !== undefined);
    const variable = scope.find(name);
    const elementFirst = focus.inLambda || name === own;
    if (variable && !(isElement && elementFirst)) return this.#variable(node, variable);
    if (scope.build.constants.has(name) && !isElement) return this.#constant(node, name);
    const isType = focus.shapes.some(
      (shape) => typeName(shape) === name || scope.findType(name) !== undefined,
    );
    if (!isElement && isType && /^[A-Z]/.test(name)) {
      this.#resolved.set(node, { kind: 'self' });
      return focus.shapes;
    }
    return this.#member(node, focus.shapes, scope.names());
  }

  #variable(node: PathNode, variable: Variable): readonly Shape[] {
    this.#replace(node, `%${variable.name}`);
    this.#variables.add(variable);
    this.#resolved.set(node, { kind: 'variable', variable });
    return variable.shapes;
  }

  #constant(node: PathNode, name: string): readonly Shape[] {
    this.#replace(node, `%${name}`);
    this.#constants.add(name);
    return UNKNOWN;
  }

  #external(term: PathNode, node: PathNode | undefined): readonly Shape[] {
    const name = node?.text?.replace(/^[`']|[`']$/g, '') ?? '';
    const { scope, position } = this.#place;
    const variable = scope.find(name);
    if (variable) {
      this.#variables.add(variable);
      this.#resolved.set(term, { kind: 'variable', variable });
      return variable.shapes;
    }
    if (scope.build.constants.has(name)) this.#constants.add(name);
    else if (!ENVIRONMENT.has(name) && !/^(vs|ext)-/.test(name))
      scope.error(position, `unknown variable '%${name}'`, didYouMean(name, scope.names()));
    return UNKNOWN;
  }

  #invoke(node: PathNode, input: readonly Shape[], focus: Focus): readonly Shape[] {
    if (node.type === 'MemberInvocation') return this.#member(node, input, []);
    const call = node.type === 'FunctionInvocation' ? node.children?.[0] : undefined;
    const name = call?.children?.[0]?.text;
    if (!call || name === undefined) return UNKNOWN;
    const parameters = call.children?.[1]?.children ?? [];
    if (TYPE_FUNCTIONS.has(name)) {
      const type = parameters[0];
      return type && name !== 'is' ? this.#namedType(type) : UNKNOWN;
    }
    const clock = Object.hasOwn(CLOCK, name) ? CLOCK[name] : undefined;
    if (clock !== undefined && parameters.length === 0) {
      this.#usesClock = true;
      this.#replace(node, `%${clock}`, this.#callEnd(node));
      return UNKNOWN;
    }
    const isLambda = LAMBDAS.has(name);
    const results = parameters.map((parameter) =>
      this.read(parameter, isLambda ? { shapes: input, inLambda: true } : focus),
    );
    if (FILTERS.has(name)) return input;
    return name === 'select' ? (results[0] ?? UNKNOWN) : UNKNOWN;
  }

  #member(node: PathNode, input: readonly Shape[], alsoKnown: readonly string[]): readonly Shape[] {
    const name = memberName(node);
    const { models, witness } = this.#place.scope.build;
    if (input.length === 0) return UNKNOWN;
    if (name === 'value' && input.every(isPrimitive)) {
      this.#resolved.set(node, { kind: 'self' });
      const from = this.#offset(node);
      const dot = this.#place.text.lastIndexOf('.', from);
      if (dot >= 0 && this.#place.text.slice(dot + 1, from).trim() === '')
        this.#edits.push({ from: dot, to: from + (node.length ?? 0), text: '' });
      else this.#replace(node, '$this');
      return input;
    }
    const children = input.flatMap((shape): Child[] => {
      const child = models.child(shape, name);
      if (child) witness?.read?.(shape, child);
      return child ? [child] : [];
    });
    if (children.length > 0) {
      this.#resolved.set(node, { kind: 'element', children });
      return children.flatMap((child) => child.alternatives.map((each) => each.shape));
    }
    if (input.some(isOpen) || name === 'resourceType') return UNKNOWN;
    const known = [...input.flatMap((shape) => models.childNames(shape)), ...alsoKnown];
    const where = input.map(typeName).slice(0, 3).join(', ');
    this.#place.scope.error(this.#at(node), `${where} has no element '${name}'`, didYouMean(name, known));
    return UNKNOWN;
  }

  #namedType(node: PathNode): readonly Shape[] {
    const name = node.text?.replace(/^(FHIR|System)\./, '') ?? '';
    const shape = this.#place.scope.build.models.find(name);
    return shape ? [shape] : UNKNOWN;
  }

  #offset(node: PathNode): number {
    return (node.start?.column ?? 1) - 1;
  }

  #at(node: PathNode): Position {
    const { position } = this.#place;
    return { file: position.file, line: position.line, column: position.column + this.#offset(node) };
  }

  #callEnd(node: PathNode): number {
    const close = this.#place.text.indexOf(')', this.#offset(node));
    return close < 0 ? this.#place.text.length : close + 1;
  }

  #replace(node: PathNode, text: string, end?: number): void {
    const from = this.#offset(node);
    this.#edits.push({ from, to: end ?? from + (node.length ?? 0), text });
  }
}

function memberName(node: PathNode): string {
  return node.text?.replace(/^`|`$/g, '') ?? '';
}

/** The text with the edits made. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((left, right) => right.from - left.from)
    .reduce((result, edit) => result.slice(0, edit.from) + edit.text + result.slice(edit.to), text);
}
