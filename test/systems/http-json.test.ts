import { afterEach, describe, expect, it } from '@jest/globals';
import { createTransport } from '../../src/systems/index.ts';
import { listenAndRecord, message, type RunningServer, SILENT, systemAt } from './servers.ts';

const NOW = new Date('2026-03-02T08:15:00Z');
const dependencies = { now: () => NOW, logger: SILENT };
const SEND = { method: 'POST', path: '/documents', remoteId: 'documentId' } as const;

const servers: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function recording(answer: Parameters<typeof listenAndRecord>[0]) {
  const server = await listenAndRecord(answer);
  servers.push(server);
  return server;
}

async function answering(status: number, headers: Record<string, string>, body: string) {
  return recording((_, response) => response.writeHead(status, headers).end(body));
}

describe('the http-json transport', () => {
  it('posts the payload as JSON with the idempotency key and the bearer secret, and returns the remote id', async () => {
    const server = await answering(201, {}, '{"documentId":"d-481"}');
    const auth = { kind: 'bearer', secret: 'salaisuus-93' };
    const transport = createTransport(systemAt({ baseUrl: `${server.url}/api`, auth }), dependencies);

    const result = await transport.send(message({ otsikko: 'Mieliala – ääkköset' }, SEND));

    expect(result).toEqual({ ok: true, status: 201, remoteId: 'd-481' });
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      url: '/api/documents',
      body: '{"otsikko":"Mieliala – ääkköset"}',
    });
    expect(server.seen[0]?.headers).toMatchObject({
      authorization: 'Bearer salaisuus-93',
      'idempotency-key': 'delivery-7f3a',
      'content-type': 'application/json; charset=utf-8',
    });
  });

  it('shows basic credentials in UTF-8', async () => {
    const server = await answering(204, {}, '');
    const auth = { kind: 'basic', username: 'käyttäjä', password: 'sala:sana' };
    const transport = createTransport(systemAt({ baseUrl: server.url, auth }), dependencies);
    expect(await transport.send(message({}, { method: 'PUT', path: 'x' }))).toEqual({
      ok: true,
      status: 204,
    });
    const shown = server.seen[0]?.headers.authorization?.replace('Basic ', '') ?? '';
    expect(Buffer.from(shown, 'base64').toString('utf8')).toBe('käyttäjä:sala:sana');
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('calls status %d worth another attempt', async (status) => {
    const server = await answering(status, {}, 'huolto');
    const transport = createTransport(systemAt({ baseUrl: server.url }), dependencies);
    const result = await transport.send(message({}, SEND));
    expect(result).toMatchObject({ ok: false, retryable: true });
    expect(result).toHaveProperty('issue.diagnostics', `The system answered POST with ${status}: huolto.`);
  });

  it.each([400, 401, 403, 404, 409, 413, 422])('calls status %d final', async (status) => {
    const server = await answering(status, { 'retry-after': '5' }, '');
    const transport = createTransport(systemAt({ baseUrl: server.url }), dependencies);
    const result = await transport.send(message({}, SEND));
    expect(result).toMatchObject({ ok: false, retryable: false });
    expect(result).not.toHaveProperty('retryAfterMs');
  });

  it.each([
    ['12', 12_000],
    ['Mon, 02 Mar 2026 08:16:30 GMT', 90_000],
    ['Mon, 02 Mar 2026 08:00:00 GMT', 0],
  ])('reads Retry-After %s', async (value, milliseconds) => {
    const server = await answering(503, { 'retry-after': value }, '');
    const transport = createTransport(systemAt({ baseUrl: server.url }), dependencies);
    expect(await transport.send(message({}, SEND))).toMatchObject({ retryAfterMs: milliseconds });
  });

  it('masks personal identity codes and its own secret in what the system says, and cuts it', async () => {
    const long = 'x'.repeat(900);
    const server = await answering(400, {}, `bad 010190-999W and 020516c903k, Bearer avain-55 ${long}`);
    const auth = { kind: 'bearer', secret: 'avain-55' };
    const transport = createTransport(systemAt({ baseUrl: server.url, auth }), dependencies);
    const result = await transport.send(message({}, SEND));
    if (result.ok) throw new Error('the send should have failed');
    expect(result.issue.diagnostics).toContain(
      'bad [personal identity code] and [personal identity code], Bearer [secret] xxx',
    );
    expect(result.issue.diagnostics.length).toBeLessThan(560);
  });

  it('takes a configured status as word that the message is there already', async () => {
    const server = await answering(409, {}, '{"documentId":"d-481"}');
    const transport = createTransport(systemAt({ baseUrl: server.url }), dependencies);
    expect(await transport.send(message({}, { ...SEND, alreadyThere: [409] }))).toEqual({
      ok: true,
      status: 409,
      remoteId: 'd-481',
    });
  });

  it('does not follow a redirect', async () => {
    const target = await answering(200, {}, '{"documentId":"stolen"}');
    const server = await answering(307, { location: target.url }, '');
    const transport = createTransport(systemAt({ baseUrl: server.url }), dependencies);
    expect(await transport.send(message({}, SEND))).toMatchObject({ ok: false, retryable: false });
    expect(target.seen).toHaveLength(0);
  });

  it('gives up on an answer larger than the limit', async () => {
    const server = await answering(200, {}, `"${'x'.repeat(5_000)}"`);
    const options = { maxResponseBytes: 2_048 };
    const transport = createTransport(systemAt({ baseUrl: server.url, options }), dependencies);
    expect(await transport.send(message({}, SEND))).toMatchObject({
      ok: false,
      retryable: false,
      issue: { code: 'too-long' },
    });
  });

  it('tries again later when a success answer is not what was agreed', async () => {
    const server = await answering(200, { 'content-type': 'text/html' }, '<html>huoltokatko</html>');
    const transport = createTransport(systemAt({ baseUrl: server.url }), dependencies);
    expect(await transport.send(message({}, SEND))).toMatchObject({
      ok: false,
      retryable: true,
      issue: { code: 'structure' },
    });
  });

  it('calls a refused connection, a cut one and a silent one worth another attempt', async () => {
    const closed = await answering(200, {}, '');
    await closed.close();
    servers.splice(servers.indexOf(closed), 1);
    const refused = createTransport(systemAt({ baseUrl: closed.url }), dependencies);
    expect(await refused.send(message({}, SEND))).toMatchObject({
      ok: false,
      retryable: true,
      issue: { diagnostics: 'The system could not be reached (ECONNREFUSED).' },
    });

    const cutting = await recording((_, response) => response.socket?.destroy());
    const cut = createTransport(systemAt({ baseUrl: cutting.url }), dependencies);
    expect(await cut.send(message({}, SEND))).toMatchObject({ ok: false, retryable: true });

    const silent = await recording(() => undefined);
    const waiting = createTransport(systemAt({ baseUrl: silent.url, timeoutMs: 60 }), dependencies);
    expect(await waiting.send(message({}, SEND))).toMatchObject({
      ok: false,
      retryable: true,
      issue: { code: 'timeout', diagnostics: 'The system did not answer within 60 ms.' },
    });
  });

  it('ends an attempt when its signal is aborted', async () => {
    const silent = await recording(() => undefined);
    const transport = createTransport(systemAt({ baseUrl: silent.url }), dependencies);
    const result = await transport.send(message({}, SEND, { signal: AbortSignal.timeout(30) }));
    expect(result).toMatchObject({ ok: false, retryable: true, issue: { code: 'timeout' } });
  });

  it('fills the path from the message, but never with a personal identity code or out of the base', async () => {
    const server = await answering(200, {}, '{}');
    const transport = createTransport(systemAt({ baseUrl: `${server.url}/api/` }), dependencies);
    const send = { method: 'PUT', path: '/clients/{id}/form' };
    expect(await transport.send(message({ id: 'a/ö' }, send))).toMatchObject({ ok: true });
    expect(server.seen[0]?.url).toBe('/api/clients/a%2F%C3%B6/form');
    for (const payload of [{ id: '010190-999W' }, {}, { id: { a: 1 } }]) {
      expect(await transport.send(message(payload, send))).toMatchObject({ ok: false, retryable: false });
    }
    expect(await transport.send(message({}, { method: 'PUT', path: '../admin' }))).toMatchObject({
      ok: false,
    });
    expect(server.seen).toHaveLength(1);
  });

  it('refuses an address that is neither http nor https', () => {
    expect(() => createTransport(systemAt({ baseUrl: 'file:///etc/' }), dependencies)).toThrow(
      "only http and https addresses are connected to, not 'file:'",
    );
  });
});

describe('OAuth 2.0 client credentials', () => {
  const auth = (url: string) => ({
    kind: 'oauth2-client-credentials',
    tokenUrl: `${url}/token`,
    clientId: 'silta',
    clientSecret: 'hiljaa',
    scope: 'documents',
  });

  it('gets a token once, uses it for several messages and renews it before it ends', async () => {
    let now = NOW;
    const server = await recording((seen, response, count) => {
      if (seen.url === '/token') response.end(JSON.stringify({ access_token: `t${count}`, expires_in: 60 }));
      else response.end('{"documentId":"d"}');
    });
    const system = systemAt({ baseUrl: server.url, auth: auth(server.url) });
    const transport = createTransport(system, { now: () => now, logger: SILENT });
    await transport.send(message({}, SEND));
    await transport.send(message({}, SEND));
    now = new Date(NOW.getTime() + 31_000);
    await transport.send(message({}, SEND));
    expect(server.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/token', `Basic ${Buffer.from('silta:hiljaa').toString('base64')}`],
      ['/documents', 'Bearer t1'],
      ['/documents', 'Bearer t1'],
      ['/token', `Basic ${Buffer.from('silta:hiljaa').toString('base64')}`],
      ['/documents', 'Bearer t4'],
    ]);
    expect(server.seen[0]?.body).toBe('grant_type=client_credentials&scope=documents');
  });

  it('asks for a new token once when the system no longer takes the old one', async () => {
    const server = await recording((seen, response, count) => {
      if (seen.url === '/token') response.end(JSON.stringify({ access_token: `t${count}`, expires_in: 600 }));
      else if (seen.headers.authorization === 'Bearer t1') response.writeHead(401).end();
      else response.end('{"documentId":"d"}');
    });
    const transport = createTransport(
      systemAt({ baseUrl: server.url, auth: auth(server.url) }),
      dependencies,
    );
    expect(await transport.send(message({}, SEND))).toMatchObject({ ok: true });
    expect(server.seen).toHaveLength(4);
  });

  it('says that the token was refused, without the secret', async () => {
    const server = await answering(400, {}, '{"error":"invalid_client","hint":"hiljaa"}');
    const transport = createTransport(
      systemAt({ baseUrl: server.url, auth: auth(server.url) }),
      dependencies,
    );
    const result = await transport.send(message({}, SEND));
    expect(result).toMatchObject({ ok: false, retryable: false });
    expect(JSON.stringify(result)).not.toContain('hiljaa');
  });
});
