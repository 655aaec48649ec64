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

/** A compiled map: sources by the names of the first group's source inputs → the target's value. */
export interface CompiledMap {
  readonly url: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly structureMap: StructureMap;
  /** Names of the source inputs of the first group, in order. */
  readonly sources: readonly string[];
  run(sources: Readonly<Record<string, unknown>>, environment: MapEnvironment): unknown;
  trace(
    sources: Readonly<Record<string, unknown>>,
    environment: MapEnvironment,
  ): { readonly result: unknown; readonly trace: readonly TraceLine[] };
}
