import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AINO, startGateway, type TestGateway, task } from '../gateway.ts';
import { callerOf, HEALTH, ward } from './support.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  await post('/CodeSystem', ward).expect(201);
});
afterAll(() => gateway.close());
const { get, post } = callerOf(() => gateway);

const SURGERY = 'https://terms.example/ValueSet/surgery';
const surgery = {
  resourceType: 'ValueSet',
  url: SURGERY,
  status: 'active',
  compose: { include: [{ system: HEALTH, filter: [{ property: 'concept', op: 'is-a', value: 'K' }] }] },
};

describe('a stored value set', () => {
  it('is what answers are judged by', async () => {
    const questionnaire = {
      resourceType: 'Questionnaire',
      url: 'https://terms.example/Questionnaire/where',
      status: 'active',
      item: [{ linkId: 'ward', type: 'choice', answerValueSet: SURGERY }],
    };
    await post('/Questionnaire', questionnaire).expect(201);
    const answer = (code: string, display?: string) =>
      post('/QuestionnaireResponse/$validate', {
        resourceType: 'QuestionnaireResponse',
        questionnaire: questionnaire.url,
        status: 'completed',
        subject: { reference: `Patient/${AINO}` },
        item: [{ linkId: 'ward', answer: [{ valueCoding: { system: HEALTH, code, display } }] }],
      }).expect(200);
    const verdict = async (...given: Parameters<typeof answer>) => {
      const { issue } = (await answer(...given)).body;
      return `${issue[0].severity} ${issue[0].details?.coding[0].code ?? ''}`;
    };
    expect(await verdict('K1')).toBe('warning definition-unknown');
    const { id } = (await post('/ValueSet', surgery).expect(201)).body;
    expect(id).toEqual(expect.any(String));
    expect(await verdict('K1')).toBe('information ');
    expect(await verdict('K2', 'Ortopedi')).toBe('information ');
    expect(await verdict('K2', 'Kirurgia')).toBe('error answer-display');
    expect(await verdict('S')).toBe('error answer-option');
  });

  it('is what a search by its codes goes by, and so is a stored hierarchy', async () => {
    const of = async (code: string) => {
      const coded = task(AINO, { code: { coding: [{ system: HEALTH, code }] } });
      return (await post('/Task', coded).expect(201)).body.id as string;
    };
    const [surgical, medical] = [await of('K1'), await of('S')];
    const found = async (query: string) => {
      const { body } = await get(`/Task?${query}`).expect(200);
      return (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id);
    };
    await post('/ValueSet', { ...surgery, url: `${SURGERY}-search` }).expect(201);
    expect(await found(`code:in=${SURGERY}-search`)).toEqual([surgical]);
    expect(await found(`code:below=${HEALTH}|K`)).toEqual([surgical]);
    expect(await found(`code:not-in=${SURGERY}-search`)).toContain(medical);
    await get('/Task?code:in=https://terms.example/ValueSet/none').expect(400);
    await get(`/Task?code:below=${HEALTH}|none`).expect(400);
  });

  it('is followed from its narrow codes to the wide ones, too, and in the components of what is found', async () => {
    const of = async (code: string) => {
      const coded = { coding: [{ system: HEALTH, code }] };
      const component = [{ code: coded, valueInteger: 1 }];
      const observation = { resourceType: 'Observation', status: 'final', code: coded, component };
      return (await post('/Observation', observation).expect(201)).body.id as string;
    };
    const [wide, narrow] = [await of('K'), await of('K2')];
    const found = async (query: string) => {
      const { body } = await get(`/Observation?${query}`).expect(200);
      return (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id);
    };
    expect(await found(`code:above=${HEALTH}|K2`)).toEqual([wide, narrow]);
    expect(await found(`code:above=${HEALTH}|K`)).toEqual([wide]);
    expect(await found(`combo-code:below=${HEALTH}|K`)).toEqual([wide, narrow]);
    expect(await found(`code:in=${SURGERY}-search&_id=${narrow}`)).toEqual([narrow]);
  });
});
