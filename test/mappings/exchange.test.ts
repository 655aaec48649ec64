/** From a resource to the stand-in and back, with the installation's own files: what the systems of this release are. */

import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compileStructure, loadDefinitions } from '../../src/definitions/index.ts';
import {
  type C4cStandIn,
  createC4cStandIn,
  createLifecareStandIn,
  type LifecareStandIn,
} from '../../src/sandbox/index.ts';
import {
  createTransport,
  loadSystems,
  type MapContext,
  type SendResult,
  type SystemDefinition,
} from '../../src/systems/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOGGER = { info: () => undefined, warn: () => undefined, error: () => undefined };
const NOW = new Date('2026-03-02T08:15:00Z');
const MAP_ENVIRONMENT = { now: () => NOW, uuid: () => '00000000-0000-4000-8000-000000000001' };

let context: MapContext;
let servers: Server[];
let c4c: C4cStandIn;
let lifecare: LifecareStandIn;
let systems: readonly SystemDefinition[];
let inbound: Record<string, unknown>[];

beforeAll(async () => {
  const definitions = await loadDefinitions({ profiles: `${ROOT}profiles` });
  context = { definitions, compileModel: (model) => compileStructure(model, definitions) };
});

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  servers = [];
  inbound = [];
  const gateway = await listen(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    inbound.push({ authorization: request.headers.authorization, ...JSON.parse(text) });
    response.writeHead(200).end();
  });
  let count = 0;
  const uuid = () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`;
  const shared = { now: () => NOW, uuid, logger: LOGGER };
  c4c = createC4cStandIn({
    ...shared,
    username: 'u-3',
    password: 'p-3',
    gateway: { url: `${gateway}/inbound/sap-c4c/ticket-status`, secret: 's-3' },
  });
  lifecare = createLifecareStandIn({ ...shared, secret: 'l-3' });
  systems = await loadSystems({
    ...context,
    directory: `${ROOT}mappings`,
    sandboxDefaults: false,
    environment: {
      SAP_C4C_URL: await listen(c4c.app),
      SAP_C4C_USER: 'u-3',
      SAP_C4C_PASSWORD: 'p-3',
      SAP_C4C_INBOUND_SECRET: 's-3',
      LIFECARE_URL: await listen(lifecare.app),
      LIFECARE_SECRET: 'l-3',
    },
    logger: LOGGER,
  });
});

afterEach(async () => {
  await c4c.settled();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function readInput(path: string): Promise<unknown> {
  return JSON.parse(await readFile(`${ROOT}${path}`, 'utf8'));
}

function systemOf(name: string): SystemDefinition {
  const system = systems.find((each) => each.name === name);
  if (!system) throw new Error(`there is no system ${name}`);
  return system;
}

/** Maps with the system's only route and sends the result through its transport. */
async function deliver(name: string, sources: Record<string, unknown>, key: string): Promise<SendResult> {
  const system = systemOf(name);
  const [route] = system.routes;
  if (!route) throw new Error(`${name} has no route`);
  return createTransport(system, { now: () => NOW, logger: LOGGER }).send({
    payload: route.map.run(sources, MAP_ENVIRONMENT),
    idempotencyKey: key,
    attempt: 1,
    send: route.send,
    signal: new AbortController().signal,
  });
}

describe('SAP C4C', () => {
  const sources = async () => ({
    task: await readInput('mappings/sap-c4c/cases/urgent-contact/input.json'),
    patient: await readInput('mappings/sap-c4c/cases/_inputs/patient.json'),
  });

  it('takes the mapped ticket once, whatever the number of attempts', async () => {
    const first = await deliver('sap-c4c', await sources(), 'k-1');
    const second = await deliver('sap-c4c', await sources(), 'k-1');
    expect(c4c.tickets()).toHaveLength(1);
    const [ticket] = c4c.tickets();
    expect(first).toEqual({ ok: true, status: 201, remoteId: ticket?.ObjectID });
    expect(second).toEqual({ ok: true, status: 200, remoteId: ticket?.ObjectID });
    expect(ticket?.fields).toMatchObject({
      Name: 'Kiireellinen yhteydenotto',
      ServicePriorityCode: '2',
      ExternalReference_KUT: 'a81f-1',
      CompletionDueDate: `/Date(${Date.parse('2026-03-02T16:00:00+02:00')})/`,
    });
    expect(ticket?.texts).toEqual([
      { TypeCode: '10004', Text: expect.stringContaining('QuestionnaireResponse/qr-1') },
    ]);
  });

  it('tells of a closed ticket, and the message maps back to the completed Task', async () => {
    const result = await deliver('sap-c4c', await sources(), 'k-1');
    const [ticket] = c4c.tickets();
    const { transport, inbound: messages } = systemOf('sap-c4c');
    const answer = await fetch(
      `${transport.baseUrl}/ServiceRequestCollection('${result.ok ? result.remoteId : ''}')`,
      {
        method: 'PATCH',
        headers: {
          authorization: `Basic ${Buffer.from('u-3:p-3').toString('base64')}`,
          accept: 'application/json',
          'content-type': 'application/json',
          'if-match': ticket?.ETag ?? '',
        },
        body: JSON.stringify({ ServiceRequestLifeCycleStatusCode: '4' }),
      },
    );
    expect(answer.status).toBe(204);
    await c4c.settled();
    expect(inbound).toHaveLength(1);
    const { authorization, ...message } = inbound[0] ?? {};
    expect(authorization).toBe(`Bearer ${messages[0]?.auth['secret']}`);
    const [definition] = messages;
    const [source = ''] = definition?.map.sources ?? [];
    expect(definition?.map.run({ [source]: message }, MAP_ENVIRONMENT)).toMatchObject({
      resourceType: 'Task',
      identifier: [{ system: definition?.upsert.identifierSystem, value: 'a81f-1' }],
      status: 'completed',
      executionPeriod: { end: NOW.toISOString() },
    });
  });
});

describe('Lifecare', () => {
  const sources = async (name: string) => ({
    response: await readInput(`mappings/lifecare/cases/${name}/input.json`),
    patient: await readInput('mappings/lifecare/cases/_inputs/patient.json'),
    questionnaire: await readInput('mappings/lifecare/cases/_inputs/all-types.json'),
  });

  it.each(['bdi-total-24', 'all-answer-types', 'nothing-answered'])(
    'takes the document of %s, once for one key',
    async (name) => {
      const results = [
        await deliver('lifecare', await sources(name), 'k-7'),
        await deliver('lifecare', await sources(name), 'k-7'),
      ];
      expect(results[0]).toMatchObject({ ok: true, status: 201 });
      expect(results[1]).toEqual(results[0]);
      expect(lifecare.documents()).toHaveLength(1);
    },
  );
});
