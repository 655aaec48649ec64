import { beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { createLifecareStandIn, type LifecareStandIn } from '../../src/sandbox/index.ts';

const SECRET = 'avain-4x';
const DOCUMENT = {
  documentType: 'questionnaire-answer',
  source: { id: 'QuestionnaireResponse/q-5', version: '1' },
  patient: { personalId: '010190-999W', familyName: 'Äyräväinen', givenNames: 'Öivi Åsa' },
  form: { code: 'bdi-shell', canonical: 'https://silta.example/fhir/Questionnaire/bdi-shell' },
  completed: '2026-03-02T10:15:00+02:00',
  answers: [{ id: 'bdi-1', answer: '2', value: '2', score: 2 }],
  total: { value: 2 },
};

let standIn: LifecareStandIn;

beforeEach(() => {
  let count = 0;
  standIn = createLifecareStandIn({
    secret: SECRET,
    now: () => new Date('2026-03-02T08:15:00Z'),
    uuid: () => `document-${++count}`,
    logger: { info: () => undefined, warn: () => undefined },
  });
});

function post(body: unknown, key = 'delivery-1') {
  const sent = request(standIn.app)
    .post('/lifecare/api/documents')
    .set('Authorization', `Bearer ${SECRET}`)
    .set('Idempotency-Key', key);
  return sent.send(body as object);
}

describe('the Lifecare stand-in', () => {
  it('stores a document and shows it in its list', async () => {
    const answer = await post(DOCUMENT).expect(201);
    expect(answer.body).toEqual({ documentId: 'document-1', receivedAt: '2026-03-02T08:15:00.000Z' });
    const list = await request(standIn.app)
      .get('/lifecare/api/documents')
      .set('Authorization', `Bearer ${SECRET}`)
      .expect(200);
    expect(list.body.documents).toEqual([{ ...answer.body, document: DOCUMENT }]);
  });

  it('gives the same answer for the same key and stores one document', async () => {
    const first = await post(DOCUMENT).expect(201);
    const second = await post(DOCUMENT).expect(201);
    expect(second.body).toEqual(first.body);
    expect(standIn.documents()).toHaveLength(1);
    await post({ ...DOCUMENT, language: 'sv' }).expect(422);
    const received = await request(standIn.app).get('/control/received').expect(200);
    expect(received.body.attempts).toEqual({ 'delivery-1': 3 });
  });

  it('refuses the same version of a source under another key, and takes its next version', async () => {
    await post(DOCUMENT).expect(201);
    await post(DOCUMENT, 'delivery-2').expect(409);
    await post({ ...DOCUMENT, source: { ...DOCUMENT.source, version: '2' } }, 'delivery-3').expect(201);
  });

  it('asks for the secret and for a key', async () => {
    await request(standIn.app).post('/lifecare/api/documents').send(DOCUMENT).expect(401);
    await request(standIn.app)
      .post('/lifecare/api/documents')
      .set('Authorization', `Bearer ${SECRET}`)
      .send(DOCUMENT)
      .expect(400, { error: 'Idempotency-Key is missing' });
  });

  it.each([
    ['document is not an object', []],
    ['document.total.value is missing', { ...DOCUMENT, total: {} }],
    ['document.extra is unknown', { ...DOCUMENT, extra: 1 }],
    ['document.patient.personalId is malformed', { ...DOCUMENT, patient: { personalId: '010190_999W' } }],
    ['document.completed is malformed', { ...DOCUMENT, completed: '2026-03-02' }],
    ['document.answers[0].answer is not a string', { ...DOCUMENT, answers: [{ id: 'a', answer: 2 }] }],
    [
      'document.answers[0].score is not a number',
      { ...DOCUMENT, answers: [{ id: 'a', answer: '2', score: '2' }] },
    ],
    ['document.documentType is malformed', { ...DOCUMENT, documentType: 'muu' }],
  ])('refuses a document where %s', async (words, document) => {
    const answer = await post(document).expect(400);
    expect(answer.body).toEqual({ error: words });
    expect(standIn.documents()).toEqual([]);
  });
});
