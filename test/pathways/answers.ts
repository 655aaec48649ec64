import type { Resource } from '../../src/resource.ts';

const ROOT = 'https://silta.example/fhir';
const HEALTH = [{ system: `${ROOT}/CodeSystem/sector`, code: 'health' }] as const;

export function moodAnswer(contact: string, extra: Record<string, unknown> = {}): Resource {
  return {
    resourceType: 'QuestionnaireResponse',
    id: 'mood-7f3',
    meta: { security: [...HEALTH] },
    questionnaire: `${ROOT}/Questionnaire/mood-self-assessment|1.0.0`,
    status: 'completed',
    subject: { reference: 'Patient/p-41' },
    item: [
      {
        linkId: 'contact',
        answer: [{ valueCoding: { system: `${ROOT}/CodeSystem/mood-answer`, code: contact } }],
      },
    ],
    ...extra,
  };
}

/** A completed BDI whose 21 scores are given. */
export function bdiAnswer(scores: readonly number[], extra: Record<string, unknown> = {}): Resource {
  return {
    resourceType: 'QuestionnaireResponse',
    id: 'bdi-c92',
    meta: { security: [...HEALTH] },
    questionnaire: `${ROOT}/Questionnaire/bdi-shell|1.0.0`,
    status: 'completed',
    subject: { reference: 'Patient/p-41' },
    item: [
      ...scores.map((score, index) => ({
        linkId: `bdi-${index + 1}`,
        answer: [{ valueCoding: { system: `${ROOT}/CodeSystem/bdi-answer`, code: String(score) } }],
      })),
      { linkId: 'total', answer: [{ valueInteger: scores.reduce((sum, score) => sum + score, 0) }] },
    ],
    ...extra,
  };
}

/** 21 scores with the given sum, item 9 filled last. */
export function scoresWithTotal(total: number): readonly number[] {
  const order = Array.from({ length: 21 }, (_, index) => index).sort(
    (a, b) => Number(a === 8) - Number(b === 8),
  );
  const scores = Array.from({ length: 21 }, () => 0);
  let left = total;
  for (const index of order) {
    scores[index] = Math.min(3, left);
    left -= scores[index] ?? 0;
  }
  return scores;
}
