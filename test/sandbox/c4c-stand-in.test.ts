import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { type C4cStandIn, createC4cStandIn } from '../../src/sandbox/index.ts';

const COLLECTION = '/sap/c4c/odata/v1/c4codataapi/ServiceRequestCollection';
const TICKET = { Name: 'Yhteydenotto', ProcessingTypeCode: 'SRRQ', ExternalReference_KUT: "o'hara-1" };

let standIn: C4cStandIn;
let gateway: http.Server;
let told: { readonly authorization: string | undefined; readonly body: Record<string, unknown> }[];
let gatewayStatuses: number[];

beforeEach(async () => {
  told = [];
  gatewayStatuses = [];
  gateway = http.createServer(async (incoming, response) => {
    let text = '';
    for await (const chunk of incoming) text += chunk;
    told.push({ authorization: incoming.headers.authorization, body: JSON.parse(text) });
    response.writeHead(gatewayStatuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const { port } = gateway.address() as AddressInfo;
  let count = 0;
  standIn = createC4cStandIn({
    username: 'silta',
    password: 'koe-31',
    gateway: { url: `http://127.0.0.1:${port}/inbound/sap-c4c/ticket-status`, secret: 'viesti-8' },
    notifyPauses: [1, 1],
    now: () => new Date('2026-03-02T08:15:00Z'),
    uuid: () => `aaaaaaaa-0000-4000-8000-${String(++count).padStart(12, '0')}`,
    logger: { info: () => undefined, warn: () => undefined },
  });
});

afterEach(async () => {
  await standIn.settled();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
});

const get = (path: string) =>
  request(standIn.app).get(path).auth('silta', 'koe-31').accept('application/json');
const post = (body: object) =>
  request(standIn.app).post(COLLECTION).auth('silta', 'koe-31').accept('application/json').send(body);
const patch = (id: string, etag: string | undefined, body: object) => {
  const sent = request(standIn.app).patch(`${COLLECTION}('${id}')`).auth('silta', 'koe-31');
  return (etag === undefined ? sent : sent.set('If-Match', etag)).accept('application/json').send(body);
};

async function createTicket(extra: object = {}): Promise<{ readonly id: string; readonly etag: string }> {
  const { body } = await post({ ...TICKET, ...extra }).expect(201);
  const { results } = body.d;
  return { id: results.ObjectID, etag: results.__metadata.etag };
}

describe('the C4C stand-in', () => {
  it('asks for credentials and for JSON', async () => {
    await request(standIn.app).get(COLLECTION).accept('json').expect(401).expect('WWW-Authenticate', /Basic/);
    await request(standIn.app).get(COLLECTION).auth('silta', 'väärä').accept('json').expect(401);
    await request(standIn.app).get(COLLECTION).auth('silta', 'koe-31').expect(406);
    await request(standIn.app).get(`${COLLECTION}?$format=json`).auth('silta', 'koe-31').expect(200);
  });

  it('creates a ticket with its texts by deep insert and answers as C4C does', async () => {
    const texts = [{ TypeCode: '10004', Text: 'Pisteet 24' }];
    const answer = await post({ ...TICKET, ServiceRequestTextCollection: texts }).expect(201);
    const { results } = answer.body.d;
    expect(results).toMatchObject({ Name: 'Yhteydenotto', ServiceRequestLifeCycleStatusCode: '1' });
    expect(results.ObjectID).toMatch(/^[0-9A-F]{32}$/);
    expect(results.__metadata.etag).toMatch(/^W\/"datetimeoffset'.+'"$/);
    expect(answer.headers['etag']).toBe(results.__metadata.etag);
    const read = await get(`${COLLECTION}('${results.ObjectID}')/ServiceRequestTextCollection`).expect(200);
    expect(read.body.d.results).toEqual(texts);
  });

  it.each([
    ['an unknown field', { Prioriteetti: '1' }, "Property 'Prioriteetti' is invalid."],
    [
      'an unknown priority',
      { ServicePriorityCode: '4' },
      "Code '4' of 'ServicePriorityCode' does not exist.",
    ],
    ['an unknown status', { ServiceRequestLifeCycleStatusCode: '9' }, "Code '9'"],
    ['a name of 256 characters', { Name: 'x'.repeat(256) }, 'maximum length 255'],
    ['a number for a string', { Name: 5 }, 'not a string'],
    ['an ISO date', { CompletionDueDate: '2026-03-05' }, '/Date(ms)/'],
    ['a read-only field', { ObjectID: 'A' }, 'read-only'],
    ['an unknown text type', { ServiceRequestTextCollection: [{ TypeCode: '1', Text: 'x' }] }, "Code '1'"],
    [
      'an empty text',
      { ServiceRequestTextCollection: [{ TypeCode: '10004', Text: '' }] },
      "'Text' is required",
    ],
  ])('refuses %s', async (_, change, words) => {
    const answer = await post({ ...TICKET, ...change }).expect(400);
    expect(answer.body.error.message.value).toContain(words);
    expect(standIn.tickets()).toEqual([]);
  });

  it('refuses a ticket without a name and a body that is not JSON', async () => {
    await post({ ProcessingTypeCode: 'SRRQ' }).expect(400);
    const broken = request(standIn.app).post(COLLECTION).auth('silta', 'koe-31').accept('application/json');
    await broken.type('json').send('{"Name":').expect(400);
  });

  it('finds tickets by a field, pages and counts them', async () => {
    for (const reference of ['a', 'b', "o'hara-1"]) await createTicket({ ExternalReference_KUT: reference });
    const filter = encodeURIComponent("ExternalReference_KUT eq 'o''hara-1'");
    const found = await get(`${COLLECTION}?$filter=${filter}`).expect(200);
    expect(found.body.d.results).toHaveLength(1);
    const page = await get(`${COLLECTION}?$top=1&$skip=1&$inlinecount=allpages`).expect(200);
    expect(page.body.d).toMatchObject({ __count: '3', results: [{ ExternalReference_KUT: 'b' }] });
    await get(`${COLLECTION}?$filter=${encodeURIComponent("Nimi eq 'x'")}`).expect(400);
    await get(`${COLLECTION}?$filter=${encodeURIComponent("substringof('x', Name)")}`).expect(400);
    await get(`${COLLECTION}?$top=kaksi`).expect(400);
  });

  it('changes a ticket only for who has seen its last state', async () => {
    const { id, etag } = await createTicket();
    await patch(id, undefined, { ServicePriorityCode: '1' }).expect(428);
    await patch(id, 'W/"vanha"', { ServicePriorityCode: '1' }).expect(412);
    await patch(id, etag, { ServicePriorityCode: '8' }).expect(400);
    await patch(id, etag, { ServicePriorityCode: '1' }).expect(204);
    await patch(id, etag, { ServicePriorityCode: '2' }).expect(412);
    const read = await get(`${COLLECTION}('${id}')`).expect(200);
    expect(read.body.d.results.ServicePriorityCode).toBe('1');
    await get(`${COLLECTION}('${'0'.repeat(32)}')`).expect(404);
  });

  it('shows its fields in $metadata', async () => {
    const answer = await request(standIn.app)
      .get('/sap/c4c/odata/v1/c4codataapi/$metadata')
      .auth('silta', 'koe-31')
      .expect(200);
    expect(answer.text).toContain('<Property Name="Name" Type="Edm.String" MaxLength="255"');
    expect(answer.text).toContain('Name="ExternalReference_KUT"');
  });
});

describe('a ticket that is completed or closed', () => {
  it('is told to the gateway once, with the secret and a message id of its own', async () => {
    const { id, etag } = await createTicket();
    const started = await patch(id, etag, { ServiceRequestLifeCycleStatusCode: '2' }).expect(204);
    await patch(id, started.headers['etag'], { ServiceRequestLifeCycleStatusCode: '4' }).expect(204);
    await standIn.settled();
    expect(told).toHaveLength(1);
    expect(told[0]?.authorization).toBe('Bearer viesti-8');
    expect(told[0]?.body).toMatchObject({
      objectId: id,
      externalReference: "o'hara-1",
      lifeCycleStatusCode: '4',
      lifeCycleStatusText: 'Closed',
      changedAt: '2026-03-02T08:15:00.000Z',
    });
    expect(told[0]?.body['messageId']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is told again, with the same message id, when the gateway was out of order', async () => {
    gatewayStatuses = [503, 200];
    const { id, etag } = await createTicket();
    await patch(id, etag, { ServiceRequestLifeCycleStatusCode: '3' }).expect(204);
    await standIn.settled();
    expect(told).toHaveLength(2);
    expect(told[0]?.body).toEqual(told[1]?.body);
    const received = await request(standIn.app).get('/control/received').expect(200);
    expect(received.body.notifications[0].attempts).toEqual([503, 200]);
  });
});

describe('the control of a stand-in', () => {
  const setMode = (body: object) => request(standIn.app).post('/control').send(body);

  it('cuts connections while it is down and says what arrived', async () => {
    await setMode({ mode: 'down' }).expect(200, { mode: 'down' });
    await expect(post(TICKET)).rejects.toThrow(/hang up|ECONNRESET/);
    await setMode({ mode: 'ok' }).expect(200);
    await post(TICKET).expect(201);
    const { body } = await request(standIn.app).get('/control/received').expect(200);
    expect(body.tickets).toHaveLength(1);
    expect(body.attempts).toEqual({ "o'hara-1": 1 });
    expect(body.requests.map((each: { mode: string; status?: number }) => [each.mode, each.status])).toEqual([
      ['down', undefined],
      ['ok', 201],
    ]);
  });

  it('answers a web page in mode nonsense and refuses every fifth request in mode flaky', async () => {
    await setMode({ mode: 'nonsense' });
    expect((await get(COLLECTION).expect(200)).text).toContain('<html>');
    await setMode({ mode: 'flaky' });
    await get(COLLECTION).expect(503).expect('Retry-After', '1');
    await get(COLLECTION).expect(200);
    await expect(post(TICKET)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(standIn.tickets()).toHaveLength(1);
    await get(COLLECTION).expect(200);
  });

  it('ends a mode after its time', async () => {
    let now = new Date('2026-03-02T08:15:00Z');
    const timed = createC4cStandIn({
      username: 'silta',
      password: 'koe-31',
      now: () => now,
      uuid: () => 'x',
      logger: { info: () => undefined, warn: () => undefined },
    });
    await request(timed.app).post('/control').send({ mode: 'down', forMs: 5000 }).expect(200);
    now = new Date(now.getTime() + 4999);
    await request(timed.app).get('/control').expect(200, { mode: 'down', forMs: 1 });
    now = new Date(now.getTime() + 1);
    await request(timed.app).get('/control').expect(200, { mode: 'ok' });
  });

  it.each([[{}], [{ mode: 'rikki' }], [{ mode: 'down', forMs: -1 }], [{ mode: 'slow', delayMs: 'kauan' }]])(
    'refuses %j',
    async (body) => {
      await setMode(body).expect(400);
    },
  );
});
