import type { Request } from 'express';
import type { OperationOutcome, Questionnaire } from 'fhir/r4';
import type { Access } from '../access/index.ts';
import type { Issue } from '../outcome.ts';
import type { Principal } from '../principal.ts';
import type { Resource } from '../resource.ts';

export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A signed-in citizen's browser session. */
export interface PageSession {
  readonly principal: Principal & { readonly patientId: string };
  /** The name to greet the citizen by. */
  readonly displayName: string;
  /** Name of the person whom the citizen acts for. */
  readonly actingFor?: string;
  /** Whether the citizen can choose somebody to act for. */
  readonly offersMandates?: boolean;
  /** What every form of the session sends along as `csrf`. */
  readonly csrfToken: string;
  /** Language chosen at sign-in. */
  readonly language?: string;
}

/** An engineer or operator, by an access token with operator scopes. */
export interface Operator {
  readonly principal: Principal;
  /** Whether deliveries may be retried, not only looked at. */
  readonly mayRetry: boolean;
}

/** A stored version as the pages read it. */
export interface StoredResource {
  readonly type: string;
  readonly id: string;
  readonly versionId: number;
  readonly method: 'create' | 'update' | 'delete';
  readonly content: string | null;
}

/** What of a store the pages use; the store fits. */
export interface PageStore<Stored extends StoredResource = Parameters<Access['maySee']>[1]> {
  read(type: string, id: string): Promise<Stored | undefined>;
  search(query: {
    readonly type: string;
    readonly parameters: readonly (readonly [name: string, value: string])[];
    readonly visibility: ReturnType<Access['visibility']>;
    readonly cursor?: string;
  }): Promise<{ readonly matches: readonly Stored[]; readonly next?: string }>;
  audit(
    entries: readonly {
      readonly principal: Principal;
      readonly requestId: string;
      readonly action: string;
      readonly outcome: 'success' | 'refused' | 'failed';
      readonly entities: readonly string[];
    }[],
  ): Promise<void>;
}

/** One delivery as the console shows it. */
export interface ConsoleDelivery {
  readonly id: string;
  readonly system: string;
  readonly route: string;
  readonly source: string;
  readonly state: string;
  readonly attempts: number;
  readonly createdAt: string;
  readonly dueAt: string;
  readonly outcome: OperationOutcome | null;
}

/** What of the delivery room's operations the console uses; they fit. */
export interface ConsoleOperations {
  listDeliveries(filter: {
    readonly state?: 'waiting' | 'sending' | 'sent' | 'dead' | 'paused';
    readonly system?: string;
    readonly limit?: number;
    readonly before?: number;
  }): Promise<{ readonly deliveries: readonly ConsoleDelivery[]; readonly next?: number }>;
  stats(): Promise<{
    readonly changes: { readonly unhandled: number; readonly oldestSeconds: number };
    readonly deliveries: readonly {
      readonly system: string;
      readonly state: string;
      readonly count: number;
      readonly oldestSeconds: number;
      readonly breaker: string;
    }[];
  }>;
  /** @throws SiltaError `not-found`, `conflict` */
  retryDelivery(id: string): Promise<void>;
}

/** What the pages are made of; everything is passed in. */
export interface WebOptions {
  /** The session of a request's cookie; undefined when nobody is signed in. */
  readonly session: (request: Request) => Promise<PageSession | undefined>;
  /** Where sign-in starts; afterwards the citizen is led to `returnTo`, a path of the gateway. */
  readonly signInPath: (returnTo: string, language: string) => string;
  /** Where a form with the field `csrf` is posted to end the session. */
  readonly signOutPath: string;
  /** Who an access token belongs to; undefined when it is not a valid one of an operator. */
  readonly operator: (accessToken: string) => Promise<Operator | undefined>;
  readonly store: PageStore;
  readonly access: Pick<Access, 'visibility' | 'authorizeStored' | 'maySee'>;
  /** The questionnaire of a canonical, with or without a version. */
  readonly questionnaire: (canonical: string) => Promise<Questionnaire | undefined>;
  /** Judges an answer as `conformance.validateResponse` does. */
  readonly validateResponse: (response: Resource, questionnaire: Resource) => readonly Issue[];
  /**
   * Carries out a transaction Bundle exactly as `POST /fhir` does for this caller: the same checks and the same writes.
   * @throws SiltaError when it is refused; nothing is written then
   */
  readonly transact: (principal: Principal, bundle: Resource, requestId: string) => Promise<Resource>;
  readonly operations: ConsoleOperations;
  readonly clock: () => Date;
  readonly uuid: () => string;
  readonly logger: Logger;
  /** Whether the gateway is reached over https, so that cookies are marked `Secure`. */
  readonly secure: boolean;
}
