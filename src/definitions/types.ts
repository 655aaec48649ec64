import type { Resource } from '../resource.ts';
import type { PublishedType } from './published-file.ts';

export interface Constraint {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly human: string;
  readonly expression: string;
}

/** One ElementDefinition, compiled to what validation, search and mapping need. */
export interface Element {
  /** Full path, e.g. `Task.input.value[x]`; a slice's element carries its slice name after a colon. */
  readonly path: string;
  /** Last segment of the path; a choice keeps its `[x]`. */
  readonly name: string;
  readonly min: number;
  /** `Infinity` for `*`. */
  readonly max: number;
  /** Types by code (`string`, `Reference`, `BackboneElement`, …); empty with a contentReference. */
  readonly types: readonly {
    readonly code: string;
    readonly targetProfiles?: readonly string[];
    readonly profiles?: readonly string[];
  }[];
  /** Path of the element whose children this one repeats, e.g. `Questionnaire.item`. */
  readonly contentReference?: string;
  readonly binding?: {
    readonly strength: string;
    readonly valueSet: string;
    /** Value sets that are required besides. */
    readonly additional?: readonly string[];
  };
  readonly constraints: readonly Constraint[];
  /** A `fixed[x]` or `pattern[x]` value. */
  readonly fixed?: unknown;
  readonly pattern?: unknown;
  readonly sliceName?: string;
  readonly slicing?: {
    readonly discriminators: readonly { readonly type: string; readonly path: string }[];
    readonly rules: string;
    /** Whether the slices stand in the order of their definitions. */
    readonly ordered?: boolean;
  };
  readonly maxLength?: number;
  /** A `minValue[x]` or `maxValue[x]`. */
  readonly minValue?: unknown;
  readonly maxValue?: unknown;
  readonly summary: boolean;
  readonly modifier: boolean;
  /** How it stands in XML when not as an element: `xmlAttr`, `xmlText`, `typeAttr`, `cdaText`, `xhtml`. */
  readonly representation?: readonly string[];
  /** Its name in XML, where that is another one. */
  readonly xmlName?: string;
  /** Its namespace in XML, where that is not its parent's. */
  readonly xmlNamespace?: string;
  /** Its children stand in its parent in XML, in any order and mixed with text. */
  readonly xmlChoiceGroup?: boolean;
}

/** Where an extension may stand: https://hl7.org/fhir/R4/structuredefinition-definitions.html#StructureDefinition.context */
export interface ExtensionContext {
  readonly type: string;
  readonly expression: string;
}

export interface Structure {
  readonly url: string;
  readonly version?: string;
  readonly name: string;
  /** The type it defines or constrains, e.g. `Patient`; a logical model's own name. */
  readonly type: string;
  readonly kind: 'primitive-type' | 'complex-type' | 'resource' | 'logical';
  readonly abstract: boolean;
  readonly derivation: 'specialization' | 'constraint';
  readonly base?: string;
  /** Root element first, then in the order of the definition (snapshot). */
  readonly elements: readonly Element[];
  element(path: string): Element | undefined;
  /** Direct children of a path, without slices. */
  children(path: string): readonly Element[];
  /** Slices of a sliced element. */
  slices(path: string): readonly Element[];
  /** Regular expression of a primitive type's value. */
  readonly regex?: string;
  /** Namespace of a logical model's root in XML. */
  readonly xmlNamespace?: string;
  /** Of an extension: where it may stand. */
  readonly context?: readonly ExtensionContext[];
  /** Of an extension: FHIRPath that must hold of the element it stands in. */
  readonly contextInvariants?: readonly string[];
}

export type SearchType =
  | 'token'
  | 'string'
  | 'date'
  | 'reference'
  | 'uri'
  | 'number'
  | 'quantity'
  | 'composite'
  | 'special';

export interface SearchParameter {
  readonly url: string;
  readonly code: string;
  readonly type: SearchType;
  /** FHIRPath confined to the resource type it was asked for. */
  readonly expression: string;
  readonly targets: readonly string[];
  readonly components: readonly { readonly definition: string; readonly expression: string }[];
}

/** Everything the gateway knows of FHIR R4 and of the profiles it was started with. Frozen. */
export interface Definitions {
  readonly resourceTypes: ReadonlySet<string>;
  /** By canonical URL (a `|version` is ignored when no such version is known) or by type name. */
  structure(urlOrType: string): Structure | undefined;
  /** Search parameters of a resource type by code, with those of Resource and DomainResource. */
  searchParameters(type: string): ReadonlyMap<string, SearchParameter>;
  /** The codes of a value set, when its content is enumerable here; undefined when it is not known. */
  valueSet(url: string): ValueSetCodes | undefined;
  /**
   * The codes below a code of a code system, or above it, without itself; undefined when the system is not complete
   * here or has no such code.
   */
  relatedCodes(system: string, code: string, direction: 'below' | 'above'): ReadonlySet<string> | undefined;
  /** Search parameter codes by which a resource type belongs to the Patient compartment. */
  patientCompartment(type: string): readonly string[];
  /**
   * A terminology resource or operation definition as it was published: of `profiles/`, else HL7's of R4. Read when asked
   * for, so keep what is made of it.
   * @param canonical with or without `|version`; with a version nothing else is given
   */
  published(type: PublishedType, canonical: string): Resource | undefined;
  /** URLs that {@link published} knows. */
  publishedUrls(type: PublishedType): readonly string[];
  /** Content resources from `profiles/` (Questionnaire, PlanDefinition, ActivityDefinition, CodeSystem …). */
  readonly content: readonly Resource[];
}

export interface ValueSetCodes {
  /** Whether the value set holds the code; `system` may be left out for a `code` element. */
  has(code: string, system?: string): boolean;
  readonly systems: readonly string[];
  /** All codes, each with its system; absent where only single codes are judged. */
  list?(): readonly { readonly system: string; readonly code: string }[];
}
