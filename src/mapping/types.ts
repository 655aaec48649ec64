import type { StructureMap } from 'fhir/r4';

/** Where something stands in a map's text; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface MapDiagnostic extends Position {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly expected?: readonly string[];
  readonly suggestion?: string;
}

/** A map that failed while it ran: a located error, never a skipped rule. `message` starts `file:line:col`. */
export class MappingError extends Error {
  override readonly name = 'MappingError';
  readonly position: Position;
  readonly rule: string | undefined;
  constructor(position: Position, message: string, rule?: string, cause?: unknown) {
    super(
      `${position.file}:${position.line}:${position.column}: ${rule ? `rule '${rule}': ` : ''}${message}`,
      cause === undefined ? undefined : { cause },
    );
    this.position = position;
    this.rule = rule;
  }
}

/** A map that does not compile; holds every error and warning that was found. */
export class MapCompileError extends Error {
  override readonly name = 'MapCompileError';
  readonly diagnostics: readonly MapDiagnostic[];
  constructor(diagnostics: readonly MapDiagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'));
    this.diagnostics = diagnostics;
  }
}

/** A diagnostic as one line: `file:line:col: message (suggestion)`. */
export function formatDiagnostic(diagnostic: MapDiagnostic): string {
  const { file, line, column, severity, message, suggestion } = diagnostic;
  const prefix = severity === 'warning' ? 'warning: ' : '';
  return `${file}:${line}:${column}: ${prefix}${message}${suggestion === undefined ? '' : ` (${suggestion})`}`;
}

export interface TraceLine {
  /** Path of the target element that was written. */
  readonly target: string;
  readonly rule: string | undefined;
  readonly position: Position;
  /** Path of the source element it came from, when there is one. */
  readonly source: string | undefined;
}

/** What a running map may ask the outside for; injected, so that a run is a pure function. */
export interface MapEnvironment {
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** What a run tells while it goes on, when somebody asks: for traces and for coverage. */
export interface MapObserver {
  /** A target element was written. */
  wrote?(line: TraceLine): void;
  /** A rule, known by its position, was applied to an item. */
  applied?(position: Position): void;
  /** A `where` or `check`, known by its position, was decided. */
  decided?(position: Position, outcome: boolean): void;
  /** A ConceptMap translated a code. */
  translated?(map: string, system: string | undefined, code: string): void;
}

/** A compiled map: sources by the names of the first group's source inputs → the target's value. */
export interface CompiledMap {
  readonly url: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly structureMap: StructureMap;
  /** Names of the source inputs of the first group, in order. */
  readonly sources: readonly string[];
  /** What is suspicious in the map but does not keep it from running. */
  readonly warnings: readonly MapDiagnostic[];
  /**
   * Runs the map. Pure: the same sources and environment give the same result, and the sources stay as they are.
   * @throws MappingError with the place and the rule, for everything that goes wrong
   */
  run(sources: Readonly<Record<string, unknown>>, environment: MapEnvironment): unknown;
  trace(
    sources: Readonly<Record<string, unknown>>,
    environment: MapEnvironment,
  ): { readonly result: unknown; readonly trace: readonly TraceLine[] };
  /** Runs the map and tells the observer; slower than `run`, with the same result. */
  observe(
    sources: Readonly<Record<string, unknown>>,
    environment: MapEnvironment,
    observer: MapObserver,
  ): unknown;
}
