import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Resource } from '../../src/resource.ts';
import { AINO, moodAnswer, startGateway, type TestGateway, task } from './gateway.ts';

/** The gateway's time, moved by the tests. */
let now = Date.parse('2026-03-01T08:00:00Z');
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({}, () => new Date(now));
});
afterAll(() => gateway.close());

const post = (path: string, key: string, body: object, token = 'portal') =>
  request(gateway.url)
    .post(path)
    .set({
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/fhir+json',
      'Idempotency-Key': key,
    })
    .send(body);
const transaction = (...resources: readonly Resource[]) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: resources.map((resource) => ({ resource, request: { method: 'POST', url: resource.resourceType } })),
});
/** How many resources the work adds. */
async function added(work: () => Promise<unknown>): Promise<number> {
  const before = await gateway.countResources();
  await work();
  return (await gateway.countResources()) - before;
}

describe('a create that is repeated under its key', () => {
  it('is answered as the first time and creates nothing more', async () => {
    const writes = gateway.writes();
    expect(
      await added(async () => {
        const first = await post('/Task', 'key-1', task(AINO)).expect(201);
        const second = await post('/Task', 'key-1', task(AINO)).expect(201);
        expect(second.text).toBe(first.text);
        for (const name of ['etag', 'location', 'last-modified', 'content-type']) {
          expect(second.headers[name]).toBe(first.headers[name]);
        }
      }),
    ).toBe(1);
    expect(gateway.writes()).toBe(writes + 1);
  });

  it('makes one resource of two at once', async () => {
    expect(
      await added(async () => {
        const ask = () => post('/QuestionnaireResponse', 'key-2', moodAnswer(AINO), 'aino');
        const answers = await Promise.all([ask(), ask(), ask(), ask()]);
        expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
        expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      }),
    ).toBe(1);
  });

  it('is refused with another body, address or condition', async () => {
    await post('/Task', 'key-3', task(AINO)).expect(201);
    expect(
      await added(async () => {
        const { body } = await post('/Task', 'key-3', task(AINO, { priority: 'stat' })).expect(422);
        expect(body.issue[0].details.coding[0].code).toBe('idempotency-key-reused');
        await post('/Patient', 'key-3', { resourceType: 'Patient' }).expect(422);
        await post('/Task', 'key-3', task(AINO)).set('If-None-Exist', 'status=requested').expect(422);
        await post('/', 'key-3', transaction(task(AINO))).expect(422);
      }),
    ).toBe(0);
  });

  it('by someone else is someone else’s', async () => {
    const answer = moodAnswer(AINO);
    const first = await post('/QuestionnaireResponse', 'key-4', answer, 'aino').expect(201);
    const other = await post('/QuestionnaireResponse', 'key-4', answer, 'portal').expect(201);
    expect(other.body.id).not.toBe(first.body.id);
    await post('/QuestionnaireResponse', 'key-4', answer, 'eero').expect(403);
    await post('/QuestionnaireResponse', 'key-4', answer, 'lifecare').expect(403);
  });

  it('may be tried again after it failed', async () => {
    await post('/Task', 'key-5', { ...task(AINO), status: 'sleeping' }).expect(422);
    await post('/Task', 'key-5', task('no-such-patient')).expect(422);
    await post('/Task', 'key-5', task(AINO)).expect(201);
  });

  it('is forgotten after a day', async () => {
    const first = await post('/Task', 'key-6', task(AINO)).expect(201);
    now += 24 * 60 * 60 * 1000 - 1;
    expect((await post('/Task', 'key-6', task(AINO)).expect(201)).body.id).toBe(first.body.id);
    now += 1;
    expect((await post('/Task', 'key-6', task(AINO, { priority: 'stat' })).expect(201)).body.id).not.toBe(
      first.body.id,
    );
    const rows = await gateway.database.database.query(
      'SELECT count(*) AS expired FROM idempotent_answer WHERE at <= $1',
      [new Date(now - 24 * 60 * 60 * 1000).toISOString()],
    );
    expect(rows).toEqual([{ expired: 0 }]);
  });

  it('answers a conditional create as the first time', async () => {
    const ticket = task(AINO, { identifier: [{ system: 'urn:example:ticket', value: 'I-1' }] });
    const ask = (key: string) =>
      post('/Task', key, ticket).set('If-None-Exist', 'identifier=urn:example:ticket|I-1');
    await ask('key-7').expect(201);
    await ask('key-7').expect(201);
    await ask('key-8').expect(200);
    await ask('key-8').expect(200);
  });

  it('leaves what it shows again in the audit, and neither key nor content elsewhere', async () => {
    const { body } = await post('/Task', 'key-010190-999W', task(AINO)).expect(201);
    await post('/Task', 'key-010190-999W', task(AINO)).set('X-Request-Id', 'repeated-1').expect(201);
    const { database } = gateway.database;
    expect(
      await database.query("SELECT action, entities FROM audit WHERE request_id = 'repeated-1'"),
    ).toEqual([{ action: 'create', entities: [`Task/${body.id}`] }]);
    const rows = await database.query(
      "SELECT count(*) AS found FROM idempotent_answer WHERE client || key_hash || request_hash LIKE '%010190%'",
    );
    expect(rows).toEqual([{ found: 0 }]);
  });

  it.each(['', ' ', 'ä', 'x'.repeat(256), 'two words'])('with the key %j is refused', async (key) => {
    await post('/Task', encodeURI(key) === key ? key : 'a b', task(AINO)).expect(400);
  });
});

describe('a transaction that is repeated under its key', () => {
  it('is answered as the first time, all of it, and audited', async () => {
    expect(
      await added(async () => {
        const bundle = transaction(task(AINO), { resourceType: 'Patient' });
        const first = await post('/', 'key-20', bundle).expect(200);
        const second = await post('/', 'key-20', bundle).set('X-Request-Id', 'repeated-2').expect(200);
        expect(second.text).toBe(first.text);
      }),
    ).toBe(2);
    const rows = await gateway.database.database.query(
      "SELECT action, cardinality(entities) AS shown FROM audit WHERE request_id = 'repeated-2'",
    );
    expect(rows).toEqual([{ action: 'transaction', shown: 2 }]);
  });

  it('makes one of two at once, and is refused with another body', async () => {
    expect(
      await added(async () => {
        const answers = await Promise.all([1, 2, 3].map(() => post('/', 'key-21', transaction(task(AINO)))));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
        await post('/', 'key-21', transaction(task(AINO), task(AINO))).expect(422);
      }),
    ).toBe(1);
  });

  it('that failed had no effect and may be tried again', async () => {
    await post('/', 'key-22', transaction(task(AINO), task('no-such-patient'))).expect(422);
    await post('/', 'key-22', transaction(task(AINO))).expect(200);
  });

  it('is not a batch', async () => {
    await post('/', 'key-23', { ...transaction(task(AINO)), type: 'batch' }).expect(400);
  });
});
