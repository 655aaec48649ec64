/** The reactions the gateway comes with: scores become Observations, rules of pathways make Tasks. */
import type { ActivityDefinition, PlanDefinition, PlanDefinitionAction } from 'fhir/r4';
import { evaluateRules, type FindActivity, type Firing } from '../pathways/index.ts';
import type { Store } from '../store/index.ts';
import { createScoreReaction } from './score-reaction.ts';
import { toCreate } from './to-create.ts';
import type { Effect, Reaction } from './types.ts';

/** Where reactions find definitions; asked anew for each change, so that content can be replaced. */
export interface ReactionSources {
  readonly resolveCanonical: Store['resolveCanonical'];
  /** The plans whose rules are followed. */
  readonly plans: () => Promise<readonly PlanDefinition[]>;
}

/** The reactions in the order they run in. */
export function createReactions(sources: ReactionSources): readonly Reaction[] {
  return [createScoreReaction(sources), createPathwayReaction(sources)];
}

/** The rules of the pathways in force; each has its effect once per cause that it names itself. */
export function createPathwayReaction(sources: ReactionSources): Reaction {
  return {
    name: 'pathways',
    async react(_change, resource, tools) {
      const plans = await sources.plans();
      const firings = evaluateRules({
        plans,
        activity: await findActivities(sources, plans),
        resource,
        ...(tools.previous && { previous: tools.previous }),
        now: tools.now(),
        uuid: tools.uuid,
      });
      return firings.map((firing) => toEffect(firing, tools.uuid));
    },
  };
}

/** Looks the plans' activities up beforehand, as rules are evaluated without waiting for anything. */
async function findActivities(
  sources: ReactionSources,
  plans: readonly PlanDefinition[],
): Promise<FindActivity> {
  const canonicals = new Set(plans.flatMap((plan) => canonicalsOf(plan.action)));
  const found = await Promise.all(
    [...canonicals].map(
      async (canonical) =>
        [canonical, await sources.resolveCanonical('ActivityDefinition', canonical)] as const,
    ),
  );
  const activities = new Map(found);
  return (canonical) => activities.get(canonical) as ActivityDefinition | undefined;
}

function canonicalsOf(actions: readonly PlanDefinitionAction[] = []): string[] {
  return actions.flatMap(({ definitionCanonical, action }) => [
    ...(definitionCanonical ? [definitionCanonical] : []),
    ...canonicalsOf(action),
  ]);
}

function toEffect(firing: Firing, uuid: () => string): Effect {
  const version = firing.planVersion === undefined ? '' : `|${firing.planVersion}`;
  return {
    rule: `${firing.planUrl}${version}#${firing.actionId}`,
    once: firing.cause,
    reason: firing.reason,
    writes: firing.resources.map((resource) => toCreate(resource, uuid)),
  };
}
