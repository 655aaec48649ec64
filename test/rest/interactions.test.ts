import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AINO, bdiAnswer, EERO, moodAnswer, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const as = (token: string) => ({ Authorization: `Bearer ${token}` });
const post = (path: string, body: object | string, token = 'portal') =>
  request(gateway.url).post(path).set(as(token)).set('Content-Type', 'application/fhir+json').send(body);
const put = (path: string, body: object, token = 'portal') =>
  request(gateway.url).put(path).set(as(token)).set('Content-Type', 'application/fhir+json').send(body);
const get = (path: string, token = 'portal') => request(gateway.url).get(path).set(as(token));

async function createTask(
  change: object = {},
  patientId = AINO,
): Promise<{ id: string; body: Record<string, unknown> }> {
  const { body } = await post('/Task', task(patientId, change)).expect(201);
  return { id: body.id, body };
}

describe('create and read', () => {
  it('answers where and which version the resource is, and serves the stored text untouched', async () => {
    const created = await post('/Task', task(AINO, { priority: 'urgent' })).expect(201);
    const { id, meta } = created.body;
    expect(created.headers['location']).toBe(`${gateway.url}/Task/${id}/_history/1`);
    expect(created.headers['etag']).toBe('W/"1"');
    expect(created.headers['cache-control']).toBe('no-store');
    expect(created.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
    expect(new Date(created.headers['last-modified'] as string).getTime()).toBe(
      Math.floor(Date.parse(meta.lastUpdated) / 1000) * 1000,
    );
    const read = await get(`/Task/${id}`).expect(200);
    expect(read.text).toBe((await gateway.store.read('Task', id))?.content);
    expect(read.body).toMatchObject({
      priority: 'urgent',
      meta: { versionId: '1', security: [{ code: 'health' }] },
    });
  });

  it('leaves an audit row for a read, with ids only, before it answers', async () => {
    const { id } = await createTask();
    await get(`/Task/${id}`, 'aino').set('X-Request-Id', 'audited-read-1').expect(200);
    const rows = await gateway.database.database.query(
      "SELECT * FROM audit WHERE request_id = 'audited-read-1'",
    );
    expect(rows).toMatchObject([
      { action: 'read', outcome: 'success', who: `Patient/${AINO}`, entities: [`Task/${id}`] },
    ]);
  });

  it('says 304 to who has the version already', async () => {
    const { id, body } = await createTask();
    await get(`/Task/${id}`).set('If-None-Match', 'W/"1"').expect(304);
    await get(`/Task/${id}`).set('If-None-Match', 'W/"2"').expect(200);
    const { lastUpdated } = body['meta'] as { lastUpdated: string };
    await get(`/Task/${id}`).set('If-Modified-Since', new Date(lastUpdated).toUTCString()).expect(304);
    await get(`/Task/${id}`).set('If-Modified-Since', 'Thu, 01 Jan 2026 00:00:00 GMT').expect(200);
  });

  it('returns as much as Prefer asks', async () => {
    const minimal = await post('/Task', task(AINO)).set('Prefer', 'return=minimal').expect(201);
    expect(minimal.text).toBe('');
    const outcome = await post('/Task', task(AINO)).set('Prefer', 'return=OperationOutcome').expect(201);
    expect(outcome.body.resourceType).toBe('OperationOutcome');
  });

  it('indents when asked, and selects elements', async () => {
    const { id } = await createTask({ priority: 'asap', description: 'x' });
    const pretty = await get(`/Task/${id}?_pretty=true`).expect(200);
    expect(pretty.text).toContain('\n  "priority": "asap"');
    const { body } = await get(`/Task/${id}?_elements=description`).expect(200);
    expect(Object.keys(body).sort()).toEqual([
      'description',
      'id',
      'intent',
      'meta',
      'resourceType',
      'status',
    ]);
    expect(body.meta.tag).toEqual([expect.objectContaining({ code: 'SUBSETTED' })]);
  });

  it('wakes who waits for changes', async () => {
    const before = gateway.writes();
    await createTask();
    expect(gateway.writes()).toBe(before + 1);
  });
});

describe('update, delete and history', () => {
  it('replaces the version the caller saw, and no other', async () => {
    const { id, body } = await createTask();
    const updated = await put(`/Task/${id}`, { ...body, priority: 'stat' })
      .set('If-Match', 'W/"1"')
      .expect(200);
    expect(updated.headers['etag']).toBe('W/"2"');
    const stale = await put(`/Task/${id}`, { ...body, priority: 'asap' })
      .set('If-Match', 'W/"1"')
      .expect(412);
    expect(stale.body.issue[0]).toMatchObject({
      code: 'conflict',
      diagnostics: expect.stringContaining('W/"2"'),
    });
    expect((await get(`/Task/${id}`)).body.priority).toBe('stat');
  });

  it('lets no concurrent update without If-Match get lost', async () => {
    const { id, body } = await createTask();
    const answers = await Promise.all(
      [1, 2, 3].map((n) => put(`/Task/${id}`, { ...body, description: `${n}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ headers }) => headers['etag'])).size).toBe(3);
  });

  it('lets one of many updates with the same If-Match through', async () => {
    const { id, body } = await createTask();
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => put(`/Task/${id}`, { ...body, description: `${n}` }).set('If-Match', 'W/"1"')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  it('deletes for good to readers, while the versions stay', async () => {
    const { id, body } = await createTask();
    await put(`/Task/${id}`, { ...body, priority: 'stat' }).expect(200);
    await request(gateway.url).delete(`/Task/${id}`).set(as('portal')).expect(204);
    await request(gateway.url).delete(`/Task/${id}`).set(as('portal')).expect(204);
    await get(`/Task/${id}`).expect(410);
    await put(`/Task/${id}`, { ...body }).expect(410);
    expect((await get(`/Task/${id}/_history/2`).expect(200)).body.priority).toBe('stat');
    await get(`/Task/${id}/_history/3`).expect(410);
    await get(`/Task/${id}/_history/4`).expect(404);
    const first = await get(`/Task/${id}/_history?_count=2`).expect(200);
    expect(first.body.entry.map((entry: { request: object }) => entry.request)).toEqual([
      { method: 'DELETE', url: `Task/${id}` },
      { method: 'PUT', url: `Task/${id}` },
    ]);
    const next = first.body.link.find((link: { relation: string }) => link.relation === 'next').url;
    const second = await get(next.slice(gateway.url.length)).expect(200);
    expect(second.body.entry).toHaveLength(1);
    expect(second.body.entry[0]).toMatchObject({
      request: { method: 'POST', url: 'Task' },
      response: { status: '201 Created', etag: 'W/"1"' },
    });
    expect(second.body.link.map((link: { relation: string }) => link.relation)).toEqual(['self']);
  });

  it('refuses ids of the client, and bodies that are not the addressed resource', async () => {
    await put('/Task/mine-1', { ...task(AINO), id: 'mine-1' }).expect(404);
    const { id, body } = await createTask();
    const other = await put(`/Task/${id}`, { ...body, id: 'other' }).expect(400);
    expect(other.body.issue[0].expression).toEqual(['Task.id']);
    await put(`/Task/${id}`, task(AINO)).expect(400);
    await put(`/Patient/${id}`, body).expect(400);
    await put(`/Task/${id}`, body).set('If-Match', 'abc').expect(400);
  });
});

describe('conditional create', () => {
  const ticket = (value: string) => ({ identifier: [{ system: 'urn:example:ticket', value }] });

  it('creates once, however many ask at once', async () => {
    const ask = () =>
      post('/Task', task(AINO, ticket('T-100'))).set('If-None-Exist', 'identifier=urn:example:ticket|T-100');
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it('refuses criteria that match several, select nothing, or are unknown', async () => {
    await post('/Task', task(AINO, ticket('T-200'))).expect(201);
    await post('/Task', task(AINO, ticket('T-200'))).expect(201);
    await post('/Task', task(AINO)).set('If-None-Exist', 'identifier=urn:example:ticket|T-200').expect(412);
    await post('/Task', task(AINO)).set('If-None-Exist', 'identifier=').expect(400);
    await post('/Task', task(AINO)).set('If-None-Exist', 'nonsense=1').expect(400);
    await post('/Task', task(AINO)).set('If-None-Exist', '_count=1').expect(400);
  });
});

describe('search', () => {
  it('pages through everything once, by links that show nothing', async () => {
    const { body: patient } = await post('/Patient', { resourceType: 'Patient' }).expect(201);
    for (const n of [1, 2, 3, 4, 5]) await createTask({ description: `${n}` }, patient.id);
    const seen: string[] = [];
    let path: string | undefined = `/Task?patient=Patient/${patient.id}&status=requested&_count=2`;
    while (path !== undefined) {
      const { body }: { body: SearchSet } = await get(path).expect(200);
      expect(body.type).toBe('searchset');
      seen.push(...(body.entry ?? []).map((entry) => entry.resource.description));
      const next: string | undefined = body.link.find((link) => link.relation === 'next')?.url;
      expect(next ?? '').not.toContain(patient.id);
      path = next?.slice(gateway.url.length);
    }
    expect(seen.sort()).toEqual(['1', '2', '3', '4', '5']);
  });

  it('keeps identifying values out of every link, and takes them in a POST', async () => {
    const identifier = 'urn:oid:1.2.246.21|010190-999W';
    const found = await request(gateway.url)
      .post('/Patient/_search')
      .set(as('portal'))
      .type('form')
      .send({ identifier, active: 'true', _count: 1 })
      .expect(200);
    const self = found.body.link[0].url as string;
    expect(self).toBe(`${gateway.url}/Patient?active=true&_count=1`);
    expect(decodeURIComponent(found.text)).not.toContain('010190');
  });

  it('counts without showing, when asked', async () => {
    await createTask({}, EERO);
    const { body } = await get(`/Task?patient=Patient/${EERO}&_summary=count`).expect(200);
    expect(body.total).toBeGreaterThan(0);
    expect(body.entry).toBeUndefined();
  });

  it.each([
    ['/Task?nonsense=1', 'nonsense'],
    ['/Task?_count=many', '_count'],
    ['/Task?_count=1&_count=2', '_count'],
    ['/Task?_page=abc', '_page'],
    ['/Task?_page=abc&status=requested', '_page'],
    ['/Task?_lastUpdated=gtnever', '_lastUpdated'],
    ['/Task?status=%ff', 'percent-encoded'],
    ['/Task?status=%00', 'control character'],
    ['/Task?_summary=some', '_summary'],
    ['/Task?_elements=', '_elements'],
  ])('refuses %s', async (path, named) => {
    const { body } = await get(path).expect(400);
    expect(body.issue[0].diagnostics).toContain(named);
  });

  it("does not let one caller use another's page link", async () => {
    for (const n of [1, 2]) await createTask({ description: `${n}` });
    const { body } = await get('/Task?_count=1').expect(200);
    const next = (body as SearchSet).link.find((link) => link.relation === 'next')?.url ?? '';
    await get(next.slice(gateway.url.length), 'social').expect(400);
    await get(next.slice(gateway.url.length), 'portal').expect(200);
  });
});

interface SearchSet {
  readonly type: string;
  readonly total?: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource: { readonly id: string; readonly description: string } }[];
}

describe('what callers may not see', () => {
  it('answers as if it were not there, in every interaction', async () => {
    const { id, body } = await createTask({}, EERO);
    const known = await get(`/Task/${id}`, 'aino').expect(404);
    const unknown = await get('/Task/never-was', 'aino').expect(404);
    expect(known.body).toEqual(unknown.body);
    await get(`/Task/${id}/_history`, 'aino').expect(404);
    await get(`/Task/${id}/_history/1`, 'aino').expect(404);
    await put(`/Task/${id}`, { ...body, status: 'completed' }, 'aino').expect(404);
    await put(`/Task/${id}`, { ...body, status: 'completed' }, 'social').expect(404);
    await request(gateway.url).delete(`/Task/${id}`).set(as('social')).expect(404);
  });

  it('is neither found nor counted', async () => {
    await createTask({ description: 'hidden' }, EERO);
    const { body } = await get(`/Task?patient=Patient/${EERO}&_total=accurate`, 'aino').expect(200);
    expect(body).toMatchObject({ total: 0 });
    const all = (await get('/Task?_count=50&_total=accurate', 'aino').expect(200)).body as {
      total: number;
      entry: { resource: { for: { reference: string } } }[];
    };
    expect(new Set(all.entry.map(({ resource }) => resource.for.reference))).toEqual(
      new Set([`Patient/${AINO}`]),
    );
  });

  it('leaves a refusal in the audit', async () => {
    const { id } = await createTask({}, EERO);
    await get(`/Task/${id}`, 'aino').set('X-Request-Id', 'refused-read-1').expect(404);
    await get('/CarePlan', 'lifecare').set('X-Request-Id', 'refused-search-1').expect(403);
    const rows = await gateway.database.database.query(
      "SELECT action, outcome, entities FROM audit WHERE request_id IN ('refused-read-1', 'refused-search-1') ORDER BY seq",
    );
    expect(rows).toEqual([
      { action: 'read', outcome: 'refused', entities: [`Task/${id}`] },
      { action: 'search-type', outcome: 'refused', entities: ['CarePlan'] },
    ]);
  });

  it('cannot be guessed through a chain', async () => {
    for (const path of [
      '/QuestionnaireResponse?subject:Patient.name=x',
      '/QuestionnaireResponse?subject.name=x',
      '/QuestionnaireResponse?_has:Task:focus:status=requested',
      '/QuestionnaireResponse?subject:Patient._has:Task:subject:status=requested',
    ]) {
      const { body } = await get(path, 'lifecare').expect(403);
      expect(body.issue[0].diagnostics).toMatch(/No granted scope allows 'search' of \w+/);
    }
    await get('/QuestionnaireResponse?subject:Patient.active=true', 'portal').expect(200);
  });

  it('of the other sector stays there', async () => {
    const { body } = await post('/Task', task(AINO), 'social').expect(201);
    expect(body.meta.security).toEqual([expect.objectContaining({ code: 'social' })]);
    await get(`/Task/${body.id}`, 'social').expect(200);
    await get(`/Task/${body.id}`, 'aino').expect(200);
    await get(`/Patient/${AINO}`, 'social').expect(404);
    const moved = { ...body, meta: { security: [{ ...body.meta.security[0], code: 'health' }] } };
    const refused = await put(`/Task/${body.id}`, moved).expect(403);
    expect(refused.body.issue[0].expression).toEqual(['Task.meta.security']);
  });

  it('cannot be referred to', async () => {
    const { body } = await post('/Task', task(EERO)).expect(201);
    const answer = { ...moodAnswer(AINO), partOf: [{ reference: `Observation/${body.id}` }] };
    const refused = await post('/QuestionnaireResponse', answer, 'aino').expect(422);
    expect(refused.body.issue[0].expression).toEqual(['QuestionnaireResponse.partOf[0]']);
  });
});

describe('answers to questionnaires', () => {
  it('get their author, and their score from the gateway', async () => {
    const { body } = await post('/QuestionnaireResponse', bdiAnswer(AINO, 1), 'aino').expect(201);
    expect(body.author).toEqual({ reference: `Patient/${AINO}` });
    const total = body.item.find((item: { linkId: string }) => item.linkId === 'total');
    expect(total.answer).toEqual([{ valueInteger: 21 }]);
  });

  it('are refused in the language that the caller understands', async () => {
    const { item: _, ...answer } = moodAnswer(AINO);
    const said = async (language: string) => {
      const { body } = await post('/QuestionnaireResponse', answer, 'aino')
        .set('Accept-Language', language)
        .expect(422);
      return body.issue.map(({ diagnostics }: { diagnostics: string }) => diagnostics).join('\n');
    };
    expect(await said('fi-FI,fi;q=0.9')).toContain('Pakolliseen kysymykseen');
    expect(await said('sv')).toContain('Den obligatoriska frågan');
    expect(await said('de')).toContain('The required question');
  });

  it('are refused in that language within a transaction, too', async () => {
    const { item: _, ...resource } = moodAnswer(AINO);
    const request = { method: 'POST', url: 'QuestionnaireResponse' };
    const { body } = await post(
      '/',
      { resourceType: 'Bundle', type: 'transaction', entry: [{ resource, request }] },
      'aino',
    )
      .set('Accept-Language', 'fi')
      .expect(422);
    expect(JSON.stringify(body.issue)).toContain('Pakolliseen kysymykseen');
  });

  it('reach the record system that pulls them, and show it nothing else', async () => {
    await post('/QuestionnaireResponse', bdiAnswer(EERO, 2), 'eero').expect(201);
    const questionnaire = encodeURIComponent('https://silta.example/fhir/Questionnaire/bdi-shell|1.0.0');
    const { body } = await get(
      `/QuestionnaireResponse?questionnaire=${questionnaire}&_lastUpdated=gt2026-01-01`,
      'lifecare',
    ).expect(200);
    expect(body.entry.length).toBeGreaterThan(0);
    await post('/QuestionnaireResponse', bdiAnswer(EERO, 2), 'lifecare').expect(403);
    await get('/Task', 'lifecare').expect(403);
  });

  it('about another person are refused', async () => {
    const { body } = await post('/QuestionnaireResponse', moodAnswer(EERO), 'aino').expect(403);
    expect(body.issue[0].expression).toEqual(['QuestionnaireResponse.subject']);
  });
});

describe('capabilities', () => {
  it('are told to anyone, and are true to the search parameters', async () => {
    const { body } = await request(gateway.url).get('/metadata').expect(200);
    expect(body).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' });
    const types = body.rest[0].resource as { type: string; searchParam: { name: string }[] }[];
    expect(types.map(({ type }) => type)).not.toContain('Bundle');
    const { searchParam } = types.find(({ type }) => type === 'Task') ?? { searchParam: [] };
    expect(searchParam.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['status', 'patient', '_lastUpdated']),
    );
    expect(JSON.stringify(body.rest[0].security)).toContain('https://as.example/token');
  });

  it('point apps to the authorization server', async () => {
    const { body } = await request(gateway.url).get('/.well-known/smart-configuration').expect(200);
    expect(body.token_endpoint).toBe('https://as.example/token');
  });
});

describe('$validate', () => {
  it('gives the findings of a write and stores nothing', async () => {
    const before = await gateway.countResources();
    const wrong = await post('/Task/$validate', { ...task(AINO), status: 'sleeping' }).expect(200);
    expect(wrong.body.issue).toContainEqual(
      expect.objectContaining({ severity: 'error', expression: ['Task.status'] }),
    );
    const right = await post('/Task/$validate', {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: task(AINO) }],
    }).expect(200);
    expect(right.body.issue.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([]);
    await post('/Task/$validate', { resourceType: 'Parameters' }).expect(400);
    await post('/Task/$validate?profile=urn:unknown', task(AINO)).expect(400);
    expect(await gateway.countResources()).toBe(before);
  });
});
