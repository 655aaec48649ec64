import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type C4cStandIn, createC4cStandIn } from '../../src/sandbox/index.ts';
import { createTransport } from '../../src/systems/index.ts';
import { listen, listenAndRecord, message, type RunningServer, SILENT, systemAt } from './servers.ts';

const dependencies = { now: () => new Date('2026-03-02T08:15:00Z'), logger: SILENT };
const SERVICE = '/sap/c4c/odata/v1/c4codataapi/';
const SEND = {
  collection: 'ServiceRequestCollection',
  externalId: 'ExternalReference_KUT',
  update: ['Name', 'ServicePriorityCode'],
  dates: ['CompletionDueDate'],
};
const TICKET = {
  Name: "Mielialakysely: otta'a yhteyttä",
  ProcessingTypeCode: 'SRRQ',
  ServicePriorityCode: '2',
  CompletionDueDate: '2026-03-05T12:00:00+02:00',
  ExternalReference_KUT: "task-7'1",
  ServiceRequestTextCollection: [{ TypeCode: '10004', Text: 'Pisteet 24' }],
};

let standIn: C4cStandIn;
let servers: RunningServer[];

beforeEach(async () => {
  let count = 0;
  standIn = createC4cStandIn({
    username: 'silta',
    password: 'koe-77',
    now: () => new Date('2026-03-02T08:15:00Z'),
    uuid: () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
    logger: SILENT,
  });
  servers = [await listen(standIn.app)];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

function transportTo(url: string, options: Record<string, unknown> = {}) {
  const auth = { kind: 'basic', username: 'silta', password: 'koe-77' };
  const system = systemAt({ kind: 'odata', baseUrl: url + SERVICE, auth, options });
  return createTransport(system, dependencies);
}

async function setMode(body: object) {
  const response = await fetch(`${servers[0]?.url}/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

describe('the odata transport against C4C', () => {
  it('creates a ticket with its texts and dates and returns its ObjectID', async () => {
    const result = await transportTo(servers[0]?.url ?? '').send(message(TICKET, SEND));
    const [ticket, ...others] = standIn.tickets();
    expect(others).toEqual([]);
    expect(result).toEqual({ ok: true, status: 201, remoteId: ticket?.ObjectID });
    expect(ticket?.texts).toEqual([{ TypeCode: '10004', Text: 'Pisteet 24' }]);
    expect(ticket?.fields).toMatchObject({
      Name: "Mielialakysely: otta'a yhteyttä",
      CompletionDueDate: '/Date(1772704800000)/',
      ExternalReference_KUT: "task-7'1",
    });
  });

  it('makes one ticket though the answer to the first attempt was lost', async () => {
    await setMode({ mode: 'flaky' });
    const transport = transportTo(servers[0]?.url ?? '');
    const results = [];
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      results.push(await transport.send(message(TICKET, SEND, { attempt })));
    }
    expect(results.filter((result) => result.ok).length).toBeGreaterThan(0);
    expect(results.filter((result) => !result.ok).length).toBeGreaterThan(0);
    expect(results.every((result) => result.ok || result.retryable)).toBe(true);
    expect(standIn.tickets()).toHaveLength(1);
  });

  it('changes only the elements it may bring up to date, and only when they differ', async () => {
    const transport = transportTo(servers[0]?.url ?? '');
    await transport.send(message(TICKET, SEND));
    const before = standIn.tickets()[0];
    expect(await transport.send(message(TICKET, SEND))).toMatchObject({
      ok: true,
      remoteId: before?.ObjectID,
    });
    expect(standIn.tickets()[0]?.ETag).toBe(before?.ETag);

    const raised = { ...TICKET, ServicePriorityCode: '1', CompletionDueDate: '2027-01-01T00:00:00Z' };
    expect(await transport.send(message(raised, SEND))).toMatchObject({ ok: true, status: 204 });
    expect(standIn.tickets()).toHaveLength(1);
    expect(standIn.tickets()[0]?.fields).toMatchObject({
      ServicePriorityCode: '1',
      CompletionDueDate: before?.fields['CompletionDueDate'],
    });
  });

  it.each([
    ['an unknown element', { ...TICKET, Nmae: 'x' }, "Property 'Nmae' is invalid."],
    ['an unknown code', { ...TICKET, ServicePriorityCode: '5' }, "Code '5' of 'ServicePriorityCode'"],
    ['a too long subject', { ...TICKET, Name: 'n'.repeat(256) }, 'maximum length 255'],
  ])('reports %s as final, in the words of the system', async (_, payload, words) => {
    const result = await transportTo(servers[0]?.url ?? '').send(message(payload, SEND));
    expect(result).toMatchObject({ ok: false, retryable: false });
    if (!result.ok) expect(result.issue.diagnostics).toContain(words);
    expect(standIn.tickets()).toEqual([]);
  });

  it('refuses a message without its external id before anything is sent', async () => {
    const { ExternalReference_KUT: _, ...rest } = TICKET;
    const result = await transportTo('http://127.0.0.1:9').send(message(rest, SEND));
    expect(result).toMatchObject({ ok: false, retryable: false, issue: { code: 'required' } });
  });

  it.each(['down', 'nonsense'])('calls a system in mode %s worth another attempt', async (mode) => {
    await setMode({ mode });
    expect(await transportTo(servers[0]?.url ?? '').send(message(TICKET, SEND))).toMatchObject({
      ok: false,
      retryable: true,
    });
    await setMode({ mode: 'ok' });
    expect(await transportTo(servers[0]?.url ?? '').send(message(TICKET, SEND))).toMatchObject({ ok: true });
  });
});

describe('the odata transport against a scripted service', () => {
  const found = (etag: string, priority: string) =>
    JSON.stringify({
      d: {
        results: [
          { __metadata: { etag }, ObjectID: 'AB12', ServicePriorityCode: priority, Name: TICKET.Name },
        ],
      },
    });

  async function scripted(answer: Parameters<typeof listenAndRecord>[0]) {
    const server = await listenAndRecord(answer);
    servers.push(server);
    return server;
  }

  it('reads the entity again once when it was changed meanwhile (412)', async () => {
    const server = await scripted((seen, response, count) => {
      if (seen.method === 'GET') response.end(found(`W/"${count}"`, '3'));
      else response.writeHead(seen.headers['if-match'] === 'W/"3"' ? 204 : 412).end();
    });
    const result = await transportTo(server.url).send(message(TICKET, SEND));
    expect(result).toEqual({ ok: true, status: 204, remoteId: 'AB12' });
    expect(server.seen.map(({ method, headers }) => [method, headers['if-match']])).toEqual([
      ['GET', undefined],
      ['PATCH', 'W/"1"'],
      ['GET', undefined],
      ['PATCH', 'W/"3"'],
    ]);
    expect(server.seen[3]?.body).toBe('{"ServicePriorityCode":"2"}');
    expect(server.seen[3]?.url).toBe(`${SERVICE}ServiceRequestCollection('AB12')`);
  });

  it('leaves it to a later attempt when the entity keeps changing', async () => {
    const server = await scripted((seen, response) => {
      if (seen.method === 'GET') response.end(found('W/"1"', '3'));
      else response.writeHead(412).end();
    });
    expect(await transportTo(server.url).send(message(TICKET, SEND))).toMatchObject({
      ok: false,
      retryable: true,
      issue: { code: 'conflict' },
    });
    expect(server.seen).toHaveLength(4);
  });

  it('does not choose between two entities with the same external id', async () => {
    const server = await scripted((_, response) => {
      response.end(JSON.stringify({ d: { results: [{ ObjectID: 'A' }, { ObjectID: 'B' }] } }));
    });
    expect(await transportTo(server.url).send(message(TICKET, SEND))).toMatchObject({
      ok: false,
      retryable: false,
      issue: { code: 'multiple-matches' },
    });
  });

  it('asks for the external id with quotes doubled, as JSON, two at most', async () => {
    const server = await scripted((_, response) => response.writeHead(500).end());
    await transportTo(server.url).send(message(TICKET, SEND));
    const asked = new URL(server.seen[0]?.url ?? '', server.url).searchParams;
    expect(Object.fromEntries(asked)).toEqual({
      $filter: "ExternalReference_KUT eq 'task-7''1'",
      $top: '2',
      $format: 'json',
    });
  });

  it('shows a CSRF token with its cookies when told to, and gets a new one when it has run out', async () => {
    let token = 0;
    const server = await scripted((seen, response) => {
      if (seen.headers['x-csrf-token'] === 'fetch') {
        token += 1;
        response
          .writeHead(200, { 'x-csrf-token': `c${token}`, 'set-cookie': ['sap=1; path=/', 'usr=2'] })
          .end('{}');
      } else if (seen.method === 'GET') response.end('{"d":{"results":[]}}');
      else if (seen.headers['x-csrf-token'] === 'c2')
        response.writeHead(201).end('{"d":{"results":{"ObjectID":"N1"}}}');
      else response.writeHead(403, { 'x-csrf-token': 'Required' }).end();
    });
    const result = await transportTo(server.url, { csrf: true }).send(message(TICKET, SEND));
    expect(result).toEqual({ ok: true, status: 201, remoteId: 'N1' });
    expect(server.seen.at(-1)?.headers.cookie).toBe('sap=1; usr=2');
  });
});
