/** FHIRPath inside maps: compiled once, evaluated per item with the map's variables. */
import type { ExpressionNode } from '../tree.ts';
import { analysePath, applyEdits, type PathAnalysis } from './analyse-path.ts';
import { compileCompanion, compileFast } from './fast-path.ts';
import { type FastCode, NeedsLibrary, single, type Value } from './fast-value.ts';
import { type CompiledPath, compilePath, type PathNode, parsePath, typeWriter } from './fhirpath-tree.ts';
import { type Frame, failAt, isObject, Place, type Site, TYPE } from './frame.ts';
import { isOpen, type Shape, typeName } from './model.ts';
import type { Scope, Variable } from './scope.ts';

/** A compiled expression. */
export interface Expression {
  /** Types of its result; empty when unknown. */
  readonly shapes: readonly Shape[];
  values(frame: Frame, item: unknown, type?: string): readonly unknown[];
  /** The expression as a condition: an empty result is false, more than one value an error. */
  test(frame: Frame, item: unknown, type?: string): boolean;
  /** Id and extensions of its value, when it is a path to a primitive element. */
  readonly companion?: ((frame: Frame, item: unknown) => unknown) | undefined;
}

export interface ExpressionPlace {
  readonly scope: Scope;
  readonly site: Site;
  /** Types of the item it is evaluated on. */
  readonly shapes: readonly Shape[];
  readonly own?: string;
}

/** Compiles an expression; what is wrong with it becomes diagnostics, and the result is then undefined. */
export function compileExpression(node: ExpressionNode, place: ExpressionPlace): Expression | undefined {
  try {
    return compileTree(parsePath(node.text), node, place);
  } catch (error) {
    const { position } = node;
    if (error instanceof RangeError) {
      place.scope.error(position, 'FHIRPath: this is too long or nested too deep');
      return undefined;
    }
    const [column, message] = readLibraryError(error);
    place.scope.error({ ...position, column: position.column + column - 1 }, `FHIRPath: ${message}`);
    return undefined;
  }
}

function compileTree(tree: PathNode, node: ExpressionNode, place: ExpressionPlace): Expression {
  const { scope, shapes, own } = place;
  const analysis = analysePath(tree, {
    text: node.text,
    position: node.position,
    scope,
    shapes,
    ...(own !== undefined && { own }),
  });
  const text = applyEdits(node.text, analysis.edits);
  const slow = new LibraryExpression(text, analysis, place);
  const fast = compileFast(tree, analysis.resolved, shapes);
  const companion = compileCompanion(tree, analysis.resolved, shapes);
  return fast ? new FastExpression(fast, slow, place.site, text, companion) : slow;
}

/** An expression of plain closures; single values that these do not cover go to the library. */
class FastExpression implements Expression {
  readonly shapes: readonly Shape[];
  readonly #fast: FastCode;
  readonly #slow: Expression;
  readonly #site: Site;
  readonly #text: string;
  readonly companion: Expression['companion'];

  constructor(
    fast: FastCode,
    slow: Expression,
    site: Site,
    text: string,
    companion: Expression['companion'],
  ) {
    this.companion = companion;
    this.shapes = slow.shapes;
    this.#fast = fast;
    this.#slow = slow;
    this.#site = site;
    this.#text = text;
  }

  values(frame: Frame, item: unknown, type?: string): readonly unknown[] {
    try {
      const value = this.#fast.read(frame, item as Value);
      if (Array.isArray(value)) return value;
      return value === undefined ? [] : [value];
    } catch (error) {
      if (error instanceof NeedsLibrary) return this.#slow.values(frame, item, type);
      throw error;
    }
  }

  test(frame: Frame, item: unknown, type?: string): boolean {
    try {
      const value = single(this.#fast.read(frame, item as Value));
      if (Array.isArray(value)) return refuseMany(this.#site, this.#text, value.length);
      return value !== undefined && value !== false;
    } catch (error) {
      if (error instanceof NeedsLibrary) return this.#slow.test(frame, item, type);
      throw error;
    }
  }
}

function refuseMany(site: Site, text: string, count: number): never {
  return failAt(site, `the condition '${text}' gives ${count} values instead of one`);
}

/** The library writes `line: 1; column: 5; message: …`. */
function readLibraryError(error: unknown): readonly [number, string] {
  const message = error instanceof Error ? error.message : String(error);
  const match = /column: (\d+); message: ([^\n]*)/.exec(message);
  return match ? [Number(match[1]), match[2] ?? message] : [1, message];
}

/** The base path by which the library types a value; logical models mean nothing to it. */
export function basePath(shape: Shape | undefined): string | undefined {
  if (!shape || isOpen(shape) || shape.structure.kind === 'logical') return undefined;
  return typeName(shape);
}

class LibraryExpression implements Expression {
  readonly shapes: readonly Shape[];
  readonly #text: string;
  readonly #place: ExpressionPlace;
  readonly #analysis: PathAnalysis;
  readonly #compiled = new Map<string | undefined, CompiledPath>();
  readonly #writers = new Map<string, (value: unknown) => unknown>();

  constructor(text: string, analysis: PathAnalysis, place: ExpressionPlace) {
    this.#text = text;
    this.#place = place;
    this.#analysis = analysis;
    this.shapes = analysis.shapes;
  }

  values(frame: Frame, item: unknown, type?: string): readonly unknown[] {
    const base = type ?? (this.#place.shapes.length === 1 ? basePath(this.#place.shapes[0]) : undefined);
    try {
      return this.#compile(base)(item ?? [], this.#variables(frame));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return failAt(this.#place.site, `FHIRPath '${this.#text}': ${message}`, error);
    }
  }

  test(frame: Frame, item: unknown, type?: string): boolean {
    const values = this.values(frame, item, type);
    if (values.length > 1)
      failAt(this.#place.site, `the condition '${this.#text}' gives ${values.length} values instead of one`);
    const [value] = values;
    return value !== undefined && value !== null && value !== false;
  }

  #compile(base: string | undefined): CompiledPath {
    const known = this.#compiled.get(base);
    if (known) return known;
    const { scope } = this.#place;
    const compiled = compilePath(this.#text, base, { userInvocationTable: functionsOf(scope) });
    this.#compiled.set(base, compiled);
    return compiled;
  }

  #variables(frame: Frame): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const variable of this.#analysis.variables) found[variable.name] = this.#read(frame, variable);
    for (const name of this.#analysis.constants) found[name] = frame.run.constants.get(name) ?? [];
    if (!this.#analysis.usesClock) return found;
    const now = frame.run.environment.now().toISOString();
    found['mapNow'] = this.#typed('dateTime', now);
    found['mapToday'] = this.#typed('date', now.slice(0, 10));
    found['mapTimeOfDay'] = this.#typed('time', now.slice(11, 23));
    return found;
  }

  #read(frame: Frame, variable: Variable): unknown {
    const held = frame.slots[variable.slot];
    const value = held instanceof Place ? held.get() : held;
    const type = frame.slots[variable.slot + TYPE];
    if (value === undefined || value === null) return [];
    if (isObject(value) && typeof value['resourceType'] === 'string') return value;
    const base = typeof type === 'string' ? type : basePath(variable.shapes[0]);
    return base === undefined ? value : this.#typed(base, value);
  }

  #typed(base: string, value: unknown): unknown {
    let writer = this.#writers.get(base);
    if (!writer) {
      writer = typeWriter(base);
      this.#writers.set(base, writer);
    }
    return writer(value);
  }
}

/** Functions that the library leaves to its host. */
function functionsOf(scope: Scope): Readonly<Record<string, unknown>> {
  return {
    conformsTo: {
      fn: (inputs: readonly { readonly data?: unknown }[], url: string) =>
        inputs.map((input) => conformsTo(scope, input.data ?? input, url)),
      arity: { 1: ['String'] },
    },
  };
}

/** Whether a resource is of the type, or claims the profile, that the URL names. */
function conformsTo(scope: Scope, value: unknown, url: string): boolean {
  const shape = scope.build.models.find(url);
  if (!shape) throw new Error(`the profile ${url} is not known`);
  if (!isObject(value) || value['resourceType'] !== shape.structure.type) return false;
  if (shape.structure.derivation === 'specialization') return true;
  const profiles = isObject(value['meta']) ? value['meta']['profile'] : undefined;
  return Array.isArray(profiles) && profiles.includes(url);
}
