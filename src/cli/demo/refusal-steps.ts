import type { OperationOutcome, QuestionnaireResponse } from 'fhir/r4';
import { bdiAnswer, moodAnswer } from './answers.ts';
import { ask, type Cast, expect, explain, find } from './cast.ts';

/** What goes wrong most often, and where the gateway has to say it is. */
function badAnswers(cast: Cast): readonly [what: string, body: unknown, status: number, place: RegExp][] {
  const mood = moodAnswer(cast, 'continue');
  const [first, ...others] = mood.item ?? [];
  const bdi = bdiAnswer(cast, 12);
  return [
    ['wrong JSON', '{"resourceType": "QuestionnaireResponse",', 400, /./],
    [
      'a wrong answer type',
      { ...mood, item: [{ ...first, answer: [{ valueString: 'low' }] }, ...others] },
      422,
      /item\[0\]/,
    ],
    [
      'an answer to a question that does not exist',
      { ...mood, item: [...(mood.item ?? []), { linkId: 'moood', answer: [{ valueInteger: 1 }] }] },
      422,
      /item\[4\]/,
    ],
    ['a missing required answer', { ...bdi, item: bdi.item?.slice(0, 20) }, 422, /QuestionnaireResponse/],
    [
      'a total that is not the sum',
      { ...bdi, item: [...(bdi.item ?? []), { linkId: 'total', answer: [{ valueInteger: 3 }] }] },
      422,
      /item\[21\]/,
    ],
  ];
}

export async function refuseBadAnswers(cast: Cast): Promise<string> {
  const said: string[] = [];
  for (const [what, body, expected, place] of badAnswers(cast)) {
    const { status, body: outcome } = await ask<OperationOutcome>(
      cast,
      cast.citizen.token,
      '/QuestionnaireResponse',
      { method: 'POST', body },
    );
    const where = outcome.issue?.flatMap((issue) => issue.expression ?? []).join(', ') ?? '';
    const holds = status === expected && outcome.resourceType === 'OperationOutcome';
    expect(holds, () => `${what} answers ${status}: ${explain(outcome)}`);
    expect(place.test(where || explain(outcome)), () => `${what} is said to be at ${where}`);
    said.push(`${what}: ${status} ${where || explain(outcome).trim()}`);
  }
  const stored = await find<QuestionnaireResponse>(
    cast,
    cast.citizen.token,
    `/QuestionnaireResponse?_lastUpdated=ge${cast.began.toISOString()}`,
  );
  expect(stored.length === 0, () => `${stored.length} of the wrong answers were stored`);
  return said.join('\n');
}
