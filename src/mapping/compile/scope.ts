import type { ConceptMap } from 'fhir/r4';
import { didYouMean } from '../suggestion.ts';
import type { ExpressionNode, GroupNode, MapTree } from '../tree.ts';
import type { MapDiagnostic, Position } from '../types.ts';
import { type Site, SLOTS, type Step } from './frame.ts';
import type { Models, Shape } from './model.ts';
import type { Witness } from './witness.ts';

/** A map's variable while it is compiled. */
export interface Variable {
  readonly name: string;
  readonly mode: 'source' | 'target' | 'local';
  /** First of its slots. */
  readonly slot: number;
  /** The types its value can have; empty when nothing is known. */
  readonly shapes: readonly Shape[];
}

/** A group with the map it stands in: its imports, aliases and ConceptMaps. */
export interface GroupEntry {
  readonly group: GroupNode;
  readonly map: MapTree;
}

/** A group compiled for certain types of arguments. */
export interface GroupCode {
  readonly parameters: readonly Variable[];
  /** Filled when the group's rules are compiled: groups may call themselves. */
  run: Step;
  slots: number;
}

/** What the compilation of one map shares. */
export interface Build {
  readonly models: Models;
  readonly map: MapTree;
  readonly diagnostics: MapDiagnostic[];
  /** Whether the code reports to an observer. */
  readonly instrumented: boolean;
  readonly witness?: Witness;
  readonly groups: ReadonlyMap<string, GroupEntry>;
  readonly constants: ReadonlyMap<string, ExpressionNode>;
  conceptMap(url: string, map: MapTree): ConceptMap | undefined;
  readonly log: (message: string, position: Position) => void;
  /** Groups by name and argument types. */
  readonly code: Map<string, GroupCode>;
  /** Compiles a group for the types of its arguments, once. */
  group(entry: GroupEntry, shapes: readonly (readonly Shape[])[]): GroupCode;
}

/** The variables visible in one place of a group. */
export class Scope {
  readonly build: Build;
  readonly entry: GroupEntry;
  readonly #counter: { next: number };
  readonly #variables: Map<string, Variable>;

  constructor(build: Build, entry: GroupEntry, parent?: Scope) {
    this.build = build;
    this.entry = entry;
    this.#counter = parent ? parent.#counter : { next: 0 };
    this.#variables = new Map(parent ? parent.#variables : []);
  }

  /** A scope inside this one. */
  nest(): Scope {
    return new Scope(this.build, this.entry, this);
  }

  get slots(): number {
    return this.#counter.next;
  }

  declare(name: string, mode: Variable['mode'], shapes: readonly Shape[]): Variable {
    const variable = { name, mode, shapes, slot: this.#counter.next };
    this.#counter.next += SLOTS;
    this.#variables.set(name, variable);
    return variable;
  }

  find(name: string): Variable | undefined {
    return this.#variables.get(name);
  }

  /** The variable; a diagnostic and undefined when there is none. */
  require(name: string, position: Position): Variable | undefined {
    const found = this.find(name);
    if (!found) this.error(position, `unknown variable '${name}'`, didYouMean(name, this.names()));
    return found;
  }

  names(): readonly string[] {
    return [...this.#variables.keys()];
  }

  variables(): readonly Variable[] {
    return [...this.#variables.values()];
  }

  error(position: Position, message: string, more: { readonly suggestion?: string } = {}): void {
    report(this.build, { ...position, severity: 'error', message, ...more });
  }

  warn(position: Position, message: string, more: { readonly suggestion?: string } = {}): void {
    report(this.build, { ...position, severity: 'warning', message, ...more });
  }

  /** A type by an alias of the map's `uses`, a type name or a URL. */
  type(name: string, position: Position): Shape | undefined {
    const shape = this.findType(name);
    if (!shape) {
      const aliases = this.entry.map.uses.flatMap((uses) =>
        uses.alias !== undefined && uses.alias !== name ? [uses.alias] : [],
      );
      this.error(position, `unknown type '${name}'`, didYouMean(name, aliases));
    }
    return shape;
  }

  findType(name: string): Shape | undefined {
    const uses = this.entry.map.uses.find((each) => each.alias === name);
    return (uses && this.build.models.find(uses.url)) ?? this.build.models.find(name);
  }
}

/** Adds a diagnostic once: a group compiled for several types finds the same thing again. */
export function report(build: Build, diagnostic: MapDiagnostic): void {
  const same = build.diagnostics.some(
    (known) =>
      known.line === diagnostic.line &&
      known.column === diagnostic.column &&
      known.file === diagnostic.file &&
      known.message === diagnostic.message,
  );
  if (!same) build.diagnostics.push(diagnostic);
}

/** A site for run-time failures of a rule. */
export function siteOf(position: Position, rule: string | undefined): Site {
  return { position, rule };
}
