import { afterEach, describe, expect, it } from '@jest/globals';
import { createTransport } from '../../src/systems/index.ts';
import { listenAndRecord, message, type RunningServer, SILENT, systemAt } from './servers.ts';

const dependencies = { now: () => new Date('2026-03-02T08:15:00Z'), logger: SILENT };
const TASK = {
  resourceType: 'Task',
  id: 'a-17',
  status: 'requested',
  identifier: [{ system: 'https://silta.example/fhir/identifier/ticket', value: 'tiketti 17' }],
};

const servers: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function fhirServer(answer: Parameters<typeof listenAndRecord>[0]) {
  const server = await listenAndRecord(answer);
  servers.push(server);
  const auth = { kind: 'bearer', secret: 'avain-12' };
  const system = systemAt({ kind: 'fhir', baseUrl: `${server.url}/r4`, auth, timeoutMs: 500 });
  return { server, transport: createTransport(system, dependencies) };
}

const created = JSON.stringify({ ...TASK, id: 'remote-5' });

describe('the fhir transport', () => {
  it('creates a resource and returns the id the server gave', async () => {
    const { server, transport } = await fhirServer((_, response) => response.writeHead(201).end(created));
    expect(await transport.send(message(TASK, { interaction: 'create' }))).toEqual({
      ok: true,
      status: 201,
      remoteId: 'remote-5',
    });
    expect(server.seen[0]).toMatchObject({ method: 'POST', url: '/r4/Task' });
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual(TASK);
    expect(server.seen[0]?.headers).toMatchObject({
      authorization: 'Bearer avain-12',
      'content-type': 'application/fhir+json',
    });
  });

  it('creates only what is not there, by its identifier', async () => {
    const { server, transport } = await fhirServer((_, response) => {
      response.writeHead(200, { location: '/r4/Task/remote-9/_history/3' }).end('');
    });
    const send = {
      interaction: 'conditional-create',
      identifierSystem: 'https://silta.example/fhir/identifier/ticket',
    };
    expect(await transport.send(message(TASK, send))).toEqual({
      ok: true,
      status: 200,
      remoteId: 'remote-9',
    });
    expect(server.seen[0]?.headers['if-none-exist']).toBe(
      'identifier=https%3A%2F%2Fsilta.example%2Ffhir%2Fidentifier%2Fticket%7Ctiketti%2017',
    );
  });

  it('updates by id, and by identifier', async () => {
    const { server, transport } = await fhirServer((_, response) => response.writeHead(200).end(created));
    await transport.send(message(TASK, { interaction: 'update' }));
    const identifierSystem = 'https://silta.example/fhir/identifier/ticket';
    await transport.send(message(TASK, { interaction: 'conditional-update', identifierSystem }));
    expect(server.seen.map(({ method }) => method)).toEqual(['PUT', 'PUT']);
    expect(server.seen[0]?.url).toBe('/r4/Task/a-17');
    const asked = new URL(server.seen[1]?.url ?? '', server.url);
    expect(asked.pathname).toBe('/r4/Task');
    expect(asked.searchParams.get('identifier')).toBe(`${identifierSystem}|tiketti 17`);
  });

  it.each([
    [400, false],
    [412, false],
    [422, false],
    [429, true],
    [503, true],
  ])('judges status %d', async (status, retryable) => {
    const outcome = JSON.stringify({
      resourceType: 'OperationOutcome',
      issue: [{ diagnostics: 'no 010190-999W here' }],
    });
    const { transport } = await fhirServer((_, response) => {
      response.writeHead(status, { 'retry-after': '7' }).end(outcome);
    });
    const result = await transport.send(message(TASK, { interaction: 'create' }));
    expect(result).toMatchObject({ ok: false, retryable });
    if (result.ok) return;
    expect(result.retryAfterMs).toBe(retryable ? 7000 : undefined);
    expect(result.issue.diagnostics).toContain('no [personal identity code] here');
  });

  it('calls silence, a cut connection and an answer that is not FHIR worth another attempt', async () => {
    const silent = await fhirServer(() => undefined);
    expect(await silent.transport.send(message(TASK, { interaction: 'create' }))).toMatchObject({
      ok: false,
      retryable: true,
      issue: { code: 'timeout' },
    });
    const cut = await fhirServer((_, response) => response.socket?.destroy());
    expect(await cut.transport.send(message(TASK, { interaction: 'create' }))).toMatchObject({
      ok: false,
      retryable: true,
      issue: { code: 'transient' },
    });
    const page = await fhirServer((_, response) => response.writeHead(200).end('<html>'));
    expect(await page.transport.send(message(TASK, { interaction: 'create' }))).toMatchObject({
      ok: false,
      retryable: true,
      issue: { code: 'structure' },
    });
  });

  it('refuses what could only be found again by a personal identity code, and what is no resource', async () => {
    const { server, transport } = await fhirServer((_, response) => response.writeHead(201).end(created));
    const patient = {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:oid:1.2.246.21', value: '010190-999W' }],
    };
    const send = { interaction: 'conditional-create', identifierSystem: 'urn:oid:1.2.246.21' };
    expect(await transport.send(message(patient, send))).toMatchObject({ ok: false, retryable: false });
    expect(await transport.send(message({ a: 1 }, { interaction: 'create' }))).toMatchObject({
      ok: false,
      retryable: false,
    });
    const { id: _, ...withoutId } = TASK;
    expect(await transport.send(message(withoutId, { interaction: 'update' }))).toMatchObject({
      ok: false,
      issue: { code: 'required' },
    });
    expect(server.seen).toHaveLength(0);
  });
});
