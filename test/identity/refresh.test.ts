/**
 * Refresh tokens, revocation and introspection, on two gateways that share a database.
 * @see https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-a-refresh-token
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import {
  createBrowser,
  type LaunchResult,
  launchStandalone,
  requestBackendToken,
  signIn,
} from '../../src/sandbox/index.ts';
import { REDIRECT_URI, startGateway, startWorld, type TestClient, type World } from './world.ts';

const DAY = 24 * 3600_000;
const OFFLINE = 'openid fhirUser launch/patient offline_access patient/Task.rs patient/CarePlan.rs';
const ONLINE = 'launch/patient online_access patient/Task.rs';

describe('refreshing, revoking and introspecting', () => {
  let world: World;
  let other: Awaited<ReturnType<typeof startGateway>>;
  beforeAll(async () => {
    world = await startWorld();
    other = await startGateway(world, world.keys);
  });
  afterAll(async () => {
    await other.close();
    await world.close();
  });
  beforeEach(() => {
    world.ahead = 0;
  });

  const launch = (scope: string, browser = createBrowser()): Promise<LaunchResult> =>
    launchStandalone({
      ...world.portal,
      fhirBase: world.fhirBase,
      redirectUri: REDIRECT_URI,
      scope,
      personId: 'tessa',
      browser,
    });
  const post = async (path: string, client: TestClient, form: object, base = world.baseUrl) => {
    const now = Math.floor(Date.now() / 1000);
    const assertion = await new SignJWT({ jti: `refresh-${Math.random()}` })
      .setProtectedHeader({ alg: client.kid === world.hosted.kid ? 'RS384' : 'ES384', kid: client.kid })
      .setIssuer(client.clientId)
      .setSubject(client.clientId)
      .setAudience(`${world.issuer}/token`)
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(client.key);
    const response = await fetch(`${base}/oauth/${path}`, {
      method: 'POST',
      body: new URLSearchParams({
        ...form,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, string>,
    };
  };
  const refresh = (token: string | undefined, changes: object = {}, base?: string) =>
    post(
      'token',
      world.portal,
      { grant_type: 'refresh_token', refresh_token: String(token), ...changes },
      base,
    );
  const revoke = (token: string | undefined, client = world.portal) =>
    post('token/revocation', client, { token: String(token) });
  const introspect = (token: string | undefined, client = world.portal, base?: string) =>
    post('token/introspection', client, { token: String(token) }, base);
  const whoami = async (token: string | undefined, base = world.baseUrl): Promise<unknown> => {
    const response = await fetch(`${base}/whoami`, { headers: { authorization: `Bearer ${token}` } });
    const body = (await response.json()) as { key?: string; patientId?: string };
    return body.key ?? body.patientId;
  };

  it('gives a refresh token to the portal that asks for one, and to no other', async () => {
    expect((await launch(OFFLINE)).refreshToken).toMatch(/^[\w-]{43}$/);
    expect((await launch(ONLINE)).refreshToken).toMatch(/^[\w-]{43}$/);
    expect((await launch('launch/patient patient/Task.rs')).refreshToken).toBeUndefined();
  });

  it('refreshes on another gateway: patient, level of assurance and scopes stay', async () => {
    const first = await launch(OFFLINE);
    const { status, body } = await refresh(first.refreshToken, {}, other.url);
    expect(status).toBe(200);
    expect(body['patient']).toBe(first.patient);
    expect(body['scope']?.split(' ').sort()).toEqual(OFFLINE.split(' ').sort());
    expect(body['refresh_token']).not.toBe(first.refreshToken);
    const principal = await world.identity.authenticate({
      authorization: `Bearer ${body['access_token']}`,
      method: 'GET',
    });
    expect(principal).toMatchObject({
      patientId: first.patient,
      clientId: 'test-portal',
      acr: 'http://ftn.ficora.fi/2017/loatest2',
    });
  });

  it('gives less at a refresh when less is asked for, and nothing when more is', async () => {
    const { refreshToken } = await launch(OFFLINE);
    const less = await refresh(refreshToken, { scope: 'patient/Task.rs' });
    expect(less.body['scope']).toBe('patient/Task.rs');
    const more = await refresh(less.body['refresh_token'], { scope: 'patient/QuestionnaireResponse.cruds' });
    expect([more.status, more.body['error']]).toEqual([400, 'invalid_scope']);
  });

  it('narrows a refreshed token to what the portal is registered for today', async () => {
    const { refreshToken } = await launch(OFFLINE);
    const clients = world.parts.clients.map((client) => ({
      ...client,
      scopes: client.scopes.filter((scope) => !scope.startsWith('patient/CarePlan')),
    }));
    const narrowed = await startGateway({ ...world, parts: { ...world.parts, clients } }, world.keys);
    try {
      const { status, body } = await refresh(refreshToken, {}, narrowed.url);
      expect([status, body['scope']?.includes('CarePlan')]).toEqual([200, false]);
      expect(body['scope']).toContain('patient/Task.rs');
    } finally {
      await narrowed.close();
    }
  });

  it('ends everything of the grant when a refresh token comes back a second time', async () => {
    const first = await launch(OFFLINE);
    const second = await refresh(first.refreshToken);
    expect(await whoami(second.body['access_token'], other.url)).toBe(first.patient);
    const replayed = await refresh(first.refreshToken, {}, other.url);
    expect([replayed.status, replayed.body['error']]).toEqual([400, 'invalid_grant']);
    expect((await refresh(second.body['refresh_token'])).body['error']).toBe('invalid_grant');
    world.ahead = 1000;
    expect(await whoami(first.accessToken)).toBe('token-revoked');
    expect(await whoami(second.body['access_token'])).toBe('token-revoked');
  });

  it('lets one of many uses at one instant through, and ends the grant', async () => {
    const { refreshToken } = await launch(OFFLINE);
    const answers = await Promise.all(
      [world.baseUrl, other.url, world.baseUrl, other.url].map((base) => refresh(refreshToken, {}, base)),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    world.ahead = 1000;
    for (const { body } of won) {
      expect(await whoami(body['access_token'])).toBe('token-revoked');
      expect((await refresh(body['refresh_token'])).body['error']).toBe('invalid_grant');
    }
  });

  it('lets offline access end 30 days after its last use and 90 days after the consent', async () => {
    const unused = await launch(OFFLINE);
    world.ahead = 31 * DAY;
    expect((await refresh(unused.refreshToken)).body['error']).toBe('invalid_grant');
    world.ahead = 0;
    let token = (await launch(OFFLINE)).refreshToken;
    for (const days of [25, 50, 75]) {
      world.ahead = days * DAY;
      const { status, body } = await refresh(token);
      expect(status).toBe(200);
      token = body['refresh_token'];
    }
    world.ahead = 91 * DAY;
    expect((await refresh(token)).body['error']).toBe('invalid_grant');
  });

  it('ends online access, and not offline access, when the citizen signs out', async () => {
    const browser = createBrowser();
    const online = await launch(ONLINE, browser);
    const again = await refresh(online.refreshToken);
    expect(again.status).toBe(200);
    const offline = await launch(OFFLINE, browser);
    const cookie = browser.cookieHeader(world.baseUrl);
    const session = await world.identity.session(cookie);
    const answer = await fetch(`${world.baseUrl}/identity/logout`, {
      method: 'POST',
      headers: { cookie: String(cookie) },
      body: new URLSearchParams({ csrf: String(session?.csrfToken), return: '/' }),
      redirect: 'manual',
    });
    expect(answer.status).toBe(303);
    expect((await refresh(again.body['refresh_token'])).body['error']).toBe('invalid_grant');
    expect((await refresh(offline.refreshToken)).status).toBe(200);
  });

  it.each([
    ['fi', 'myös silloin, kun et ole kirjautuneena, enintään 90 päivän ajan'],
    ['sv', 'även när du inte är inloggad, i högst 90 dagar'],
    ['en', 'also when you are not signed in, for at most 90 days'],
  ])('says on the consent page how long the portal may go on (%s)', async (locale, text) => {
    const browser = createBrowser();
    await signIn(browser, `${world.baseUrl}/identity/suomifi/start?return=/whoami`, 'tessa');
    const address = new URL(`${world.issuer}/auth`);
    address.search = new URLSearchParams({
      client_id: 'test-portal',
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: OFFLINE,
      aud: world.fhirBase,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ui_locales: locale,
    }).toString();
    expect((await browser.open(address)).html).toContain(text);
  });

  it('never gives a refresh token to a system', async () => {
    const form = { grant_type: 'client_credentials', scope: 'system/Patient.r offline_access' };
    const { body } = await post('token', world.record, form);
    expect([body['scope'], body['refresh_token']]).toEqual(['system/Patient.r', undefined]);
    const tried = await post('token', world.record, { grant_type: 'refresh_token', refresh_token: 'x' });
    expect(tried.body['error']).toBe('invalid_request');
  });

  it('takes an access token back: here at once, on another gateway within a second', async () => {
    const { accessToken, refreshToken, patient } = await launch(OFFLINE);
    expect(await whoami(accessToken, other.url)).toBe(patient);
    expect((await revoke(accessToken)).status).toBe(200);
    expect(await whoami(accessToken)).toBe('token-revoked');
    world.ahead = 1000;
    expect(await whoami(accessToken, other.url)).toBe('token-revoked');
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  it('takes a system’s token back', async () => {
    const { record, fhirBase } = world;
    const { accessToken } = await requestBackendToken({ ...record, fhirBase, scope: 'system/Patient.r' });
    expect((await revoke(accessToken, record)).status).toBe(200);
    expect(await whoami(accessToken)).toBe('token-revoked');
  });

  it('ends the grant with its access tokens when the refresh token is taken back', async () => {
    const { accessToken, refreshToken } = await launch(OFFLINE);
    expect((await revoke(refreshToken)).status).toBe(200);
    expect(await whoami(accessToken)).toBe('token-revoked');
    expect((await refresh(refreshToken)).body['error']).toBe('invalid_grant');
  });

  it('lets nobody take back another’s token, and answers alike', async () => {
    const { accessToken, refreshToken, patient } = await launch(OFFLINE);
    for (const token of [accessToken, refreshToken, 'unknown', 'a.b.c']) {
      expect((await revoke(token, world.record)).status).toBe(200);
    }
    expect(await whoami(accessToken)).toBe(patient);
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  it.each(['token/revocation', 'token/introspection'])('wants to know who asks %s', async (path) => {
    const { accessToken, patient } = await launch(OFFLINE);
    for (const form of [{ token: accessToken }, { token: accessToken, client_id: 'test-portal' }]) {
      const response = await fetch(`${world.issuer}/${path}`, {
        method: 'POST',
        body: new URLSearchParams(form),
      });
      expect([400, 401]).toContain(response.status);
    }
    const forged = { ...world.record, kid: world.portal.kid, clientId: 'test-portal' };
    expect((await post(path, forged, { token: accessToken })).body['error']).toBe('invalid_client');
    expect(await whoami(accessToken)).toBe(patient);
  });

  it('tells a portal and an operator what a token is worth, and nobody else', async () => {
    const { accessToken, refreshToken, patient } = await launch(OFFLINE);
    const expected = {
      active: true,
      client_id: 'test-portal',
      sub: patient,
      patient,
      fhirUser: `${world.fhirBase}/Patient/${patient}`,
      token_type: 'Bearer',
      iss: world.issuer,
      aud: world.fhirBase,
    };
    expect((await introspect(accessToken)).body).toMatchObject(expected);
    expect((await introspect(accessToken, world.operator, other.url)).body).toMatchObject(expected);
    expect((await introspect(accessToken, world.record)).body).toEqual({ active: false });
    expect((await introspect(refreshToken)).body).toMatchObject({ active: true, client_id: 'test-portal' });
    expect((await introspect(refreshToken, world.record)).body).toEqual({ active: false });
    expect((await introspect(`${accessToken.slice(0, -8)}AAAAAAAA`)).body).toEqual({ active: false });
    await revoke(accessToken);
    expect((await introspect(accessToken)).body).toEqual({ active: false });
  });

  it('names the endpoints where clients look for them', async () => {
    const smart = world.identity.smartConfiguration();
    expect(smart).toMatchObject({
      revocation_endpoint: `${world.issuer}/token/revocation`,
      introspection_endpoint: `${world.issuer}/token/introspection`,
    });
    const discovery = await fetch(`${world.issuer}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({
      revocation_endpoint: smart.revocation_endpoint,
      introspection_endpoint: smart.introspection_endpoint,
    });
  });

  it('forgets what could not be used any more', async () => {
    const { refreshToken } = await launch(OFFLINE);
    await revoke(refreshToken);
    world.ahead = DAY;
    await world.identity.sweep();
    expect(await world.db.database.query('SELECT key FROM revoked_token')).toEqual([]);
  });
});
