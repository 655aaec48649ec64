/**
 * Who is calling. `identity` finds it out, `access` decides by it, the store writes it into the audit.
 */

/** The two sectors of Finnish wellbeing services between which disclosure needs a Consent. */
export type Sector = 'health' | 'social';

/** The code system of the `meta.security` label that says which sector a resource belongs to. */
export const SECTOR_SYSTEM = 'https://silta.example/fhir/CodeSystem/sector';

/**
 * One granted SMART scope.
 * @see https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
 */
export interface Scope {
  readonly level: 'patient' | 'user' | 'system';
  /** A resource type, or `*`. */
  readonly resource: string;
  /** Granted letters of `cruds`. */
  readonly permissions: ReadonlySet<'c' | 'r' | 'u' | 'd' | 's'>;
}

export interface Principal {
  /**
   * `citizen`: a strongly identified person, through an app or the reference portal; `system`: a client that
   * acts as itself (SMART Backend Services); `gateway`: the gateway's own work (rules, deliveries).
   */
  readonly kind: 'citizen' | 'professional' | 'system' | 'gateway';
  /** Reference or client id that the audit and Provenance name, e.g. `Patient/8f…` or `Device/lifecare`. */
  readonly who: string;
  readonly clientId?: string;
  readonly scopes: readonly Scope[];
  /** The patient whose compartment the caller is confined to; always set for a citizen. */
  readonly patientId?: string;
  /**
   * Set when a citizen acts for another by a mandate: `patientId` is then the other, `who` stays the citizen, and this
   * is whom what is written names as its author, e.g. `RelatedPerson/4c…`.
   */
  readonly actsAs?: string;
  /** Sectors whose resources the caller works with by its registration. */
  readonly sectors: readonly Sector[];
  /** Authentication context class the person signed in with. */
  readonly acr?: string;
}

/** The gateway itself, as the author of what rules and deliveries write. */
export const GATEWAY: Principal = Object.freeze({
  kind: 'gateway',
  who: 'Device/silta-gateway',
  scopes: Object.freeze([]),
  sectors: Object.freeze(['health', 'social'] as const),
});
