import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Resource } from '../../src/resource.ts';
import { AINO, EERO, moodAnswer, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
let choosing: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  choosing = await startGateway({ clientIds: true });
});
afterAll(() => Promise.all([gateway.close(), choosing.close()]));

const as = (token: string) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' });
const put = (path: string, body: object, token = 'portal', at = gateway) =>
  request(at.url).put(path).set(as(token)).send(body);
const remove = (path: string, token = 'portal') => request(gateway.url).delete(path).set(as(token));
const get = (path: string, token = 'portal') => request(gateway.url).get(path).set(as(token));
const send = (entries: readonly object[], token = 'portal', at = gateway) =>
  request(at.url)
    .post('/')
    .set(as(token))
    .send({ resourceType: 'Bundle', type: 'transaction', entry: entries });

const ticket = (value: string, change: object = {}): Resource =>
  task(AINO, { identifier: [{ system: 'urn:example:ticket', value }], ...change });
const by = (value: string) => `/Task?identifier=urn:example:ticket|${value}`;

describe('a conditional update', () => {
  it('creates what nothing matches, and from then on replaces it', async () => {
    const created = await put(by('U-1'), ticket('U-1')).expect(201);
    const updated = await put(by('U-1'), ticket('U-1', { priority: 'urgent' })).expect(200);
    expect(updated.body).toMatchObject({ id: created.body.id, priority: 'urgent', meta: { versionId: '2' } });
    const named = await put(by('U-1'), { ...ticket('U-1'), id: created.body.id }).expect(200);
    expect(named.headers['etag']).toBe('W/"3"');
  });

  it('makes one resource, however many ask at once, and loses no version', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => put(by('U-2'), ticket('U-2', { description: `${n}` }))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.map(({ headers }) => headers['etag']).sort()).toEqual([1, 2, 3, 4].map((n) => `W/"${n}"`));
  });

  it('refuses several matches, the id of another, criteria that select nothing, and a version that is not there', async () => {
    for (const _ of [1, 2]) {
      await request(gateway.url).post('/Task').set(as('portal')).send(ticket('U-3')).expect(201);
    }
    await put(by('U-3'), ticket('U-3')).expect(412);
    await put(by('U-1'), { ...ticket('U-1'), id: 'another' }).expect(400);
    const chosen = await put(by('U-none'), { ...ticket('U-none'), id: 'mine' }).expect(400);
    expect(chosen.body.issue[0].expression).toEqual(['Task.id']);
    await put('/Task', ticket('U-4')).expect(400);
    await put('/Task?identifier=', ticket('U-4')).expect(400);
    await put('/Task?nonsense=1', ticket('U-4')).expect(400);
    await put('/Task?_count=1', ticket('U-4')).expect(400);
    await put(by('U-4'), ticket('U-4')).set('If-Match', 'W/"1"').expect(412);
    await put(by('U-1'), ticket('U-1')).set('If-Match', 'W/"1"').expect(412);
    await put(by('U-1'), ticket('U-1')).set('If-Match', 'W/"3"').expect(200);
  });

  it('neither shows nor changes what the caller may not see', async () => {
    const { body } = await request(gateway.url)
      .post('/Task')
      .set(as('portal'))
      .send({ ...ticket('U-5'), for: { reference: `Patient/${EERO}` } })
      .expect(201);
    const hidden = await put(by('U-5'), ticket('U-5'), 'aino');
    const absent = await put(by('U-6'), ticket('U-6'), 'aino');
    expect([hidden.status, hidden.body]).toEqual([absent.status, absent.body]);
    expect(hidden.status).toBe(403);
    expect((await get(`/Task/${body.id}`)).body.meta.versionId).toBe('1');
    await put(by('U-1'), ticket('U-1'), 'lifecare').expect(403);
  });

  it('takes an id of the client where that is allowed, and none that is in use', async () => {
    const mine = { ...ticket('C-1'), id: 'mine-1' };
    await put(by('C-1'), mine, 'portal', choosing).expect(201);
    await put('/Task/mine-2', { ...ticket('C-2'), id: 'mine-2' }, 'portal', choosing).expect(201);
    await put('/Task/mine-2', { ...ticket('C-2'), id: 'mine-2' }, 'portal', choosing).expect(200);
    await put(by('C-3'), mine, 'portal', choosing).expect(409);
    const code = { ...ticket('C-4'), id: '010190-999W' };
    await put(by('C-4'), code, 'portal', choosing).expect(400);
    await put(by('C-5'), { ...mine, id: 'mine-3' }, 'aino', choosing).expect(403);
  });
});

describe('a conditional delete', () => {
  it('deletes the one match, and is content with none', async () => {
    const { body } = await put(by('D-1'), ticket('D-1')).expect(201);
    await remove(by('D-1')).expect(204);
    await get(`/Task/${body.id}`).expect(410);
    await remove(by('D-1')).expect(204);
  });

  it('refuses several matches and criteria that select nothing', async () => {
    for (const _ of [1, 2]) {
      await request(gateway.url).post('/Task').set(as('portal')).send(ticket('D-2')).expect(201);
    }
    await remove(by('D-2')).expect(412);
    await remove('/Task').expect(400);
    await remove('/Task?status=').expect(400);
    await remove('/Task?nonsense=1').expect(400);
  });

  it('answers for what is hidden as for what is absent', async () => {
    const { body } = await put(by('D-3'), ticket('D-3')).expect(201);
    await remove(by('D-3'), 'social').expect(204);
    await remove(by('D-3'), 'aino').expect(403);
    await remove(by('D-3'), 'lifecare').expect(403);
    await get(`/Task/${body.id}`).expect(200);
  });
});

describe('conditional entries of a transaction', () => {
  const entry = (method: string, value: string, resource?: object) => ({
    ...(resource && { resource, fullUrl: 'urn:uuid:9c0b6f3e-4a52-4f2e-8d59-1f1b8f3c9c11' }),
    request: { method, url: by(value).slice(1) },
  });

  it('create, replace and delete, and are what other entries refer to', async () => {
    await put(by('T-1'), ticket('T-1')).expect(201);
    const other = {
      resource: task(AINO, { partOf: [{ reference: 'urn:uuid:9c0b6f3e-4a52-4f2e-8d59-1f1b8f3c9c11' }] }),
      request: { method: 'POST', url: 'Task' },
    };
    const entries = [
      entry('PUT', 'T-2', ticket('T-2')),
      entry('DELETE', 'T-1'),
      other,
      entry('DELETE', 'T-9'),
    ];
    const first = await send(entries).expect(200);
    expect(first.body.entry.map(({ response }: { response: { status: string } }) => response.status)).toEqual(
      ['201 Created', '204 No Content', '201 Created', '204 No Content'],
    );
    const [id] = first.body.entry[0].response.location.split('/Task/')[1].split('/');
    const made = first.body.entry[2].response.location.slice(gateway.url.length);
    expect((await get(made)).body.partOf).toEqual([{ reference: `Task/${id}` }]);
    const second = await send(entries).expect(200);
    expect(second.body.entry[0].response).toMatchObject({ status: '200 OK', etag: 'W/"2"' });
  });

  it('are refused when two mean the same, when several match, and when the caller may not', async () => {
    const twice = await send([entry('PUT', 'T-3', ticket('T-3')), { ...entry('DELETE', 'T-3') }]).expect(400);
    expect(twice.body.issue[0].expression).toEqual(['Bundle.entry[1].request.url']);
    await send([entry('DELETE', 'D-2')]).expect(412);
    await send([entry('PUT', 'T-4', { ...ticket('T-4'), id: 'mine' })]).expect(400);
    await send([entry('PUT', 'T-4', ticket('T-4'))], 'aino').expect(403);
    expect((await get(by('T-4'))).body.total).toBe(0);
  });

  it('keep to the version that the caller saw', async () => {
    await put(by('T-6'), ticket('T-6')).expect(201);
    const stale = entry('PUT', 'T-6', ticket('T-6'));
    await send([{ ...stale, request: { ...stale.request, ifMatch: 'W/"7"' } }]).expect(412);
    await send([{ ...stale, request: { ...stale.request, ifMatch: 'W/"1"' } }]).expect(200);
  });

  it('that race make one resource', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => send([entry('PUT', 'T-5', ticket('T-5'))])));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await get(by('T-5'))).body.total).toBe(1);
  });
});

describe('a conditional read', () => {
  it('says 304 without a body to who has the version, and shows a newer one', async () => {
    const { body } = await put(by('R-1'), ticket('R-1')).expect(201);
    const path = `/Task/${body.id}`;
    const unchanged = await get(path).set('If-None-Match', 'W/"1"').expect(304);
    expect([unchanged.text, unchanged.headers['etag']]).toEqual(['', 'W/"1"']);
    const modified = unchanged.headers['last-modified'] as string;
    await get(path).set('If-Modified-Since', modified).expect(304);
    await get(path).set('If-None-Match', 'W/"7"').set('If-Modified-Since', modified).expect(200);
    await put(path, { ...body, priority: 'asap' }).expect(200);
    await get(path).set('If-None-Match', 'W/"1"').expect(200);
    await get(path).set('If-None-Match', 'W/"1", W/"2"').expect(304);
  });

  it('says no more about what is hidden than about what is absent', async () => {
    const { body } = await put(by('R-2'), { ...ticket('R-2'), for: { reference: `Patient/${EERO}` } });
    for (const path of [`/Task/${body.id}`, '/Task/never-was']) {
      await get(path, 'aino').set('If-None-Match', 'W/"1"').expect(404);
    }
  });

  it('of a deleted resource is gone', async () => {
    const { body } = await request(gateway.url)
      .post('/QuestionnaireResponse')
      .set(as('portal'))
      .send(moodAnswer(AINO))
      .expect(201);
    await remove(`/QuestionnaireResponse/${body.id}`).expect(204);
    await get(`/QuestionnaireResponse/${body.id}`).set('If-None-Match', 'W/"2"').expect(410);
  });
});
