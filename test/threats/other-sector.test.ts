import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AINO, SEAL, startGateway, type TestGateway } from '../rest/gateway.ts';

/** A word that stands in health care's data only. */
const WORD = 'kuiskaus';

describe('a system of the other sector', () => {
  let gateway: TestGateway;
  /** One that allows no private endpoints, as production does. */
  let strictGateway: TestGateway | undefined;
  let task: string;
  let list: string;
  let version: string;

  const as = (token: string) => ({
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/fhir+json',
  });
  const create = async (resource: { readonly resourceType: string }): Promise<string> => {
    const { status, body } = await request(gateway.url)
      .post(`/${resource.resourceType}`)
      .set(as('health'))
      .send(resource);
    expect({ status, issue: body.issue }).toEqual({ status: 201, issue: undefined });
    version = body.meta.versionId;
    return String(body.id);
  };
  const get = (path: string, token = 'social') => request(gateway.url).get(path).set(as(token));

  beforeAll(async () => {
    gateway = await startGateway();
    task = await create({
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      description: WORD,
      text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${WORD}</div>` },
      for: { reference: `Patient/${AINO}` },
      identifier: [{ system: 'https://x.example/task', value: WORD }],
      meta: { tag: [{ system: 'https://x.example/tag', code: WORD }] },
    } as never);
    list = await create({
      resourceType: 'List',
      status: 'current',
      mode: 'working',
      subject: { reference: `Patient/${AINO}` },
      entry: [{ item: { reference: `Task/${task}` } }],
    } as never);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([gateway.close(), strictGateway?.close()]);
  });

  const paths: readonly (readonly [string, () => string])[] = [
    ['id', () => `/Task?_id=${task}&_total=accurate`],
    ['a count', () => `/Task?identifier=https://x.example/task%7C${WORD}&_summary=count`],
    ['narrative', () => `/Task?_text=${WORD}&_total=accurate`],
    ['content', () => `/Task?_content=${WORD}&_total=accurate`],
    ['a list that is hidden', () => `/Task?_list=${list}&_total=accurate`],
    ['a label', () => `/Task?_tag=https://x.example/tag%7C${WORD}&_total=accurate`],
    ['several types', () => `/?_type=Task,List&_id=${task},${list}&_total=accurate`],
    ['what refers to it', () => `/Patient?_has:Task:patient:identifier=${WORD}&_total=accurate`],
    [
      'what refers to what refers to it',
      () => `/Patient?_has:List:subject:item:Task.identifier=${WORD}&_total=accurate`,
    ],
    ['a chain', () => `/List?item:Task.identifier=${WORD}&_total=accurate`],
    ['a sorted page', () => `/Task?identifier=${WORD}&_sort=-_lastUpdated&_count=1&_total=accurate`],
  ];
  it.each(paths)('finds nothing by %s, and counts nothing', async (_how, pathOf) => {
    expect((await get(pathOf(), 'health')).body.total ?? 1).toBeGreaterThan(0);
    const { status, body } = await get(pathOf());
    expect({ status, entry: body.entry ?? [], total: body.total ?? 0 }).toEqual({
      status: 200,
      entry: [],
      total: 0,
    });
  });

  it.each<[string, () => string]>([
    ['every include', () => '/Patient?_revinclude=*&_include=*'],
    ['includes that go on', () => '/Patient?_revinclude=Task:patient&_revinclude:iterate=List:item'],
    ['the history of a type', () => '/Task/_history?_count=1000'],
    ['the history of everything', () => '/_history?_count=1000'],
    ['the labels in use', () => '/$meta'],
    ['the labels in use of a type', () => '/Task/$meta'],
  ])('is told nothing by %s', async (_how, pathOf) => {
    const { status, text } = await get(pathOf());
    expect(status).toBeLessThan(500);
    for (const secret of [WORD, task, list]) expect(text).not.toContain(secret);
  });

  it.each<[string, (id: string) => string]>([
    ['reading', (id) => `/Task/${id}`],
    ['reading a version', (id) => `/Task/${id}/_history/${version}`],
    ['its history', (id) => `/Task/${id}/_history`],
    ['its labels', (id) => `/Task/${id}/$meta`],
  ])('hears by %s what it would of one that is not there', async (_how, pathOf) => {
    const [hidden, missing] = [await get(pathOf(task)), await get(pathOf('nobody-1'))];
    expect([hidden.status, hidden.text]).toEqual([missing.status, missing.text]);
    expect(hidden.status).toBe(404);
  });

  it('takes no label away, moves nothing and marks nothing as its own', async () => {
    const sector = { system: 'https://silta.example/fhir/CodeSystem/sector', code: 'social' };
    const meta = {
      resourceType: 'Parameters',
      parameter: [{ name: 'meta', valueMeta: { security: [sector] } }],
    };
    const post = (path: string) => request(gateway.url).post(path).set(as('social')).send(meta);
    expect((await post(`/Task/${task}/$meta-add`)).status).toBe(404);
    const [hidden, missing] = [
      await post(`/Task/${task}/$meta-delete`),
      await post('/Task/nobody-1/$meta-delete'),
    ];
    expect([hidden.status, hidden.text]).toEqual([missing.status, missing.text]);
    expect([403, 404]).toContain(hidden.status);
    const patch = await request(gateway.url)
      .patch(`/Task/${task}`)
      .set({ ...as('social'), 'Content-Type': 'application/json-patch+json' })
      .send([{ op: 'add', path: '/meta/security/-', value: sector }]);
    expect(patch.status).toBe(404);
    expect((await get(`/Task/${task}`, 'health')).body.meta.security).not.toContainEqual(sector);
  });

  it.each([
    'https://127.0.0.1/hook',
    'https://[::1]/hook',
    'https://[::ffff:10.0.0.1]/hook',
    'https://169.254.169.254/latest',
    'https://2130706433/hook',
    'https://0x7f.1/hook',
    'https://localhost/hook',
    'http://example.org/hook',
    'file:///etc/passwd',
    'https://user:secret@example.org/hook',
    'https://example.org/hook?hetu=010280-952L',
  ])('gets no subscription to %s', async (endpoint) => {
    const strict = await startStrict();
    const { status, body } = await request(strict.url)
      .post('/Subscription')
      .set(as('social'))
      .send(subscription({ endpoint }));
    expect({ status, place: body.issue[0].expression }).toEqual({
      status: 422,
      place: ['Subscription.channel.endpoint'],
    });
  });

  it.each(['X: a\r\nHost: b', 'X: a\nY: b', 'Host: b', 'Content-Length: 1', 'X y: a', ': a', 'X: a\u0000'])(
    'smuggles no header into notifications: %j',
    async (header) => {
      const strict = await startStrict();
      const { status } = await request(strict.url)
        .post('/Subscription')
        .set(as('social'))
        .send(subscription({ endpoint: 'https://example.org/hook', header: [header] }));
      expect([400, 422]).toContain(status);
    },
  );

  const subscription = (channel: object) => ({
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'to try',
    criteria: 'Task?status=requested',
    channel: { type: 'rest-hook', ...channel },
  });

  async function startStrict(): Promise<TestGateway> {
    strictGateway ??= await startGateway({
      subscriptions: {
        perClient: 5,
        allowPrivate: false,
        count: async () => 0,
        seal: SEAL,
      },
    });
    return strictGateway;
  }
});
