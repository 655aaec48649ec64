import type { Router } from 'express';
import type { Principal, Sector } from '../principal.ts';
import type { Acting } from '../store/index.ts';
import type { MandateSettings } from './mandates/mandate-settings.ts';
import type { ValtuudetCredentials } from './mandates/valtuudet-client.ts';

/** What the room writes its log lines with; pino fits. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The present instant; injected so that limits can be tested. */
export type Clock = () => Date;

/** Languages citizens are served in. */
export const LOCALES = ['fi', 'sv', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

export interface IdentityConfig {
  /** Public address of the gateway, without a trailing slash. `http` is for development on localhost only. */
  readonly baseUrl: string;
  /** `production` refuses issuers over http and test levels of assurance. */
  readonly mode: 'production' | 'sandbox';
  /** The strong identification to sign in with. */
  readonly profile: IssuerProfile;
  /** Seconds a portal's access token lives; default 1800. */
  readonly portalTokenSeconds?: number;
  /** How long portals may act without their citizens; default 90 days from the consent, 30 days without use. */
  readonly offline?: OfflineLimits;
  /** Acting for another; absent: nobody may. */
  readonly mandates?: MandateSettings & { readonly secrets: Omit<ValtuudetCredentials, 'clientId'> };
  /** Whether clients' `jwksUri` may point to loopback and private addresses; default only in the sandbox. */
  readonly allowPrivateJwksUris?: boolean;
}

/** Limits of offline access. */
export interface OfflineLimits {
  /** Days from the consent until the citizen is asked again. */
  readonly grantDays: number;
  /** Days that a refresh token lives unused. */
  readonly idleDays: number;
}

/** One way of strong identification: how to ask, what to accept, where the claims are. */
export interface IssuerProfile {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  /** Requested authentication context classes, in order of preference. */
  readonly requestedAcr: readonly string[];
  /** Classes that are accepted in the ID token; a stronger one than requested included. */
  readonly acceptedAcr: readonly string[];
  /** Allowed JWE key management algorithms of the ID token. */
  readonly keyAlgorithms: readonly string[];
  /** Allowed JWE content encryption algorithms of the ID token. */
  readonly contentAlgorithms: readonly string[];
  /** `error` values of the authorization response by which a citizen's cancelling is recognised. */
  readonly cancelErrors: readonly string[];
  /** Seconds of clock difference tolerated. */
  readonly clockTolerance: number;
  readonly metadata:
    | { readonly from: 'discovery' }
    /** OpenID provider metadata (JSON) that a person has reviewed and keeps beside the profile. */
    | { readonly from: 'file'; readonly file: string }
    /** Entity statement, kept beside the profile and confirmed by its SHA-256 (hexadecimal). */
    | { readonly from: 'entity-statement'; readonly file: string; readonly sha256: string };
  /** Text of the file that `metadata` names. */
  readonly kept?: string;
  /** Where the issuer's signing keys are; `uri` only when the metadata does not say. */
  readonly keys: {
    readonly from: 'jwks' | 'signed';
    readonly uri?: string | undefined;
    readonly maxAgeMinutes: number;
  };
  readonly request: {
    /** Whether the issuer takes part in PKCE (S256). */
    readonly pkce: boolean;
    /** What demands a fresh identification. */
    readonly force: { readonly prompt: 'login' | 'consent' } | { readonly max_age: 0 };
    /** Further members of the request object, e.g. `ftn_spname`. */
    readonly parameters: Readonly<Record<string, string>>;
  };
  readonly claims: ClaimNames;
  /** Told in the gateway's entity statement. */
  readonly organizationName?: string;
}

/** Names of the claims of the ID token. */
export interface ClaimNames {
  readonly hetu: string;
  readonly familyName: string;
  readonly givenNames: string;
  readonly birthDate: string;
  /** Identifier of a person identified through eIDAS, who has no hetu. */
  readonly foreignIdentifier: string;
  /** Claim that says that the person's contact details are under a non-disclosure order. */
  readonly nonDisclosure?: string;
}

/** A portal, a record system or an operator's tool that may call the gateway. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly name: string;
  readonly kind: 'portal' | 'system' | 'operator';
  readonly redirectUris: readonly string[];
  /** Public keys (JWKS) of the client; either these or `jwksUri`. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  readonly jwksUri?: string;
  /** Scopes it may ask for, in SMART v2 or v1 form. */
  readonly scopes: readonly string[];
  readonly sectors: readonly Sector[];
  /** Whose client it is, for the audit and the consent page. */
  readonly organization?: string;
}

/** A citizen's browser session. */
export interface WebSession {
  /** SHA-256 of the cookie's value, by which the store knows the session. */
  readonly idHash: Buffer;
  readonly patientId: string;
  /** Whom the citizen acts for by a mandate. */
  readonly acting?: Acting;
  readonly acr: string;
  readonly locale: Locale;
  readonly signedInAt: Date;
  /** What a form or a script of this session's pages sends along with a write. */
  readonly csrfToken: string;
}

/** The parts of a request that say who is calling. */
export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  /** HTTP method; anything but GET, HEAD and OPTIONS needs `csrfToken` when a cookie authenticates. */
  readonly method: string;
  readonly csrfToken?: string | undefined;
}

export interface Identity {
  /**
   * Serves `/identity/…` and `/oauth/…`. Mount it at the root and before any body parser: the authorization server
   * reads its own bodies.
   */
  readonly router: Router;
  /**
   * Finds out who is calling.
   * @throws SiltaError `unauthenticated`, `token-expired`, or `forbidden` (key `csrf`)
   */
  authenticate(credentials: Credentials): Promise<Principal>;
  /** The browser session of a `Cookie` header, for pages. */
  session(cookie: string | undefined): Promise<WebSession | undefined>;
  /** Whether citizens can act for others here. */
  readonly offersMandates: boolean;
  /**
   * Asks, before a page's write, whether the mandate that a session acts by still holds.
   * @throws SiltaError `forbidden` (key `mandate-ended`), `unavailable`
   */
  confirmMandate(session: WebSession): Promise<void>;
  /** The document to serve at `/fhir/.well-known/smart-configuration`. */
  smartConfiguration(): SmartConfiguration;
  /** Deletes what has expired; meant to be called now and then by one timer per gateway. */
  sweep(): Promise<void>;
}

/** @see https://hl7.org/fhir/smart-app-launch/conformance.html */
export interface SmartConfiguration {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly introspection_endpoint: string;
  readonly revocation_endpoint: string;
  readonly grant_types_supported: readonly string[];
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly token_endpoint_auth_signing_alg_values_supported: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly response_types_supported: readonly string[];
  readonly code_challenge_methods_supported: readonly string[];
  readonly capabilities: readonly string[];
}
