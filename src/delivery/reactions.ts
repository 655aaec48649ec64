/** The reactions the gateway comes with: scores become Observations, rules of pathways make Tasks. */
import type { ActivityDefinition, PlanDefinition, Questionnaire, QuestionnaireResponse } from 'fhir/r4';
import type { FindActivity, Firing, RuleInput } from '../pathways/index.ts';
import type { Resource } from '../resource.ts';
import type { Effect, Reaction } from './types.ts';

type Identified = Resource & { readonly id: string };

/** What the reactions are made of; definitions are looked up anew for each change, so that content can be replaced. */
export interface ReactionSources {
  /** `forms.extractObservations`. */
  readonly extractObservations: (
    questionnaire: Questionnaire,
    response: QuestionnaireResponse,
    tools: { readonly uuid: () => string; readonly now: () => Date },
  ) => readonly object[];
  /** `pathways.evaluateRules`. */
  readonly evaluateRules: (input: RuleInput) => readonly Firing[];
  /** A Questionnaire by the canonical an answer names. */
  readonly questionnaire: (canonical: string) => Promise<Questionnaire | undefined>;
  readonly plans: () => Promise<readonly PlanDefinition[]>;
  readonly activity: () => Promise<FindActivity | ((canonical: string) => ActivityDefinition | undefined)>;
}

/** The reactions in the order they run in. */
export function createReactions(sources: ReactionSources): readonly Reaction[] {
  return [createScoreReaction(sources), createPathwayReaction(sources)];
}

/** A completed or amended answer with scores leaves them as Observations, once per version of the answer. */
export function createScoreReaction(
  sources: Pick<ReactionSources, 'extractObservations' | 'questionnaire'>,
): Reaction {
  return {
    name: 'scores',
    async react(change, resource, tools) {
      const canonical = resource['questionnaire'];
      if (!isSettledAnswer(resource) || typeof canonical !== 'string') return [];
      const questionnaire = await sources.questionnaire(canonical);
      if (!questionnaire) return [];
      const response = resource as unknown as QuestionnaireResponse;
      const observations = sources.extractObservations(questionnaire, response, tools) as readonly Resource[];
      const once = `${change.type}/${change.id}/${change.versionId}:scores`;
      return [{ rule: canonical, once, writes: observations.map((one) => toCreate(one, tools.uuid)) }];
    },
  };
}

/** @see https://hl7.org/fhir/R4/valueset-questionnaire-answers-status.html */
function isSettledAnswer(resource: Resource): boolean {
  return (
    resource.resourceType === 'QuestionnaireResponse' &&
    (resource['status'] === 'completed' || resource['status'] === 'amended')
  );
}

function toCreate(resource: Resource, uuid: () => string) {
  const identified: Identified = { ...resource, id: resource.id ?? uuid() };
  return { kind: 'create', resource: identified } as const;
}

/** The rules of the pathways in force; each has its effect once per cause that it names itself. */
export function createPathwayReaction(
  sources: Pick<ReactionSources, 'evaluateRules' | 'plans' | 'activity'>,
): Reaction {
  return {
    name: 'pathways',
    async react(_change, resource, tools) {
      const [plans, activity] = await Promise.all([sources.plans(), sources.activity()]);
      const firings = sources.evaluateRules({
        plans,
        activity,
        resource,
        ...(tools.previous && { previous: tools.previous }),
        now: tools.now(),
        uuid: tools.uuid,
      });
      return firings.map((firing) => toEffect(firing, tools.uuid));
    },
  };
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
