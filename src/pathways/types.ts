import type { ActivityDefinition, CodeableConcept, PlanDefinition } from 'fhir/r4';
import type { Resource } from '../resource.ts';

/** Finds an ActivityDefinition by its canonical, with or without a `|version`. */
export type FindActivity = (canonical: string) => ActivityDefinition | undefined;

/** What {@link evaluateRules} decides from; nothing else influences it. */
export interface RuleInput {
  /** The plans whose rules are looked at; only those in force at `now` count. */
  readonly plans: readonly PlanDefinition[];
  readonly activity: FindActivity;
  /** The resource as it was just written. */
  readonly resource: Resource;
  /** The version before it; absent when the resource was created. */
  readonly previous?: Resource;
  readonly now: Date;
  readonly uuid: () => string;
}

/** One rule that applies to one cause, and what it asks to be written. */
export interface Firing {
  /** Canonical of the plan, without version. */
  readonly planUrl: string;
  readonly planVersion: string | undefined;
  /** `PlanDefinition.action.id`. */
  readonly actionId: string;
  /** Unique key of this rule over this resource: the same cause may have an effect only once. */
  readonly cause: string;
  /** Why, as a person reads it: `text` in the plan's language, translations beside it. Fits Provenance.reason. */
  readonly reason: CodeableConcept;
  /** Resources to create, with ids, in the order of the plan. */
  readonly resources: readonly (Resource & { readonly id: string })[];
}
