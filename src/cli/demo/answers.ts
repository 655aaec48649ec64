import type { QuestionnaireResponse } from 'fhir/r4';
import { BDI, CANONICAL, type Cast, MOOD } from './cast.ts';

/** A mood self-assessment with one wish for contact. */
export function moodAnswer(cast: Cast, contact: string): QuestionnaireResponse {
  const choice = (linkId: string, code: string) => ({
    linkId,
    answer: [{ valueCoding: { system: `${CANONICAL}/CodeSystem/mood-answer`, code } }],
  });
  return {
    ...response(cast, MOOD),
    item: [
      choice('mood', 'low'),
      choice('sleep', 'sleep-mostly-badly'),
      choice('coping', 'coping-hardly'),
      choice('contact', contact),
    ],
  };
}

/** A BDI whose 21 items add up to `total`; item 9 is always 0. */
export function bdiAnswer(cast: Cast, total: number): QuestionnaireResponse {
  let left = total;
  const item = Array.from({ length: 21 }, (_, index) => {
    const points = index === 8 ? 0 : Math.min(left, 2);
    left -= points;
    const coding = { system: `${CANONICAL}/CodeSystem/bdi-answer`, code: String(points) };
    return { linkId: `bdi-${index + 1}`, answer: [{ valueCoding: coding }] };
  });
  return { ...response(cast, BDI), item };
}

function response(cast: Cast, questionnaire: string): QuestionnaireResponse {
  return {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire,
    language: 'fi',
    subject: { reference: `Patient/${cast.citizen.patient}` },
    basedOn: [{ reference: cast.carePlan }],
    authored: new Date().toISOString(),
  };
}
