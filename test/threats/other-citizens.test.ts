import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, eventually, type World } from '../gateway/world.ts';
import { type Answer, ask, CANONICAL, moodAnswer } from './citizen.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const HETU = '010280-952L';

describe('another citizen', () => {
  let world: World;
  /** Whose data it is. */
  let tessa: { token: string; patient: string };
  /** Who wants them. */
  let joni: { token: string; patient: string };
  let portal: string;
  let answer: Record<string, unknown> & { id: string };

  beforeAll(async () => {
    world = await createWorld();
    await world.startGateway();
    const signIn = async (person: string) => {
      const { accessToken, patient } = await world.users.signIn(person);
      return { token: accessToken, patient };
    };
    tessa = await signIn('tessa');
    joni = await signIn('joni');
    portal = await world.users.token('portal');
    const body = moodAnswer(tessa.patient);
    const created = await ask(world, 'POST', '/fhir/QuestionnaireResponse', { token: tessa.token, body });
    expect(created.status).toBe(201);
    answer = created.json as typeof answer;
  }, 60_000);
  afterAll(() => world.close());

  const get = (path: string, token = joni.token): Promise<Answer> =>
    ask(world, 'GET', `/fhir/${path}`, { token });
  const post = (body: unknown, headers?: Record<string, string>): Promise<Answer> =>
    ask(world, 'POST', '/fhir/QuestionnaireResponse', {
      token: joni.token,
      body,
      ...(headers && { headers }),
    });
  const bundle = (type: string, entry: object): Promise<Answer> =>
    ask(world, 'POST', '/fhir/', {
      token: joni.token,
      body: { resourceType: 'Bundle', type, entry: [entry] },
    });
  const entries = ({ json }: Answer) =>
    (json['entry'] ?? []) as { resource?: Record<string, unknown>; response?: { status: string } }[];

  it.each([
    ['reading', (id: string) => `QuestionnaireResponse/${id}`],
    ['reading a version', (id: string) => `QuestionnaireResponse/${id}/_history/1`],
    ['reading the history', (id: string) => `QuestionnaireResponse/${id}/_history`],
  ])('learns nothing by %s: what is hidden answers as what is not there', async (_how, pathOf) => {
    const hidden = await get(pathOf(answer.id));
    const missing = await get(pathOf(NOBODY));
    expect(hidden.status).toBe(404);
    expect(hidden.text).toBe(missing.text);
    const conditional = await ask(world, 'GET', `/fhir/${pathOf(answer.id)}`, {
      token: joni.token,
      headers: { 'if-none-match': 'W/"1"' },
    });
    expect(conditional.status).toBe(404);
    expect(hidden.headers.get('etag')).toBeNull();
    expect(hidden.headers.get('last-modified')).toBeNull();
  });

  it.each([
    () => `QuestionnaireResponse?_id=${answer.id}`,
    () => `QuestionnaireResponse?subject=Patient/${tessa.patient}&_total=accurate`,
    () => `QuestionnaireResponse?patient=${tessa.patient}&_summary=count`,
    () => `QuestionnaireResponse?subject:identifier=urn:oid:1.2.246.21%7C${HETU}`,
    () => `QuestionnaireResponse?subject:Patient.identifier=urn:oid:1.2.246.21%7C${HETU}`,
    () => `QuestionnaireResponse?subject.family=Testil`,
    () => `Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=${answer.id}`,
    () => `Questionnaire?_has:QuestionnaireResponse:questionnaire:subject=Patient/${tessa.patient}`,
    () => `Task?focus=QuestionnaireResponse/${answer.id}&_include=Task:focus&_include=Task:patient`,
    () => `Observation?derived-from=QuestionnaireResponse/${answer.id}`,
    () => `Patient?_has:QuestionnaireResponse:subject:_id=${answer.id}`,
    () => `Patient?identifier=urn:oid:1.2.246.21%7C${HETU}`,
    () => 'QuestionnaireResponse/_history',
  ])('finds nothing by search: %#', async (pathOf) => {
    const found = await get(pathOf());
    if (found.status === 403) return;
    expect({ status: found.status, entries: entries(found), total: found.json['total'] ?? 0 }).toEqual({
      status: 200,
      entries: [],
      total: 0,
    });
  });

  it('gets nothing by includes, and nothing by the history of everything', async () => {
    for (const path of [
      'Questionnaire?_revinclude=QuestionnaireResponse:questionnaire&_count=100',
      '_history?_count=1000',
    ]) {
      const found = await get(path);
      expect(found.status).toBe(200);
      expect(found.text).not.toContain(answer.id);
      expect(found.text).not.toContain(tessa.patient);
    }
  });

  it.each(['batch', 'transaction'])('gets nothing through a %s', async (type) => {
    const read = await bundle(type, {
      request: { method: 'GET', url: `QuestionnaireResponse/${answer.id}` },
    });
    expect(read.text).toContain('There is no QuestionnaireResponse with this id.');
    const search = await bundle(type, {
      request: { method: 'GET', url: `QuestionnaireResponse?_id=${answer.id}&_total=accurate` },
    });
    expect(entries(search)[0]?.resource).toMatchObject({ type: 'searchset', total: 0 });
    const conditional = await bundle(type, {
      resource: moodAnswer(`?identifier=urn:oid:1.2.246.21|${HETU}`),
      request: { method: 'POST', url: 'QuestionnaireResponse' },
    });
    expect(conditional.text).not.toContain(tessa.patient);
  });

  it('cannot go on with the page link of another caller, nor with one that was changed', async () => {
    const first = await get('Questionnaire?_count=1', tessa.token);
    const links = first.json['link'] as { relation: string; url: string }[];
    const next = new URL(links.find(({ relation }) => relation === 'next')?.url ?? '');
    const path = `${next.pathname.slice('/fhir/'.length)}${next.search}`;
    expect((await get(path, tessa.token)).status).toBe(200);
    for (const token of [joni.token, portal]) expect((await get(path, token)).status).toBe(400);
    const changed = path.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    expect((await get(`${changed}AAAA`, tessa.token)).status).toBe(400);
  });

  it.each<[string, () => object]>([
    ['subject', () => ({ subject: { reference: `Patient/${tessa.patient}` } })],
    [
      'an absolute subject',
      () => ({ subject: { reference: `${world.gatewayUrl}/fhir/Patient/${joni.patient}` } }),
    ],
    ['a version of the subject', () => ({ subject: { reference: `Patient/${joni.patient}/_history/1` } })],
    ['author', () => ({ author: { reference: `Patient/${tessa.patient}` } })],
    ['source', () => ({ source: { reference: `Patient/${tessa.patient}` } })],
    ['a label', () => ({ meta: { security: [{ system: 'https://x.example', code: 'R' }] } })],
    [
      'the other sector',
      () => ({ meta: { security: [{ system: `${CANONICAL}/CodeSystem/sector`, code: 'social' }] } }),
    ],
  ])('writes nothing as somebody else or as something else: %s', async (_what, more) => {
    const { status } = await post(moodAnswer(joni.patient, more()));
    expect(status).toBe(403);
  });

  it('refers to nothing of theirs, whether it is there or not', async () => {
    const refer = (id: string) =>
      post(
        moodAnswer(joni.patient, {
          extension: [
            { url: 'https://x.example', valueReference: { reference: `QuestionnaireResponse/${id}` } },
          ],
        }),
      );
    const hidden = await refer(answer.id);
    expect(hidden.status).toBe(422);
    expect(hidden.text).toBe((await refer(NOBODY)).text);
  });

  it('is not told by a conditional create that they have answered', async () => {
    const body = moodAnswer(joni.patient);
    const { status, text } = await post(body, { 'if-none-exist': `subject=Patient/${tessa.patient}` });
    expect(status).toBe(201);
    expect(text).not.toContain(tessa.patient);
  });

  it('reads a plan no longer that was theirs by mistake: not by its first version either', async () => {
    const plan = (patient: string, more: object = {}) => ({
      resourceType: 'CarePlan',
      status: 'active',
      intent: 'plan',
      title: 'What belongs to the other one',
      subject: { reference: `Patient/${patient}` },
      ...more,
    });
    const created = await ask(world, 'POST', '/fhir/CarePlan', { token: portal, body: plan(joni.patient) });
    const id = String(created.json['id']);
    expect((await get(`CarePlan/${id}/_history/1`)).status).toBe(200);
    const moved = await ask(world, 'PUT', `/fhir/CarePlan/${id}`, {
      token: portal,
      body: plan(tessa.patient, { id }),
    });
    expect(moved.status).toBe(200);
    for (const path of [`CarePlan/${id}`, `CarePlan/${id}/_history`, `CarePlan/${id}/_history/1`]) {
      expect((await get(path)).status).toBe(404);
    }
    expect((await get(`CarePlan/${id}/_history/1`, tessa.token)).status).toBe(404);
    expect((await get(`CarePlan/${id}/_history/2`, tessa.token)).status).toBe(200);
  });

  it('neither sees nor moves a Task, and its own citizen does not complete a request for contact', async () => {
    const task = await eventually(async () => {
      const found = await get(`Task?focus=QuestionnaireResponse/${answer.id}`, tessa.token);
      return entries(found)[0]?.resource;
    });
    const put = (token: string, more: object) =>
      ask(world, 'PUT', `/fhir/Task/${task['id']}`, { token, body: { ...task, ...more } });
    expect((await get(`Task/${task['id']}`)).status).toBe(404);
    expect((await put(joni.token, { status: 'completed' })).status).toBe(404);
    expect((await put(tessa.token, { status: 'completed' })).status).toBe(403);
    const code = { text: 'no request any more' };
    expect([403, 422]).toContain((await put(tessa.token, { status: 'completed', code })).status);
    expect((await put(tessa.token, { for: { reference: `Patient/${joni.patient}` } })).status).toBe(403);
    const patched = await ask(world, 'PATCH', `/fhir/Task/${task['id']}`, {
      token: tessa.token,
      body: [{ op: 'replace', path: '/status', value: 'completed' }],
      headers: { 'content-type': 'application/json-patch+json' },
    });
    expect(patched.status).toBe(403);
  });
});
