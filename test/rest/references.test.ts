import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AINO, EERO, moodAnswer, startGateway, type TestGateway, task } from './gateway.ts';

let loading: TestGateway;
beforeAll(async () => {
  loading = await startGateway({ enforceReferences: false });
});
afterAll(() => loading.close());

const post = (path: string, body: object, token = 'portal') =>
  request(loading.url)
    .post(path)
    .set({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' })
    .send(body);
const ahead = { basedOn: [{ reference: 'CarePlan/comes-later' }] };

describe('a gateway that does not enforce references', () => {
  it('takes what refers to a resource that is not here, alone and in a transaction, and says so', async () => {
    await post('/Task', task(AINO, ahead)).expect(201);
    await post('/', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: task(AINO, ahead), request: { method: 'POST', url: 'Task' } }],
    }).expect(200);
    const { body } = await request(loading.url).get('/metadata').expect(200);
    expect(body.rest[0].resource[0].referencePolicy).toEqual(['literal']);
  });

  it('still holds a citizen to what is there and theirs', async () => {
    await post('/QuestionnaireResponse', moodAnswer(AINO), 'aino').expect(201);
    const dangling = await post('/QuestionnaireResponse', { ...moodAnswer(AINO), ...ahead }, 'aino').expect(
      422,
    );
    expect(dangling.body.issue[0].expression).toEqual(['QuestionnaireResponse.basedOn[0]']);
    const { body } = await post('/CarePlan', {
      resourceType: 'CarePlan',
      status: 'active',
      intent: 'plan',
      subject: { reference: `Patient/${EERO}` },
    }).expect(201);
    const foreign = { basedOn: [{ reference: `CarePlan/${body.id}` }] };
    await post('/QuestionnaireResponse', { ...moodAnswer(AINO), ...foreign }, 'aino').expect(422);
  });
});
