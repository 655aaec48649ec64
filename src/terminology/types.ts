import type { ValueSet } from 'fhir/r4';
import type { Coding } from '../resource.ts';

/** A name of a concept in some language, or for some use. */
export interface Designation {
  readonly language?: string;
  readonly use?: Coding;
  readonly value: string;
}

/** A property's value as FHIR JSON has it: the member is `valueCode`, `valueString`, `valueBoolean` … */
export interface ConceptProperty {
  readonly code: string;
  readonly member: string;
  readonly value: unknown;
}

export interface Concept {
  readonly code: string;
  readonly display?: string;
  readonly definition?: string;
  readonly designations: readonly Designation[];
  readonly properties: readonly ConceptProperty[];
  /** Concepts directly above and below. */
  readonly parents: readonly Concept[];
  readonly children: readonly Concept[];
  /** A grouping that is not to be recorded itself. */
  readonly abstract: boolean;
  readonly inactive: boolean;
}

/** A code system at work: of a CodeSystem resource, or of a grammar such as UCUM's. */
export interface CodeSystemView {
  readonly url: string;
  readonly version?: string;
  readonly name: string;
  /** Language of the displays. */
  readonly language?: string;
  /** Whether a code that is not found is none: not so for fragments and examples. */
  readonly complete: boolean;
  /** The names are usual ones, not the standard's own: another name is wrong only when it is another concept's. */
  readonly looseNames?: boolean;
  /** What the properties are called, by code. */
  readonly properties: ReadonlyMap<string, { readonly uri?: string; readonly description?: string }>;
  /** Every concept, in the order of the system; absent where there is no end of them. */
  readonly concepts?: readonly Concept[];
  find(code: string): Concept | undefined;
}

/** Where the engine finds what it works on. */
export interface TerminologySource {
  codeSystem(url: string, version?: string): CodeSystemView | undefined;
  /** @param canonical `url` or `url|version` */
  valueSet(canonical: string): ValueSet | undefined;
}

/** One member of a value set. */
export interface Member {
  readonly system: string;
  readonly version?: string;
  /** With the display and designations that the value set gives it, where it gives some. */
  readonly concept: Concept;
  readonly view?: CodeSystemView;
}

/** Why something cannot be said. */
export interface Unknown {
  readonly code: 'not-found' | 'not-supported' | 'too-costly';
  readonly reason: string;
}

/** A code to look for; without a system, any of the value set's. */
export interface CodeInSystem {
  readonly code: string;
  readonly system?: string;
  readonly version?: string;
}
