import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Resource } from '../../src/resource.ts';
import { AINO, bdiAnswer, EERO, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const JSON_PATCH = 'application/json-patch+json';
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const patch = (path: string, body: object | string, token = 'portal', type = JSON_PATCH) =>
  request(gateway.url).patch(path).set(bearer(token)).set('Content-Type', type).send(asText(body));
const asText = (body: object | string) => (typeof body === 'string' ? body : JSON.stringify(body));
const get = (path: string, token = 'portal') => request(gateway.url).get(path).set(bearer(token));
const create = async (resource: Resource, token = 'portal') =>
  (
    await request(gateway.url)
      .post(`/${resource.resourceType}`)
      .set(bearer(token))
      .set('Content-Type', 'application/fhir+json')
      .send(resource)
      .expect(201)
  ).body;
const send = (entries: readonly object[], token = 'portal', type = 'transaction') =>
  request(gateway.url)
    .post('/')
    .set(bearer(token))
    .set('Content-Type', 'application/fhir+json')
    .send({ resourceType: 'Bundle', type, entry: entries });

/** A FHIRPath Patch of operations written as `{ type, path, … }`. */
function parameters(...operations: readonly object[]): Resource {
  return {
    resourceType: 'Parameters',
    parameter: operations.map((operation) => ({
      name: 'operation',
      part: Object.entries(operation).map(([name, value]) => {
        if (name === 'value') return { name, ...value };
        if (typeof value === 'number') return { name, valueInteger: value };
        return { name, [name === 'type' ? 'valueCode' : 'valueString']: value };
      }),
    })),
  };
}
const fhirPatch = (path: string, ...operations: readonly object[]) =>
  patch(path, parameters(...operations), 'portal', 'application/fhir+json');

describe('a JSON Patch', () => {
  it('changes what it names and goes the way of every write', async () => {
    const { id } = await create(task(AINO, { priority: 'routine', note: [{ text: 'one' }] }));
    const { body, headers } = await patch(`/Task/${id}`, [
      { op: 'test', path: '/priority', value: 'routine' },
      { op: 'replace', path: '/priority', value: 'urgent' },
      { op: 'add', path: '/note/-', value: { text: 'two' } },
      { op: 'copy', from: '/note/0', path: '/note/-' },
      { op: 'move', from: '/note/1', path: '/note/0' },
      { op: 'add', path: '/description', value: 'x' },
      { op: 'remove', path: '/description' },
    ]).expect(200);
    expect(headers['etag']).toBe('W/"2"');
    expect(body).toMatchObject({ priority: 'urgent', meta: { versionId: '2' } });
    expect(body.note).toEqual([{ text: 'two' }, { text: 'one' }, { text: 'one' }]);
    expect(body.description).toBeUndefined();
    expect((await get(`/Task?_id=${id}&priority=urgent`)).body.total).toBe(1);
    await patch(`/Task/${id}`, [{ op: 'add', path: '/note/0', value: { text: 'z' } }])
      .set('Prefer', 'return=minimal')
      .expect(200, '');
  });

  it('respects If-Match, and loses nothing to those who patch at the same time', async () => {
    const { id } = await create(task(AINO, { note: [{ text: 'start' }] }));
    const add = (text: string) => [{ op: 'add', path: '/note/-', value: { text } }];
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => patch(`/Task/${id}`, add(text))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { body } = await get(`/Task/${id}`);
    expect(body.note.map(({ text }: { text: string }) => text).sort()).toEqual(['a', 'b', 'c', 'start']);
    await patch(`/Task/${id}`, add('d')).set('If-Match', 'W/"1"').expect(412);
    const raced = await Promise.all(
      ['e', 'f', 'g'].map((text) => patch(`/Task/${id}`, add(text)).set('If-Match', 'W/"4"')),
    );
    expect(raced.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it.each([
    [[{ op: 'test', path: '/status', value: 'completed' }], 422],
    [[{ op: 'replace', path: '/nothing', value: 1 }], 422],
    [[{ op: 'remove', path: '/note/0' }], 422],
    [[{ op: 'add', path: '/note/0', value: {} }], 422],
    [[{ op: 'add', path: '/code/text/deeper', value: 'x' }], 422],
    [[{ op: 'copy', from: '/nothing', path: '/description' }], 422],
    [[{ op: 'replace', path: '/status', value: 'sleeping' }], 422],
    [[{ op: 'add', path: '/unknown', value: 'x' }], 422],
    [[{ op: 'replace', path: '/id', value: 'other' }], 422],
    [[{ op: 'replace', path: '/resourceType', value: 'Patient' }], 422],
    [[{ op: 'replace', path: '/for/reference', value: 'Patient/none' }], 422],
    [[{ op: 'remove', path: '/id' }], 422],
    [[{ op: 'melt', path: '/status' }], 400],
    [[{ op: 'add', path: '/description' }], 400],
    [[{ op: 'add', path: 'description', value: 'x' }], 400],
    [[{ op: 'add', path: '', value: task(AINO) }], 400],
    [[{ op: 'add', path: '/__proto__/polluted', value: 'x' }], 400],
    [[{ op: 'add', path: '/constructor/prototype/polluted', value: 'x' }], 400],
    [[{ op: 'copy', from: '/__proto__', path: '/description' }], 400],
    [[{ op: 'add', path: '/toString', value: 'x' }], 400],
    [[{ op: 'add', path: '/note/length', value: 99 }], 422],
    [[5], 400],
    [{ op: 'add', path: '/description', value: 'x' }, 400],
    ['[{"op":"add","path":"/for","value":{"__proto__":{"polluted":true}}}]', 400],
    ['[{', 400],
    ['', 400],
  ])('%j is answered with %i and changes nothing', async (operations, status) => {
    const { id } = await create(task(AINO));
    const answer = await patch(`/Task/${id}`, operations);
    expect([answer.status, answer.body.resourceType]).toEqual([status, 'OperationOutcome']);
    expect((await get(`/Task/${id}`)).body.meta.versionId).toBe('1');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('cannot make much of little', async () => {
    const { id } = await create(task(AINO, { note: [{ text: 'x'.repeat(1000) }] }));
    const doubling = Array.from({ length: 60 }, () => ({
      op: 'copy',
      from: '/note/0',
      path: '/note/0/extension',
    }));
    expect((await patch(`/Task/${id}`, doubling)).status).toBeGreaterThanOrEqual(400);
    const many = Array.from({ length: 300 }, () => ({ op: 'copy', from: '/note/0', path: '/note/-' }));
    await patch(`/Task/${id}`, many).expect(413);
    const testing = Array.from({ length: 501 }, () => ({ op: 'test', path: '/status', value: 'requested' }));
    await patch(`/Task/${id}`, testing).expect(413);
  });

  it('needs its own media type', async () => {
    const { id } = await create(task(AINO));
    await patch(`/Task/${id}`, [], 'portal', 'application/xml-patch+xml').expect(415);
    await patch(`/Task/${id}`, task(AINO), 'portal', 'application/fhir+json').expect(400);
  });
});

describe('who patches', () => {
  it('changes no more than an update would let them', async () => {
    const { id } = await create(task(AINO));
    const done = await patch(`/Task/${id}`, [{ op: 'replace', path: '/status', value: 'completed' }], 'aino');
    expect(done.body.status).toBe('completed');
    const { id: other } = await create(task(AINO));
    const refused = await patch(
      `/Task/${other}`,
      [{ op: 'replace', path: '/for/reference', value: `Patient/${EERO}` }],
      'aino',
    ).expect(403);
    expect(refused.body.issue[0].expression).toEqual(['Task.for']);
    const label = { op: 'replace', path: '/meta/security/0/code', value: 'social' };
    await patch(`/Task/${other}`, [label], 'aino').expect(403);
    await patch(`/Task/${other}`, [label]).expect(403);
    await patch(`/Patient/${AINO}`, [{ op: 'add', path: '/active', value: false }], 'aino').expect(403);
  });

  it('keeps the labels and the scores that the gateway gives', async () => {
    const response = await create(bdiAnswer(AINO, 1), 'aino');
    const total = response.item.findIndex(({ linkId }: { linkId: string }) => linkId === 'total');
    const wrong = await patch(`/QuestionnaireResponse/${response.id}`, [
      { op: 'replace', path: `/item/${total}/answer/0/valueInteger`, value: 63 },
      { op: 'replace', path: '/status', value: 'amended' },
    ]).expect(422);
    expect(wrong.body.issue[0].details.coding[0].code).toBe('calculated');
    await patch(`/QuestionnaireResponse/${response.id}`, [
      { op: 'remove', path: `/item/${total}` },
      { op: 'replace', path: '/status', value: 'amended' },
      { op: 'remove', path: '/meta/security' },
    ]).expect(200);
    const { body: now } = await get(`/QuestionnaireResponse/${response.id}`);
    expect(now.item[total].answer).toEqual([{ valueInteger: 21 }]);
    expect(now.meta.security).toEqual(response.meta.security);
  });

  it('learns nothing of what they may not see', async () => {
    const { id } = await create(task(EERO));
    const probe = [{ op: 'test', path: '/status', value: 'requested' }];
    const hidden = await patch(`/Task/${id}`, probe, 'aino').expect(404);
    const absent = await patch('/Task/never-was', probe, 'aino').expect(404);
    expect(hidden.body).toEqual(absent.body);
    await patch(`/Task?_id=${id}`, probe, 'aino').expect(404);
    await patch(`/Task/${id}`, probe, 'social').expect(404);
    await patch(`/Task/${id}`, probe, 'lifecare').expect(403);
  });
});

describe('a conditional patch', () => {
  it('changes the one match, and refuses none and several', async () => {
    const identifier = (value: string) => ({ identifier: [{ system: 'urn:example:ticket', value }] });
    const { id } = await create(task(AINO, identifier('P-1')));
    for (const _ of [1, 2]) await create(task(AINO, identifier('P-2')));
    const by = (value: string) => `/Task?identifier=urn:example:ticket|${value}`;
    const urgent = [{ op: 'add', path: '/priority', value: 'urgent' }];
    const { body } = await patch(by('P-1'), urgent).expect(200);
    expect(body).toMatchObject({ id, priority: 'urgent' });
    await patch(by('P-2'), urgent).expect(412);
    await patch(by('P-3'), urgent).expect(404);
    await patch('/Task', urgent).expect(400);
    await patch(by('P-1'), urgent).set('If-Match', 'W/"1"').expect(412);
  });
});

describe('a FHIRPath Patch', () => {
  const person: Resource = {
    resourceType: 'Patient',
    active: true,
    name: [
      { use: 'official', family: 'Testinen', given: ['A', 'B', 'C'] },
      { use: 'nickname', text: 'T' },
    ],
    contact: [{ name: { text: 'K' } }],
    deceasedBoolean: false,
  };

  it('adds, inserts, replaces, moves and deletes', async () => {
    const { id } = await create(person);
    const { body } = await fhirPatch(
      `/Patient/${id}`,
      { type: 'add', path: 'Patient', name: 'birthDate', value: { valueDate: '1990-01-01' } },
      {
        type: 'add',
        path: 'Patient',
        name: 'telecom',
        value: { valueContactPoint: { system: 'phone', value: '1' } },
      },
      {
        type: 'add',
        path: 'Patient',
        name: 'contact',
        value: {
          part: [
            { name: 'name', valueHumanName: { text: 'L' } },
            { name: 'gender', valueCode: 'other' },
          ],
        },
      },
      {
        type: 'insert',
        path: "Patient.name.where(use = 'official').given",
        index: 1,
        value: { valueString: 'X' },
      },
      { type: 'move', path: 'Patient.name[0].given', source: 3, destination: 0 },
      { type: 'replace', path: 'Patient.name[1].text', value: { valueString: 'U' } },
      { type: 'replace', path: 'Patient.deceased', value: { valueDateTime: '2026-01-01' } },
      { type: 'delete', path: 'Patient.active' },
      { type: 'delete', path: 'Patient.contact.first().name' },
      { type: 'delete', path: 'Patient.photo' },
      {
        type: 'add',
        path: 'Patient',
        name: 'extension',
        value: { valueExtension: { url: 'urn:x', valueCode: 'y' } },
      },
      { type: 'delete', path: "Patient.extension('urn:x')" },
    ).expect(200);
    expect(body).toMatchObject({
      birthDate: '1990-01-01',
      telecom: [{ system: 'phone', value: '1' }],
      name: [{ family: 'Testinen', given: ['C', 'A', 'X', 'B'] }, { text: 'U' }],
      deceasedDateTime: '2026-01-01',
    });
    expect(body.contact).toEqual([{ name: { text: 'L' }, gender: 'other' }]);
    for (const gone of ['active', 'deceasedBoolean', 'extension']) expect(body).not.toHaveProperty(gone);
  });

  it.each([
    [{ type: 'add', path: 'Patient', name: 'active', value: { valueBoolean: false } }, 422],
    [{ type: 'add', path: 'Patient', name: 'colour', value: { valueCode: 'x' } }, 400],
    [{ type: 'add', path: 'Patient', name: '__proto__', value: { valueString: 'x' } }, 400],
    [{ type: 'add', path: 'Patient', name: 'constructor', value: { valueString: 'x' } }, 400],
    [{ type: 'add', path: 'Patient', name: 'gender' }, 400],
    [{ type: 'add', path: 'Patient', name: 'gender', value: { valueCode: 'green' } }, 422],
    [
      { type: 'add', path: 'Patient', name: 'contact', value: { part: [{ name: 'no', valueCode: 'x' }] } },
      400,
    ],
    [{ type: 'replace', path: 'Patient', value: { valueString: 'x' } }, 400],
    [{ type: 'replace', path: 'Patient.id', value: { valueId: 'other' } }, 422],
    [{ type: 'replace', path: 'Patient.birthDate', value: { valueDate: '1990-01-01' } }, 422],
    [{ type: 'replace', path: 'Patient.name', value: { valueHumanName: { text: 'x' } } }, 422],
    [{ type: 'delete', path: 'Patient' }, 400],
    [{ type: 'delete', path: 'Patient.name' }, 422],
    [{ type: 'delete', path: 'Task.status' }, 400],
    [{ type: 'delete', path: 'Patient.descendants()' }, 400],
    [{ type: 'delete', path: 'Patient.constructor' }, 200],
    [{ type: 'insert', path: 'Patient.name[0].given', index: 9, value: { valueString: 'x' } }, 422],
    [{ type: 'insert', path: 'Patient.name[0].given', index: -1, value: { valueString: 'x' } }, 400],
    [{ type: 'insert', path: 'Patient.active', index: 0, value: { valueBoolean: true } }, 400],
    [{ type: 'move', path: 'Patient.name', source: 0, destination: 2 }, 422],
    [{ type: 'melt', path: 'Patient.name' }, 400],
    [{ type: 'toString', path: 'Patient.name' }, 400],
    [{ path: 'Patient.name' }, 400],
    [{ type: 'delete' }, 400],
  ])('%j is answered with %i', async (operation, status) => {
    const { id } = await create(person);
    const answer = await fhirPatch(`/Patient/${id}`, operation);
    expect(answer.status).toBe(status);
    if (status === 200) return;
    expect(answer.body.resourceType).toBe('OperationOutcome');
    expect((await get(`/Patient/${id}`)).body.meta.versionId).toBe('1');
  });
});

describe('patches in a Bundle', () => {
  const binary = (operations: object) => ({
    resourceType: 'Binary',
    contentType: JSON_PATCH,
    data: Buffer.from(JSON.stringify(operations)).toString('base64'),
  });
  const entry = (url: string, resource: object, more: object = {}) => ({
    resource,
    request: { method: 'PATCH', url, ...more },
  });
  const urgent = [{ op: 'add', path: '/priority', value: 'urgent' }];

  it('are done with the rest of a transaction, or not at all', async () => {
    const [one, two] = [await create(task(AINO)), await create(task(AINO))];
    const placeholder = 'urn:uuid:5a0b6f3e-4a52-4f2e-8d59-1f1b8f3c9c11';
    const made = { fullUrl: placeholder, resource: task(AINO), request: { method: 'POST', url: 'Task' } };
    const part = {
      type: 'add',
      path: 'Task',
      name: 'partOf',
      value: { valueReference: { reference: placeholder } },
    };
    const { body } = await send([
      made,
      entry(`Task/${one.id}`, binary(urgent), { ifMatch: 'W/"1"' }),
      entry(`Task?_id=${two.id}`, parameters(part)),
    ]).expect(200);
    expect(body.entry.map((each: { response: { status: string } }) => each.response.status)).toEqual([
      '201 Created',
      '200 OK',
      '200 OK',
    ]);
    expect((await get(`/Task/${one.id}`)).body.priority).toBe('urgent');
    const [id] = body.entry[0].response.location.split('/Task/')[1].split('/');
    expect((await get(`/Task/${two.id}`)).body.partOf).toEqual([{ reference: `Task/${id}` }]);
    await send([made, entry(`Task/${one.id}`, binary(urgent), { ifMatch: 'W/"1"' })]).expect(412);
    const failing = [{ op: 'test', path: '/priority', value: 'stat' }];
    const before = await gateway.countResources();
    const refused = await send([made, entry(`Task/${one.id}`, binary(failing))]).expect(422);
    expect(refused.body.issue[0].expression[0]).toMatch(/^Bundle\.entry\[1\]/);
    expect(await gateway.countResources()).toBe(before);
  });

  it('are refused when they are none', async () => {
    const { id } = await create(task(AINO));
    await send([entry(`Task/${id}`, task(AINO))]).expect(400);
    await send([entry(`Task/${id}`, { ...binary(urgent), contentType: 'text/plain' })]).expect(400);
    await send([entry(`Task/${id}`, { ...binary(urgent), data: '###' })]).expect(400);
    await send([entry(`Task/${id}`, binary(urgent)), entry(`Task/${id}`, binary(urgent))]).expect(400);
    await send([entry(`Task/${id}`, binary(urgent))], 'social').expect(404);
    const { body } = await send([entry(`Task/${id}`, binary(urgent))], 'portal', 'batch').expect(200);
    expect(body.entry[0].response.status).toBe('200 OK');
  });

  it('that race in transactions lose nothing', async () => {
    const { id } = await create(task(AINO, { note: [{ text: 'start' }] }));
    const add = (text: string) =>
      entry(`Task/${id}`, binary([{ op: 'add', path: '/note/-', value: { text } }]));
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => send([add(text)])));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await get(`/Task/${id}`)).body.note).toHaveLength(4);
  });
});

describe('capabilities', () => {
  it('name every form of patches', async () => {
    const { body } = await request(gateway.url).get('/metadata').expect(200);
    expect(body.patchFormat).toEqual([JSON_PATCH, 'application/fhir+json', 'application/fhir+xml']);
    expect(body.rest[0].resource[0].interaction).toContainEqual({ code: 'patch' });
    expect(body.rest[0].resource[0]).toMatchObject({ conditionalUpdate: true, conditionalDelete: 'single' });
  });
});
