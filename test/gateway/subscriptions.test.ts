// https://hl7.org/fhir/R4/subscription.html
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'fhir-kit-client';
import request from 'supertest';
import { createAccess } from '../../src/access/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import { createDelivery, createInProcessDispatcher, type Delivery } from '../../src/delivery/index.ts';
import { lookUpPublic, postHook } from '../../src/delivery/subscription/post-hook.ts';
import type { ClientRegistration } from '../../src/identity/index.ts';
import { isPrivateAddress } from '../../src/private-address.ts';
import type { Resource } from '../../src/resource.ts';
import { createSubscribers } from '../../src/subscribers.ts';
import { createLog } from '../delivery/support/log.ts';
import { QUICK, until } from '../delivery/support/world.ts';
import { AINO, EERO, SEAL, startGateway, type TestGateway, task } from '../rest/gateway.ts';

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const definitions = await loadDefinitions({ profiles: 'profiles' });
const { logger, lines: log } = createLog();
let gateway: TestGateway;
let receiver: Server;
let endpoint = 'https://receiver.example/hook';
let received: Received[] = [];
let answer = 200;
let clients: ClientRegistration[] = [];
const deliveries: Delivery[] = [];

const REGISTERED: ClientRegistration[] = ['portal', 'social'].map((clientId) => ({
  clientId,
  name: clientId,
  kind: 'system',
  redirectUris: [],
  jwks: { keys: [] },
  scopes: ['system/*.cruds'],
  sectors: clientId === 'portal' ? ['health', 'social'] : ['social'],
}));

/** The delivery room of a gateway over the test's database. */
async function startDelivery(): Promise<Delivery> {
  const { store, database } = gateway;
  const clock = () => new Date();
  const access = createAccess({ definitions, store, clock });
  const shared = { definitions, store, access, seal: SEAL, baseUrl: gateway.url, allowPrivate: true };
  const delivery = createDelivery({
    database: database.database,
    store,
    systems: () => [],
    transports: () => ({ send: () => Promise.reject(new Error('no system')) }),
    reactions: [],
    mayDisclose: async () => ({ allowed: true, reason: '' }),
    dispatcher: createInProcessDispatcher({ concurrency: 4, logger }),
    clock,
    random: Math.random,
    logger,
    rawCopyKey: randomBytes(32),
    inboundSecret: () => undefined,
    authorize: async () => undefined,
    // Asked anew each time, as after a restart with another clients file.
    subscribers: {
      ...createSubscribers({ ...shared, clients }),
      searchOf: (one) => createSubscribers({ ...shared, clients }).searchOf(one),
      maySee: (one, version) => createSubscribers({ ...shared, clients }).maySee(one, version),
    },
    limits: { ...QUICK, subscriptionMs: 40, breakerFailures: 3 },
  });
  await delivery.start();
  deliveries.push(delivery);
  return delivery;
}

beforeAll(async () => {
  receiver = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      received.push({ method, path, headers, body: Buffer.concat(parts).toString() });
      outgoing.writeHead(answer, { Location: 'http://127.0.0.1:1/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});
beforeEach(async () => {
  received = [];
  answer = 200;
  clients = REGISTERED;
});

const as = (token: string) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' });
const post = (resource: Resource, token = 'portal') =>
  request(gateway.url).post(`/${resource.resourceType}`).set(as(token)).send(resource);
const create = async (resource: Resource, token = 'portal') => (await post(resource, token).expect(201)).body;
const put = (resource: Resource, token = 'portal') =>
  request(gateway.url).put(`/${resource.resourceType}/${resource.id}`).set(as(token)).send(resource);
const read = async (id: string) =>
  (await request(gateway.url).get(`/Subscription/${id}`).set(as('portal')).expect(200)).body;

const hook = (criteria: string, channel: object = {}, change: object = {}): Resource => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'to test',
  criteria,
  channel: { type: 'rest-hook', endpoint, ...channel },
  ...change,
});
const bundled = (content: string) => ({
  payload: 'application/fhir+json',
  _payload: {
    extension: [
      {
        url: 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content',
        valueCode: content,
      },
    ],
  },
});
const hasStatus = (id: string, status: string) =>
  until(`Subscription/${id} is ${status}`, async () => (await read(id)).status === status);

/** A subscription that is being served. */
async function subscribe(criteria: string, channel: object = {}, token = 'portal'): Promise<string> {
  const { id } = await create(hook(criteria, channel), token);
  const look = async () => JSON.parse((await gateway.store.read('Subscription', id))?.content ?? '{}');
  await until('it is active', async () => (await look()).status === 'active');
  return id;
}
const arrived = (count: number) => until(`${count} have arrived`, () => received.length >= count);
const notAtAll = async () => {
  await Promise.all(deliveries.map((each) => each.idle()));
  return received.length;
};

describe('a subscription', () => {
  beforeAll(async () => {
    gateway = await startGateway({}, () => new Date());
    clients = REGISTERED;
    await startDelivery();
  });
  afterAll(async () => {
    await Promise.all(deliveries.splice(0).map((each) => each.stop()));
    await gateway.close();
  });
  beforeEach(async () => {
    const all = await gateway.database.database.query<{ id: string }>('SELECT id FROM subscription');
    for (const { id } of all) await request(gateway.url).delete(`/Subscription/${id}`).set(as('portal'));
    await until('none is served', async () => {
      const [row] = await gateway.database.database.query('SELECT count(*) AS n FROM subscription');
      return row?.['n'] === 0;
    });
    received = [];
  });

  it('becomes active, and posts nothing but that something matches', async () => {
    const client = new Client({ baseUrl: gateway.url, bearerToken: 'portal' });
    const made = (await client.create({
      resourceType: 'Subscription',
      body: hook('Task?status=requested') as never,
    })) as unknown as { id: string };
    await hasStatus(made.id, 'active');
    await create(task(AINO));
    await arrived(1);
    expect(received[0]).toMatchObject({ method: 'POST', path: '/hook', body: '' });
    await create(task(AINO, { status: 'completed' }));
    await create({ resourceType: 'Organization', name: 'x' });
    expect(await notAtAll()).toBe(1);
  });

  it('puts the resource where a payload is asked for, in the order of its versions', async () => {
    await subscribe('Task?priority=stat', { payload: 'application/fhir+json' });
    const made = await create(task(AINO, { priority: 'stat' }));
    await arrived(1);
    await put({ ...made, description: 'changed' }).expect(200);
    await arrived(2);
    expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `PUT /hook/Task/${made.id}`,
      `PUT /hook/Task/${made.id}`,
    ]);
    expect(received.map(({ body }) => JSON.parse(body).meta.versionId)).toEqual(['1', '2']);
    expect(received[0]?.headers['content-type']).toMatch(/^application\/fhir\+json/);
    const keys = received.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
    // What stops matching, and what is deleted, is not told of.
    await put({ ...made, priority: 'routine' }).expect(200);
    await request(gateway.url).delete(`/Task/${made.id}`).set(as('portal')).expect(204);
    expect(await notAtAll()).toBe(2);
  });

  it('sends XML to who asks for it', async () => {
    await subscribe('Task?priority=asap', { payload: 'application/fhir+xml' });
    await create(task(AINO, { priority: 'asap' }));
    await arrived(1);
    expect(received[0]?.headers['content-type']).toMatch(/^application\/fhir\+xml/);
    expect(received[0]?.body).toMatch(/^(<\?xml[^>]*>\s*)?<Task xmlns="http:\/\/hl7.org\/fhir"/);
  });

  it('shakes hands and numbers its events where notification Bundles are asked for', async () => {
    const id = await subscribe('Task?status=requested', bundled('id-only'));
    expect(received).toHaveLength(1);
    const shake = JSON.parse(received[0]?.body ?? '{}');
    const partOf = (bundle: { entry: { resource: Resource }[] }, name: string) => {
      const parameters = bundle.entry[0]?.resource['parameter'] as Record<string, unknown>[];
      const { name: _, ...value } = parameters.find((each) => each['name'] === name) ?? {};
      return Object.values(value)[0];
    };
    expect(shake).toMatchObject({ resourceType: 'Bundle', type: 'history' });
    expect([partOf(shake, 'type'), partOf(shake, 'status')]).toEqual(['handshake', 'requested']);
    const made = [await create(task(AINO)), await create(task(EERO))];
    await arrived(3);
    const bundles = received.slice(1).map(({ body }) => JSON.parse(body));
    expect(bundles.map((each) => partOf(each, 'type'))).toEqual(['event-notification', 'event-notification']);
    expect(bundles.map((each) => partOf(each, 'subscription'))).toEqual(
      [1, 2].map(() => ({ reference: `${gateway.url}/Subscription/${id}` })),
    );
    const numbers = bundles.map((each) => partOf(each, 'events-since-subscription-start')).sort();
    expect(numbers).toEqual(['1', '2']);
    const told = bundles.map((each) => each.entry[1]);
    expect(new Set(told.map(({ fullUrl }) => fullUrl))).toEqual(
      new Set(made.map((each) => `${gateway.url}/Task/${each.id}`)),
    );
    expect(told.every((each) => each.resource === undefined)).toBe(true);
    await subscribe('Task?priority=urgent', bundled('full-resource'));
    await subscribe('Task?priority=urgent', bundled('empty'));
    received = [];
    await create(task(AINO, { priority: 'urgent', status: 'draft' }));
    await arrived(2);
    const entries = received.map(({ body }) => JSON.parse(body).entry).sort((a, b) => a.length - b.length);
    expect(entries.map((each) => each.length)).toEqual([1, 2]);
    expect(JSON.stringify(entries[0])).not.toContain('Task/');
    expect(entries[1][1].resource).toMatchObject({ resourceType: 'Task', priority: 'urgent' });
  });

  it('tells of what its client may see now, and of nothing else', async () => {
    const own = await subscribe('Task?status=requested', {}, 'social');
    await create(task(AINO));
    expect(await notAtAll()).toBe(0);
    await create(task(AINO), 'social');
    await arrived(1);
    // The client's registration is narrowed: from now on it may not search Tasks.
    clients = REGISTERED.map((each) => ({ ...each, scopes: ['system/Patient.rs'] }));
    await create(task(AINO), 'social');
    expect(await notAtAll()).toBe(1);
    expect(own).toBeTruthy();
    await post(hook('QuestionnaireResponse?status=completed'), 'lifecare').expect(403);
    await post(hook('Task?status=requested'), 'aino').expect(403);
  });

  it('keeps its secrets to itself, and sends them', async () => {
    const header = ['Authorization: Bearer s3cret-of-portal', 'X-Own: yes'];
    const id = await subscribe('Task?status=requested', { header });
    const shown = await read(id);
    expect(JSON.stringify(shown)).not.toContain('s3cret');
    const [row] = await gateway.database.database.query(
      "SELECT string_agg(content, '') AS all FROM resource_version WHERE type = 'Subscription'",
    );
    expect(row?.['all']).not.toContain('s3cret');
    await create(task(AINO));
    await arrived(1);
    expect(received[0]?.headers).toMatchObject({ authorization: 'Bearer s3cret-of-portal', 'x-own': 'yes' });
    // What was sealed for one client is of no use to another; the client itself sends it back as it got it.
    const { id: _id, meta: _meta, ...copy } = shown;
    await post({ ...copy, status: 'requested' }, 'social').expect(422);
    await put({ ...shown, status: 'requested' }).expect(200);
    await hasStatus(id, 'active');
    await create(task(AINO));
    await arrived(2);
    expect(received[1]?.headers['authorization']).toBe('Bearer s3cret-of-portal');
    expect(log.join()).not.toContain('s3cret');
  });

  it('that cannot be delivered says so, and recovers with nothing lost', async () => {
    const id = await subscribe('Task?status=requested', { payload: 'application/fhir+json' });
    answer = 503;
    const made = [await create(task(AINO)), await create(task(EERO)), await create(task(AINO))];
    await hasStatus(id, 'error');
    expect((await read(id)).error).toContain('503');
    answer = 200;
    received = [];
    await hasStatus(id, 'active');
    expect((await read(id)).error).toBeUndefined();
    await arrived(3);
    expect(await notAtAll()).toBe(3);
    expect(received.map(({ path }) => path).sort()).toEqual(
      made.map((each) => `/hook/Task/${each.id}`).sort(),
    );
    const aino = received.map(({ path }) => path).filter((path) => !path.endsWith(made[1].id));
    expect(aino).toEqual([made[0], made[2]].map((each) => `/hook/Task/${each.id}`));
    const [delivery] = deliveries;
    const listed = await delivery?.listDeliveries({ system: `Subscription/${id}`, state: 'sent' });
    expect(listed?.deliveries.length).toBeGreaterThanOrEqual(3);
  });

  it('whose endpoint refuses leaves a dead letter that is sent again by hand', async () => {
    const id = await subscribe('Task?status=requested');
    answer = 302;
    await create(task(AINO));
    await hasStatus(id, 'error');
    expect(received).toHaveLength(1);
    answer = 200;
    const [delivery] = deliveries;
    // The status comes first: a gateway that dies in between tries again, and the status stays true.
    let dead: readonly { readonly id: string }[] = [];
    await until('there is a dead letter', async () => {
      const page = await delivery?.listDeliveries({ system: `Subscription/${id}`, state: 'dead' });
      dead = page?.deliveries ?? [];
      return dead.length === 1;
    });
    await delivery?.retryDelivery(dead[0]?.id ?? '');
    await hasStatus(id, 'active');
    expect(received).toHaveLength(2);
  });

  it('ends when it is turned off and when its time is over', async () => {
    const id = await subscribe('Task?status=requested');
    await put({ ...(await read(id)), status: 'off' }).expect(200);
    await until('it is served no more', async () => (await listServed()).length === 0);
    const other = await create(
      hook('Task?status=requested', {}, { end: new Date(Date.now() + 1_500).toISOString() }),
    );
    await hasStatus(other.id, 'active');
    await until('its end has passed', () => Date.now() > Date.parse(other.end));
    await create(task(AINO));
    await hasStatus(other.id, 'off');
    expect(received).toHaveLength(0);
  });
  const listServed = () => gateway.database.database.query('SELECT id FROM subscription');

  it('is served by what gateways there are: one that stops, and two that start', async () => {
    await subscribe('Task?status=requested', { payload: 'application/fhir+json' });
    const [first] = deliveries;
    const made = [await create(task(AINO)), await create(task(AINO))];
    await first?.stop();
    for (let n = 0; n < 6; n++) made.push(await create(task(n % 2 ? AINO : EERO)));
    await Promise.all([startDelivery(), startDelivery()]);
    await arrived(made.length);
    expect(await notAtAll()).toBe(made.length);
    expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(made.length);
    const ids = received.map(({ path }) => path.split('/').at(-1));
    const order = (of: string[]) => ids.filter((each) => each !== undefined && of.includes(each));
    const ofAino = made.filter((each) => each.for.reference === `Patient/${AINO}`).map((each) => each.id);
    expect(order(ofAino)).toEqual(ofAino);
  });

  it('is limited in number for each client, and belongs to it', async () => {
    const ids = [await subscribe('Task'), await subscribe('Patient'), await subscribe('Goal')];
    await post(hook('CarePlan')).expect(429);
    await put({ ...(await read(ids[0] as string)), status: 'off' }, 'social').expect(404);
  });

  it.each([
    ['criteria that are no search', hook('http://example.org/topic'), 'criteria'],
    ['an unknown type', hook('Tusk?status=x'), 'criteria'],
    ['criteria with a result parameter', hook('Task?_sort=status'), 'criteria'],
    ['another channel', hook('Task', { type: 'websocket' }), 'channel.type'],
    ['no endpoint', hook('Task', { endpoint: undefined }), 'channel.endpoint'],
    [
      'an endpoint that is no web address',
      hook('Task', { endpoint: 'ftp://example.org' }),
      'channel.endpoint',
    ],
    [
      'credentials in the endpoint',
      hook('Task', { endpoint: 'https://a:b@example.org' }),
      'channel.endpoint',
    ],
    ['another payload', hook('Task', { payload: 'text/plain' }), 'channel.payload'],
    ['a header of the connection', hook('Task', { header: ['Host: example.org'] }), 'channel.header'],
    ['a header with a line break', hook('Task', { header: ['X-A: b\nHost: c'] }), 'channel.header'],
    ['a status that is the server’s', hook('Task', {}, { status: 'active' }), 'status'],
  ])('with %s is refused', async (_, resource, element) => {
    const { body } = await post(resource).expect(422);
    expect(JSON.stringify(body.issue)).toContain(`Subscription.${element}`);
  });

  it('with an unknown or malformed parameter is refused', async () => {
    for (const criteria of ['Task?stutus=requested', 'Task?authored-on=never']) {
      await post(hook(criteria)).expect(400);
    }
  });
});

describe('an endpoint', () => {
  const limits = { timeoutMs: 1_000, allowPrivate: false };
  const send = (url: string) => postHook({ method: 'POST', url: new URL(url), headers: {} }, limits);

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    'fec0::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'localhost',
  ])('at %s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['193.166.3.2', '8.8.8.8', '2a00:1d50::1', '2606:4700::1111'])('at %s is public', (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });

  it.each([
    'https://127.0.0.1/x',
    'https://[::ffff:127.0.0.1]/x',
    'https://2130706433/x',
    'https://0x7f.1/x',
    'https://localhost/x',
  ])('such as %s is not called', async (url) => {
    expect(await send(url)).toMatchObject({ ok: false, retryable: false, issue: { code: 'security' } });
  });

  it('is https only', async () => {
    expect(await send('http://example.org/')).toMatchObject({ ok: false, issue: { code: 'security' } });
  });

  it('is judged by where its name leads', async () => {
    const failure = await new Promise((resolve) => lookUpPublic('localhost', {}, (error) => resolve(error)));
    expect(failure).toMatchObject({ code: 'SILTA_PRIVATE_ADDRESS' });
  });
});
