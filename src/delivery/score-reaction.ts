/** Scores of settled answers as Observations that follow their answer. */
import { isDeepStrictEqual } from 'node:util';
import { extractObservations } from '../forms/index.ts';
import type { Resource } from '../resource.ts';
import type { Store, Write } from '../store/index.ts';
import { toCreate } from './to-create.ts';
import type { Reaction, ReactionTools } from './types.ts';

type Stored = Resource & { readonly id: string };

/**
 * A completed or amended answer leaves its scores as Observations, once per version. A later version that says the same
 * leaves nothing; one that says something else corrects the Observations there are.
 * @see http://hl7.org/fhir/uv/sdc/extraction.html#observation-based-extraction
 */
export function createScoreReaction(sources: {
  readonly resolveCanonical: Store['resolveCanonical'];
}): Reaction {
  return {
    name: 'scores',
    async react(change, resource, tools) {
      const canonical = resource['questionnaire'];
      if (!isSettledAnswer(resource) || typeof canonical !== 'string') return [];
      const questionnaire = await sources.resolveCanonical('Questionnaire', canonical);
      if (!questionnaire) return [];
      const extracted = extractObservations(questionnaire, resource, tools);
      const { previous } = tools;
      const before =
        previous && isSettledAnswer(previous) && extractObservations(questionnaire, previous, tools);
      if (before && isDeepStrictEqual(before.map(saying), extracted.map(saying))) return [];
      const writes = before
        ? correct(await findObservations(tools, change.id), extracted, tools.uuid)
        : extracted.map((one) => toCreate(one, tools.uuid));
      return [{ rule: canonical, once: `${change.type}/${change.id}/${change.versionId}:scores`, writes }];
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

/** What an Observation says, without what every extraction makes anew. */
function saying({ id: _id, issued: _issued, ...rest }: Resource): object {
  return rest;
}

async function findObservations(tools: ReactionTools, responseId: string): Promise<readonly Stored[]> {
  const page = await tools.search({
    type: 'Observation',
    parameters: [['derived-from', `QuestionnaireResponse/${responseId}`]],
    visibility: { sectors: ['health', 'social'] },
  });
  return page.matches.flatMap(({ content }) => (content === null ? [] : [JSON.parse(content) as Stored]));
}

/**
 * Observations of the same code are corrected, new ones created, and those the answer no longer has taken back.
 * @see https://hl7.org/fhir/R4/valueset-observation-status.html
 */
function correct(
  stored: readonly Stored[],
  extracted: readonly Resource[],
  uuid: () => string,
): readonly Write[] {
  const left = stored.filter(({ status }) => status !== 'entered-in-error');
  const writes = extracted.map((one): Write => {
    const index = left.findIndex((known) => isDeepStrictEqual(known['code'], one['code']));
    const [known] = index < 0 ? [] : left.splice(index, 1);
    if (!known) return toCreate(one, uuid);
    return { kind: 'update', resource: { ...one, id: known.id, status: 'corrected' } };
  });
  const gone = left.map(
    (known): Write => ({ kind: 'update', resource: { ...known, status: 'entered-in-error' } }),
  );
  return [...writes, ...gone];
}
