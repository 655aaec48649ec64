/** The benchmark's task: each item of a QuestionnaireResponse becomes an Observation in a Bundle. */
import type { Bundle, Observation, QuestionnaireResponse, QuestionnaireResponseItem } from 'fhir/r4';

export const OBSERVATIONS_MAP = `/// url = 'https://silta.example/fhir/StructureMap/bench-observations'
/// name = 'BenchObservations'

uses "http://hl7.org/fhir/StructureDefinition/QuestionnaireResponse" alias Response as source
uses "http://hl7.org/fhir/StructureDefinition/Bundle" alias Bundle as target

group Observations(source response : Response, target bundle : Bundle) {
  response -> bundle.type = 'collection' "type";
  response.item as item where answer.exists() -> bundle.entry as entry,
      entry.resource = create('Observation') as observation then {
    item -> observation.status = 'final' "status";
    item.linkId as id -> observation.code = cc('https://silta.example/fhir/CodeSystem/bench', id) "code";
    item.answer as answer then Value(answer, observation) "answer";
  } "item";
}

group Value(source answer, target observation : Observation) {
  answer.value : integer as value -> observation.value = value "value";
}
`;

/** An answer of so many items; every eighth is left unanswered. */
export function makeResponse(items: number): QuestionnaireResponse {
  return {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    item: Array.from({ length: items }, (_, n) => ({
      linkId: `q${n}`,
      text: `Question ${n}`,
      ...(n % 8 !== 7 && { answer: [{ valueInteger: (n * 13) % 101 }] }),
    })),
  };
}

function toObservation(item: QuestionnaireResponseItem): Observation {
  const value = item.answer?.[0]?.valueInteger;
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'https://silta.example/fhir/CodeSystem/bench', code: item.linkId }] },
    ...(value !== undefined && { valueInteger: value }),
  };
}

/** The same, as one would write it by hand. */
export function toObservations(source: QuestionnaireResponse): Bundle<Observation> {
  const answered = (source.item ?? []).filter((item) => item.answer !== undefined);
  const entry = answered.map((item) => ({ resource: toObservation(item) }));
  return { resourceType: 'Bundle', type: 'collection', entry };
}
