/** A FHIR resource as the rooms pass it: JSON whose type is known and whose content is checked elsewhere. */
export interface Resource {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: {
    readonly versionId?: string;
    readonly lastUpdated?: string;
    readonly profile?: readonly string[];
    readonly security?: readonly Coding[];
    readonly tag?: readonly Coding[];
    readonly source?: string;
  };
  readonly [element: string]: unknown;
}

export interface Coding {
  readonly system?: string;
  readonly version?: string;
  readonly code?: string;
  readonly display?: string;
}

/** Root of the canonical URLs that the gateway's own content and code systems live under. */
export const CANONICAL_ROOT = 'https://silta.example/fhir';
