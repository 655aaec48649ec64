import type { PlanDefinition, PlanDefinitionAction } from 'fhir/r4';
import type { Place } from './expression.ts';

/** An action of a plan with the place it stands in and the groups around it, outermost first. */
export interface PlacedAction {
  readonly action: PlanDefinitionAction;
  /** `PlanDefinition.action.id`, or the path when it has none. */
  readonly id: string;
  readonly path: string;
  readonly around: readonly PlacedAction[];
}

/** Canonical with version, as errors name a plan. */
export function namePlan(plan: PlanDefinition): string {
  const url = plan.url ?? `PlanDefinition/${plan.id ?? '?'}`;
  return plan.version === undefined ? url : `${url}|${plan.version}`;
}

/** The place of an element of an action, for errors. */
export function placeOf(plan: PlanDefinition, placed: PlacedAction, element: string): Place {
  return { plan: namePlan(plan), action: placed.id, path: `${placed.path}.${element}` };
}

/** The actions directly under a plan or an action. */
export function placeActions(
  actions: readonly PlanDefinitionAction[] | undefined,
  parent: PlacedAction | undefined,
): readonly PlacedAction[] {
  const prefix = parent?.path ?? 'PlanDefinition';
  const around = parent ? [...parent.around, parent] : [];
  return (actions ?? []).map((action, index) => {
    const path = `${prefix}.action[${index}]`;
    return { action, id: action.id ?? path, path, around };
  });
}

/**
 * The actions of a plan that wait for an event: every action with a trigger. A group without a trigger is looked
 * into; what is below a triggered action belongs to that action.
 * @see https://hl7.org/fhir/R4/plandefinition-definitions.html#PlanDefinition.action.trigger
 */
export function findRules(plan: PlanDefinition): readonly PlacedAction[] {
  const search = (placed: readonly PlacedAction[]): readonly PlacedAction[] =>
    placed.flatMap((one) =>
      one.action.trigger?.length ? [one] : search(placeActions(one.action.action, one)),
    );
  return search(placeActions(plan.action, undefined));
}
