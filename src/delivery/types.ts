import type { CodeableConcept } from 'fhir/r4';
import type { Resource } from '../resource.ts';
import type { StoreTransaction, Write } from '../store/index.ts';

/** What the room logs to; entries carry ids only, never content. */
export interface Logger {
  info(entry: object, message: string): void;
  warn(entry: object, message: string): void;
  error(entry: object, message: string): void;
}

/** One committed change of a resource, with the version it made. */
export interface Change {
  /** Position in the order of changes. */
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly versionId: number;
  readonly method: 'create' | 'update' | 'delete';
  /** Name of the connected system the change came from. */
  readonly origin: string | undefined;
  /** Ids of the patients whose compartment the version is in. */
  readonly patients: readonly string[];
}

/** What a reaction may use; reads see the transaction the effects will be written in. */
export interface ReactionTools {
  readonly read: StoreTransaction['read'];
  readonly search: StoreTransaction['search'];
  /** The version before the change's; undefined for the first one and after a deletion. */
  readonly previous: Resource | undefined;
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** What a rule wants written because of a change. */
export interface Effect {
  /** Canonical of the rule, with the action's id after a `#`: the Provenance names it as its policy. */
  readonly rule: string;
  /** The cause; the effect happens once for it, however many gateways try. */
  readonly once: string;
  readonly writes: readonly Write[];
  /** Why, as a person reads it; becomes Provenance.reason. */
  readonly reason?: CodeableConcept;
}

/** A consequence of changes inside the gateway, e.g. a score's Observation or a path's Tasks. Pure but for its reads. */
export interface Reaction {
  readonly name: string;
  /** @throws Error when it cannot decide; the failure is recorded and tried again, and nothing else waits for it */
  react(change: Change, resource: Resource, tools: ReactionTools): Promise<readonly Effect[]>;
}

/** Runs one delivery; settles it itself and never rejects for a delivery's own fault. */
export type DeliveryHandler = (deliveryId: string) => Promise<void>;

/**
 * Carries ids of deliveries to a handler, at least once and soon. It may lose or repeat one: the row in Postgres is the
 * truth, and a sweep offers again what is due.
 */
export interface Dispatcher {
  start(handler: DeliveryHandler): Promise<void>;
  offer(deliveryId: string, options?: { readonly delayMs?: number }): Promise<void>;
  /** Takes no more, and resolves when what is in flight has ended. */
  stop(): Promise<void>;
}

/** Times in milliseconds. */
export interface DeliveryLimits {
  /** How often the relay looks for changes that nobody poked it for. */
  readonly pollMs: number;
  /** Changes claimed in one transaction. */
  readonly batch: number;
  /** How often due deliveries are offered again. */
  readonly sweepMs: number;
  /** Time after which an offer counts as lost. */
  readonly graceMs: number;
  /** Added to a system's timeout: the longest one attempt may hold a delivery. */
  readonly leaseMs: number;
  /** First back-off; doubled with every attempt up to the cap. */
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  readonly maxAttempts: number;
  /** Age after which a delivery that keeps failing is dead. */
  readonly maxAgeMs: number;
  /** Attempts of a failing reaction before it is dead. */
  readonly maxReactionAttempts: number;
  /** Consecutive network failures after which a system's breaker opens, and for how long. */
  readonly breakerFailures: number;
  readonly breakerCooldownMs: number;
  /** Largest inbound message in bytes. */
  readonly inboundBytes: number;
  /** Age up to which a gateway trusts what it knows of subscriptions. */
  readonly subscriptionMs: number;
  /** Time for one notification to be answered. */
  readonly notificationMs: number;
  /** How long the encrypted raw copy of an inbound message is kept. */
  readonly rawCopyMs: number;
}

const DAY = 86_400_000;

export const DEFAULT_LIMITS: DeliveryLimits = Object.freeze({
  pollMs: 1_000,
  batch: 50,
  sweepMs: 1_000,
  graceMs: 30_000,
  leaseMs: 15_000,
  backoffBaseMs: 1_000,
  backoffCapMs: 300_000,
  maxAttempts: Number.MAX_SAFE_INTEGER,
  maxAgeMs: 7 * DAY,
  maxReactionAttempts: 8,
  breakerFailures: 5,
  breakerCooldownMs: 10_000,
  inboundBytes: 1_048_576,
  subscriptionMs: 1_000,
  notificationMs: 10_000,
  rawCopyMs: 30 * DAY,
});
