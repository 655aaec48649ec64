import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CryptoKey, decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { SandboxCredentials } from '../../src/cli/sandbox-setup.ts';
import { createBrowser, signIn } from '../../src/sandbox/index.ts';
import { createWorld, type GatewayProcess, type World } from '../gateway/world.ts';
import { type Answer, ask, moodAnswer } from './citizen.ts';

const HETU = '010190-999W';
const NOBODY = '00000000-0000-4000-8000-000000000000';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe('who has no right to come in', () => {
  let world: World;
  let gateway: GatewayProcess;
  let token: string;
  let patient: string;
  let record: string;
  let operator: string;
  let clients: SandboxCredentials;

  beforeAll(async () => {
    world = await createWorld({ SILTA_METRICS_TOKEN: 'a-token-of-the-metrics' });
    gateway = await world.startGateway();
    const launch = await world.users.signIn('tessa');
    token = launch.accessToken;
    patient = launch.patient;
    record = await world.users.token('record');
    operator = await world.users.token('operator');
    clients = (
      (await (await fetch(`${world.sandboxUrl}/credentials`)).json()) as { clients: SandboxCredentials }
    ).clients;
  }, 60_000);
  afterAll(() => world.close());

  const readAs = (forged: string) => ask(world, 'GET', `/fhir/Patient/${patient}`, { token: forged });
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const assertion = async (
    who: keyof SandboxCredentials,
    claims: (now: number) => Readonly<Record<string, unknown>> = () => ({}),
  ): Promise<string> => {
    const { clientId, privateJwk } = clients[who];
    const now = Math.floor(Date.now() / 1000);
    const aud = `${world.gatewayUrl}/oauth/token`;
    const usual = { iss: clientId, sub: clientId, aud, jti: crypto.randomUUID(), iat: now, exp: now + 60 };
    return new SignJWT({ ...usual, ...claims(now) })
      .setProtectedHeader({ alg: 'ES384', kid: String(privateJwk.kid), typ: 'JWT' })
      .sign(await importJWK(privateJwk, 'ES384'));
  };
  const askToken = (signed: string, scope = 'system/Patient.rs', more: Record<string, string> = {}) =>
    ask(world, 'POST', '/oauth/token', {
      headers: FORM,
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope,
        client_assertion_type: ASSERTION,
        client_assertion: signed,
        ...more,
      }).toString(),
    });

  it('reads nothing with a token that is unsigned, changed, or signed by another key', async () => {
    const [head = '', body = '', signature = ''] = token.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString());
    const claims = decodeJwt(token);
    const { keys } = (await ask(world, 'GET', '/oauth/jwks')).json as { keys: { x: string }[] };
    const own = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(own.publicKey);
    const forge = (more: object, key: Uint8Array | CryptoKey) =>
      new SignJWT(claims).setProtectedHeader({ ...header, ...more }).sign(key);
    const secret = (text: string) => new TextEncoder().encode(text);
    const forged = [
      `${encode({ ...header, alg: 'none' })}.${body}.`,
      `${head}.${encode({ ...claims, patient: NOBODY })}.${signature}`,
      `${head}.${body}.`,
      await forge({}, own.privateKey),
      await forge({ jwk }, own.privateKey),
      await forge({ alg: 'HS256' }, secret(JSON.stringify(keys[0]))),
      await forge({ alg: 'HS256' }, secret(String(keys[0]?.x))),
      await assertion('record', () => ({ aud: `${world.gatewayUrl}/fhir` })),
    ];
    expect((await readAs(token)).status).toBe(200);
    for (const each of forged) expect((await readAs(each)).status).toBe(401);
    const inQuery = await ask(world, 'GET', `/fhir/Patient/${patient}?access_token=${token}`);
    expect(inQuery.status).toBe(401);
  });

  it('gets a token for an assertion once, and for none that is expired, too long or meant for others', async () => {
    const once = await assertion('record');
    expect((await askToken(once)).status).toBe(200);
    const wrong: (string | Promise<string>)[] = [
      once,
      assertion('record', (now) => ({ exp: now + 3_600 })),
      assertion('record', (now) => ({ exp: now - 60 })),
      assertion('record', (now) => ({ nbf: now + 600, exp: now + 660 })),
      assertion('record', () => ({ aud: 'https://other.example/token' })),
      assertion('record', () => ({ iss: 'sandbox-operator', sub: 'sandbox-operator' })),
      assertion('record', () => ({ jti: undefined })),
      assertion('record', () => ({ exp: undefined })),
    ];
    for (const each of wrong) expect((await askToken(await each)).status).toBe(401);
  });

  it('gets no more scope than is registered, and no token of the wrong kind', async () => {
    for (const scope of ['system/CarePlan.cruds', 'system/Delivery.rus', 'patient/Patient.r', 'openid']) {
      expect((await askToken(await assertion('record'), scope)).status).toBe(400);
    }
    const all = await askToken(await assertion('record'), 'system/*.cruds');
    expect(String(all.json['scope'])).not.toMatch(/[cud]\b|\*|Delivery|AuditEvent/);
    expect((await askToken(await assertion('portalApp'), 'patient/Patient.r')).status).toBe(400);
    const elsewhere = await askToken(await assertion('record'), 'system/Patient.r', {
      resource: 'https://other.example/',
    });
    expect(elsewhere.status).toBe(400);
  });

  it('looks at no delivery without the scope of an operator, and at no patient with it', async () => {
    const paths = ['', '/stats', '/inbound', '/reactions', `/${NOBODY}`];
    for (const path of paths) {
      for (const each of [token, record]) {
        expect((await ask(world, 'GET', `/admin/deliveries${path}`, { token: each })).status).toBe(403);
      }
      expect((await ask(world, 'GET', `/admin/deliveries${path}`)).status).toBe(401);
    }
    expect(
      (await ask(world, 'POST', '/admin/deliveries/retry?system=lifecare', { token: record })).status,
    ).toBe(403);
    expect((await ask(world, 'GET', '/fhir/Patient', { token: operator })).status).toBe(403);
    const console = await ask(world, 'GET', '/console', { headers: { cookie: `silta-console=${record}` } });
    expect(console.status).toBe(401);
  });

  it.each([
    'reactions/abc/x/retry',
    'reactions/1e99/x/retry',
    'reactions/1.5/x/retry',
    `reactions/1/${HETU}/retry`,
    'inbound/abc/replay',
    'abc/retry',
  ])('asks an operator’s address wrongly and hears 404, not 500: %s', async (path) => {
    const { status, text } = await ask(world, 'POST', `/admin/deliveries/${path}`, { token: operator });
    expect(status).toBe(404);
    expect(text).not.toContain(HETU);
  });

  it('sends no message as a system: not without the secret, not with another, not under another name', async () => {
    const send = (path: string, headers: Record<string, string> = {}) =>
      ask(world, 'POST', `/inbound/${path}`, { body: {}, headers });
    expect((await send('sap-c4c/ticket-status')).status).toBe(401);
    for (const secret of ['x', token, 'sandbox-c4c-inbound-secret']) {
      const { status } = await send('sap-c4c/ticket-status', { authorization: `Bearer ${secret}` });
      expect(status).toBe(401);
    }
    for (const path of ['sap-c4c/other', 'other/ticket-status', '__proto__/constructor']) {
      expect((await send(path, { authorization: 'Bearer x' })).status).toBe(401);
    }
  });

  it.each([
    '//x.example',
    '/\\x.example',
    'https://x.example',
    '/\t/x.example',
    'javascript:alert(1)',
    '\\\\x.example',
  ])('is not led elsewhere by the sign-in: %j', async (path) => {
    const query = new URLSearchParams({ return: path });
    expect((await ask(world, 'GET', `/identity/suomifi/start?${query}`)).status).toBe(400);
  });

  it('gets no authorization code to an address that is not registered', async () => {
    const { redirectUri = '' } = clients.portalApp;
    for (const uri of [
      'https://x.example/cb',
      `${redirectUri}.x`,
      `${redirectUri}/../x`,
      `${redirectUri}?x=1`,
    ]) {
      const query = new URLSearchParams({
        client_id: clients.portalApp.clientId,
        response_type: 'code',
        scope: 'openid',
        redirect_uri: uri,
      });
      const { status, headers } = await ask(world, 'GET', `/oauth/auth?${query}`);
      expect({ status, location: headers.get('location') }).toEqual({ status: 400, location: null });
    }
  });

  it('acts with no session alone: a page of another site has no CSRF token, and none is taken over', async () => {
    const browser = createBrowser();
    await signIn(browser, `${world.gatewayUrl}/identity/suomifi/start?return=/`, 'tessa');
    const cookie = browser.cookieHeader(world.gatewayUrl);
    expect((await ask(world, 'GET', `/fhir/Patient/${patient}`, { headers: { cookie } })).status).toBe(200);
    const post = (path: string, body: string | object, headers: object = {}) =>
      ask(world, 'POST', path, { body, headers: { cookie, ...headers } });
    expect((await post('/fhir/QuestionnaireResponse', moodAnswer(patient))).status).toBe(403);
    expect((await post('/fhir/QuestionnaireResponse/_search', '', FORM)).status).toBe(403);
    expect((await post('/identity/logout', 'csrf=x', FORM)).status).toBe(403);
    expect((await ask(world, 'GET', '/admin/deliveries', { headers: { cookie } })).status).toBe(401);
    const planted = 'A'.repeat(43);
    const victim = await fetch(`${world.gatewayUrl}/identity/suomifi/start?return=/`, {
      redirect: 'manual',
      headers: { cookie: `silta-session=${planted}` },
    });
    expect(victim.headers.getSetCookie().join()).not.toContain('silta-session=');
    const fixed = await ask(world, 'GET', `/fhir/Patient/${patient}`, {
      headers: { cookie: `silta-session=${planted}` },
    });
    expect(fixed.status).toBe(401);
  });

  it('sees security headers on every answer, and no trace of what it is made with', async () => {
    for (const path of [
      '/',
      '/healthz',
      '/fhir/metadata',
      '/fhir/x',
      '/x',
      '/console',
      '/oauth/auth',
      '/identity/jwks',
    ]) {
      const { headers } = await ask(world, 'GET', path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });

  it('reads no metrics without their token, and nobody’s id in them', async () => {
    const read = (authorization?: string): Promise<Answer> =>
      ask(world, 'GET', '/metrics', authorization === undefined ? {} : { headers: { authorization } });
    expect((await read()).status).toBe(404);
    expect((await read('Bearer a-token-of-the-metricz')).status).toBe(404);
    expect((await read(`Bearer ${operator}`)).status).toBe(404);
    const { status, text } = await read('Bearer a-token-of-the-metrics');
    expect(status).toBe(200);
    expect(text).toContain('silta_http_request_seconds_count');
    expect(text).not.toContain(patient);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  it('finds no personal identity code in an answer’s error or in any line logged', async () => {
    const paths = [
      `fhir/Patient/${HETU}`,
      `fhir/Patient/hetu${HETU}`,
      `fhir/Patient/${HETU}x`,
      `fhir/${HETU}`,
      `fhir/Patient?identifier=${HETU}`,
      `fhir/Patient?${HETU}=1`,
      `fhir/Patient?birthdate=${HETU}`,
      'fhir/Patient/%30%31%30%31%39%30-999W',
      `my/questionnaires/${HETU}`,
      `inbound/${HETU}/${HETU}`,
      `identity/suomifi/start?return=${HETU}`,
      `console?system=${HETU}`,
      HETU,
    ];
    for (const path of paths) {
      const headers = { 'x-request-id': HETU, 'user-agent': HETU, referer: `https://x.example/${HETU}` };
      const answer = await ask(world, 'GET', `/${path}`, { token: record, headers });
      // A redirect to the sign-in keeps the caller's own path; errors repeat nothing.
      if (answer.status >= 400) expect(answer.text).not.toContain(HETU);
      expect(answer.headers.get('x-request-id')).not.toContain(HETU);
    }
    const body = moodAnswer(patient, {
      [HETU]: 1,
      id: HETU,
      status: HETU,
      questionnaire: HETU,
      meta: { profile: [`https://x.example/${HETU}`] },
      extension: [{ url: HETU, valueCode: HETU }],
      contained: [{ resourceType: HETU, id: HETU }],
      item: [{ linkId: HETU, answer: [{ valueString: HETU }] }],
    });
    for (const path of ['', '/$validate', `/$validate?profile=${HETU}`]) {
      const answer = await ask(world, 'POST', `/fhir/QuestionnaireResponse${path}`, { token, body });
      expect(answer.text).not.toContain(HETU);
    }
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(world.log()).toContain('"path":"/fhir/Patient/[removed]"');
    expect(world.log()).not.toContain(HETU);
    expect(world.log()).not.toContain('010280-952L');
    expect(world.log()).not.toMatch(/Testilä|Tessa|eyJ[A-Za-z0-9_-]{20}/);
  });
});
