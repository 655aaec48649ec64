import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AINO, bdiAnswer, moodAnswer, ROOT, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
let before = 0;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  before = await gateway.countResources();
});
// Whatever is refused here must leave no trace among the resources.
afterEach(async () => {
  expect(await gateway.countResources()).toBe(before);
});

const as = (token: string) => ({ Authorization: `Bearer ${token}` });
const post = (path: string, body: object | string, token = 'portal') =>
  request(gateway.url).post(path).set(as(token)).set('Content-Type', 'application/fhir+json').send(body);

/** Posts bytes as they are, which supertest would re-encode. */
async function postBytes(path: string, bytes: Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { ...as('portal'), 'Content-Type': 'application/fhir+json', ...headers },
    body: bytes,
  });
  return { status: response.status, body: (await response.json()) as Outcome };
}

interface Outcome {
  readonly resourceType: string;
  readonly issue: readonly {
    readonly code: string;
    readonly diagnostics: string;
    readonly expression?: readonly string[];
  }[];
}

describe('a body that is not FHIR JSON', () => {
  it.each([
    ['{"resourceType":"Task",', '1:24:'],
    ['{"resourceType":"Task"\n"status":"requested"}', "2:1: expected ',' or '}'"],
    ['{"resourceType":"Task","resourceType":"Task"}', '1:24: the same name twice'],
    ['{"resourceType":"Task","__proto__":{"admin":true}}', '1:24: this name is not allowed'],
    ['', 'The body is empty'],
    ['null', 'one JSON object'],
    [`{"resourceType":"Task","x":${'['.repeat(5000)}`, 'levels deep'],
  ])('is refused with its place: %#', async (body, diagnostics) => {
    const answer = await post('/Task', body).expect(400);
    expect(answer.body).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', diagnostics: expect.stringContaining(diagnostics) }],
    });
  });

  it('is refused when it is not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"resourceType":"Task","description":"'),
      Buffer.from([0xe4]),
      Buffer.from('"}'),
    ]);
    const { status, body } = await postBytes('/Task', bytes);
    expect(status).toBe(400);
    expect(body.issue[0]?.diagnostics).toContain('UTF-8');
  });

  it('never comes back in the answer', async () => {
    const { text } = await post(
      '/Patient',
      '{"resourceType":"Patient","identifier":[{"value":010190-999W}]}',
    ).expect(400);
    expect(text).not.toContain('999P');
  });

  it('is refused when it is too large, also when only its content is', async () => {
    const large = JSON.stringify(task(AINO, { description: 'x'.repeat(300_000) }));
    const plain = await post('/Task', large).expect(413);
    expect(plain.body.issue[0].code).toBe('too-long');
    const { gzipSync } = await import('node:zlib');
    const { status, body } = await postBytes('/Task', gzipSync(large), { 'Content-Encoding': 'gzip' });
    expect([status, body.issue[0]?.code]).toEqual([413, 'too-long']);
    const unknown = await postBytes('/Task', Buffer.from('{}'), { 'Content-Encoding': 'sparse' });
    expect(unknown.status).toBe(415);
  });

  it.each([
    'application/xhtml+xml',
    'application/xml-patch+xml',
    'text/plain',
    'application/json-patch+json',
    'application/fhir+json; fhirVersion=5.0',
    'application/json; charset=latin1',
  ])('is refused as %s', async (type) => {
    const answer = await request(gateway.url)
      .post('/Task')
      .set(as('portal'))
      .set('Content-Type', type)
      .send('<Task/>');
    expect([answer.status, answer.body.issue[0].code]).toEqual([415, 'not-supported']);
  });
});

describe('an answer form that is neither JSON nor XML', () => {
  it.each([
    ['/Task', 'text/html'],
    ['/Task', 'application/fhir+json;q=0, application/fhir+xml;q=0'],
    ['/Task?_format=ttl', 'application/fhir+json'],
    ['/metadata?_format=text/turtle', '*/*'],
    ['/Task', 'application/fhir+json; fhirVersion=3.0'],
  ])('is refused: %s as %s', async (path, accept) => {
    const answer = await request(gateway.url).get(path).set(as('portal')).set('Accept', accept).expect(406);
    expect(answer.body.issue[0].code).toBe('not-supported');
  });

  it.each([
    'application/fhir+json',
    'application/json',
    '*/*',
    'text/html, application/xml;q=0.9, */*;q=0.8',
    'application/fhir+json; fhirVersion=4.0',
  ])('is not what %s asks for', async (accept) => {
    await request(gateway.url).get('/Task').set(as('portal')).set('Accept', accept).expect(200);
  });
});

describe('a caller who is not known', () => {
  it.each([
    ['none', 401, 'login', 'Bearer realm="fhir"'],
    ['expired', 401, 'expired', 'error="invalid_token"'],
    ['foreign', 401, 'login', 'Bearer realm="fhir"'],
  ])('with a token that is %s is refused', async (token, status, code, challenge) => {
    const call = request(gateway.url)
      .post('/Task')
      .set('Content-Type', 'application/fhir+json')
      .send(task(AINO));
    const answer = await (token === 'none' ? call : call.set(as(token)));
    expect([answer.status, answer.body.issue[0].code]).toEqual([status, code]);
    expect(answer.headers['www-authenticate']).toContain(challenge);
  });
});

describe('an address that means nothing', () => {
  it.each([
    ['get', '/Tusk', 404, "Did you mean 'Task'?"],
    ['get', '/task/1', 404, "Did you mean 'Task'?"],
    ['get', '/Bundle', 404, 'not a resource type this server keeps'],
    ['get', '/Task/1/2/3/4', 404, 'no FHIR interaction'],
    ['get', '/Task/with%20space', 404, 'no FHIR interaction'],
    ['get', '/Task/%ff', 400, 'percent-encoded'],
    ['put', '/', 405, 'by POST'],
    ['get', '/', 400, "'_type' must list"],
    ['put', '/Task', 415, 'application/fhir+json'],
    ['put', '/Task/1/_history', 405, 'GET, HEAD'],
    ['patch', '/Task/1/_history', 405, 'GET, HEAD'],
    ['get', '/Task/none?x=1', 400, 'does not know one of the parameters'],
    ['get', '/Task/none?_prety=true', 400, "Did you mean '_pretty'?"],
    ['get', '/Task/none?_pretty=maybe', 400, "'_pretty' must be"],
  ] as const)('%s %s → %i', async (method, path, status, diagnostics) => {
    const answer = await request(gateway.url)[method](path).set(as('portal'));
    expect([answer.status, answer.body.resourceType]).toEqual([status, 'OperationOutcome']);
    expect(answer.body.issue[0].diagnostics).toContain(diagnostics);
  });
});

describe('a method that an address does not answer', () => {
  it('is refused with those it does', async () => {
    const answer = await request(gateway.url).post('/Task/1').set(as('portal')).expect(405);
    expect(answer.headers['allow']).toBe('GET, PUT, PATCH, DELETE, HEAD');
  });
});

describe('a resource that breaks its definition', () => {
  it('is refused with every finding', async () => {
    const { body } = await post('/Task', {
      resourceType: 'Task',
      status: 'sleeping',
      for: { reference: 5 },
    }).expect(422);
    const expressions = (body as Outcome).issue.flatMap(({ expression }) => expression ?? []);
    expect(expressions).toEqual(expect.arrayContaining(['Task.status', 'Task.intent']));
  });

  it('of another type than the address is refused', async () => {
    const { body } = await post('/Task', moodAnswer(AINO)).expect(400);
    expect(body.issue[0].expression).toEqual(['resourceType']);
  });

  it('with a personal identity code whose control character is wrong is refused, and the code is not repeated', async () => {
    const patient = {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:oid:1.2.246.21', value: '010190-999A' }], // wrong control character
    };
    const { body, text } = await post('/Patient', patient).expect(422);
    expect((body as Outcome).issue.flatMap(({ expression }) => expression ?? [])).toContain(
      'Patient.identifier[0].value',
    );
    expect(text).not.toContain('999A');
  });

  it('that refers to what is not here is refused at the reference', async () => {
    const wrong = task(AINO, {
      focus: { reference: 'CarePlan/nowhere' },
      basedOn: [{ reference: 'Nothing/1' }],
    });
    const { body } = await post('/Task', wrong).expect(422);
    const expressions = (body as Outcome).issue.flatMap(({ expression }) => expression ?? []);
    expect(expressions).toContain('Task.basedOn[0]');
    const dangling = await post('/Task', task(AINO, { focus: { reference: 'CarePlan/nowhere' } })).expect(
      422,
    );
    expect(dangling.body.issue).toMatchObject([{ code: 'not-found', expression: ['Task.focus'] }]);
  });
});

describe('an answer that does not fit its questionnaire', () => {
  const answer = (item: object[]) => ({ ...moodAnswer(AINO), item });

  it('is refused when the questionnaire is not known', async () => {
    const unknown = { ...moodAnswer(AINO), questionnaire: `${ROOT}/Questionnaire/unknown` };
    const { body } = await post('/QuestionnaireResponse', unknown, 'aino').expect(422);
    expect(body.issue[0]).toMatchObject({
      code: 'not-found',
      expression: ['QuestionnaireResponse.questionnaire'],
    });
  });

  it.each([
    [
      'of the wrong type',
      [{ linkId: 'contact', answer: [{ valueString: 'soon' }] }],
      'QuestionnaireResponse.item[0].answer[0]',
    ],
    [
      'to a question that does not exist',
      [...(moodAnswer(AINO)['item'] as object[]), { linkId: 'shoe-size', answer: [{ valueInteger: 42 }] }],
      'QuestionnaireResponse.item[1]',
    ],
  ])('is refused %s', async (_what, item, expression) => {
    const { body } = await post('/QuestionnaireResponse', answer(item), 'aino').expect(422);
    const expressions = (body as Outcome).issue.flatMap((issue) => issue.expression ?? []);
    expect(expressions.some((each) => each.startsWith(expression))).toBe(true);
  });

  it('is refused when a required answer is missing', async () => {
    const full = bdiAnswer(AINO, 1);
    const { body } = await post(
      '/QuestionnaireResponse',
      { ...full, item: (full['item'] as object[]).slice(1) },
      'aino',
    ).expect(422);
    expect(JSON.stringify(body.issue)).toContain('bdi-1');
  });
});

describe('a failure of the gateway itself', () => {
  it('shows no detail to the caller and logs where, not what', async () => {
    const broken = await startGateway({
      authenticate: () => Promise.reject(new Error('secret 010190-999W in a message')),
    });
    try {
      const answer = await request(broken.url)
        .get('/Task')
        .set('X-Request-Id', 'broken-request-1')
        .expect(500);
      expect(answer.text).not.toContain('secret');
      expect(answer.body.issue[0].code).toBe('exception');
      expect(broken.log).toHaveLength(1);
      expect(broken.log[0]).toContain('broken-request-1');
      expect(broken.log[0]).not.toContain('secret');
      expect(broken.log[0]).not.toContain('999P');
    } finally {
      await broken.close();
    }
  });
});
