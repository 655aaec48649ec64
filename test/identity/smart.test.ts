import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { createBrowser, launchStandalone, requestBackendToken, signIn } from '../../src/sandbox/index.ts';
import { makeClient, REDIRECT_URI, startWorld, type TestClient, type World } from './world.ts';

const PORTAL_SCOPE = 'openid fhirUser launch/patient patient/QuestionnaireResponse.cruds patient/Task.rs';

describe('the authorization server', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    world.quirk = undefined;
    world.ahead = 0;
  });

  const launch = (options: object = {}) =>
    launchStandalone({
      ...world.portal,
      fhirBase: world.fhirBase,
      redirectUri: REDIRECT_URI,
      scope: PORTAL_SCOPE,
      personId: 'tessa',
      ...options,
    });
  const whoami = async (token: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${world.baseUrl}/whoami`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const postToken = async (form: Record<string, string>) => {
    const response = await fetch(`${world.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const assertionOf = (client: TestClient, alg: string, claims: object = {}): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      iss: client.clientId,
      sub: client.clientId,
      aud: `${world.issuer}/token`,
      jti: `assertion-${Math.random()}`,
      iat: now,
      exp: now + 60,
      ...claims,
    })
      .setProtectedHeader({ alg, kid: client.kid })
      .sign(client.key);
  };
  const backendForm = (assertion: string, scope = 'system/QuestionnaireResponse.rs') => ({
    grant_type: 'client_credentials',
    scope,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });

  it('lets a portal launch standalone: sign-in, consent, token with the patient in context', async () => {
    const result = await launch();
    const found = await whoami(result.accessToken);
    expect(found.status).toBe(200);
    expect(found.body).toMatchObject({
      kind: 'citizen',
      patientId: result.patient,
      who: `Patient/${result.patient}`,
      clientId: 'test-portal',
      sectors: ['health'],
      acr: 'http://ftn.ficora.fi/2017/loatest2',
    });
    expect(result.scope.split(' ').sort()).toEqual(PORTAL_SCOPE.split(' ').sort());
    expect(result.idToken).toMatchObject({
      iss: world.issuer,
      aud: 'test-portal',
      fhirUser: `${world.fhirBase}/Patient/${result.patient}`,
      acr: 'http://ftn.ficora.fi/2017/loatest2',
    });
    expect(decodeProtectedHeader(result.accessToken)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  });

  it('gives a system a token of at most 300 seconds by Backend Services', async () => {
    const result = await requestBackendToken({
      ...world.record,
      fhirBase: world.fhirBase,
      scope: 'system/QuestionnaireResponse.rs system/Task.rs',
    });
    expect(result).toMatchObject({ scope: 'system/QuestionnaireResponse.rs', expiresIn: 300 });
    const found = await whoami(result.accessToken);
    expect(found.body).toMatchObject({ kind: 'system', who: 'Device/test-record', clientId: 'test-record' });
    expect(found.body['patientId']).toBeUndefined();
  });

  it('lets a signed-in citizen who has consented launch again without a page', async () => {
    const first = await launch();
    const again = await launch({ browser: first.browser, personId: 'nobody' });
    expect(again.patient).toBe(first.patient);
    expect(again.accessToken).not.toBe(first.accessToken);
  });

  it('asks again who it is when another citizen uses the browser', async () => {
    const first = await launch();
    await signIn(first.browser, `${world.baseUrl}/identity/suomifi/start?return=/whoami&force=true`, 'joni');
    const cookie = first.browser.cookieHeader(world.baseUrl);
    const session = await world.identity.session(cookie);
    expect(session?.patientId).not.toBe(first.patient);
    const second = await launch({ browser: first.browser, personId: 'nobody' });
    expect(second.patient).toBe(session?.patientId);
    expect((await whoami(second.accessToken)).body['patientId']).toBe(session?.patientId);
  });

  it('shows what a portal wants in the language of the request, and safely', async () => {
    const address = new URL(`${world.issuer}/auth`);
    const browser = createBrowser();
    await signIn(browser, `${world.baseUrl}/identity/suomifi/start?return=/whoami`, 'tessa');
    for (const [locale, text] of [
      ['fi', 'Annan luvan'],
      ['sv', 'Jag ger tillstånd'],
      ['en', 'your answers to questionnaires'],
    ] as const) {
      address.search = new URLSearchParams({
        client_id: 'test-portal',
        response_type: 'code',
        redirect_uri: REDIRECT_URI,
        scope: 'patient/QuestionnaireResponse.rs',
        aud: world.fhirBase,
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
        ui_locales: locale,
      }).toString();
      const page = await browser.open(address);
      expect(page.html).toContain(`<html lang="${locale}">`);
      expect(page.html).toContain(text);
      expect(page.html).toContain('&lt;b&gt;Testiportaali');
      expect(page.html).not.toContain('<b>');
    }
  });

  it('takes no decision without the CSRF token of the session', async () => {
    const stolen = createBrowser((input, init) => {
      const body =
        typeof init?.body === 'string' ? init.body.replace(/csrf=[^&]*/, 'csrf=guess') : init?.body;
      return fetch(input, { ...init, ...(body !== undefined && { body }) });
    });
    await expect(launch({ browser: stolen })).rejects.toThrow('stopped at /oauth/interaction');
  });

  it('gives a portal nothing when the citizen refuses or cancels', async () => {
    await expect(launch({ decision: 'deny' })).rejects.toMatchObject({ error: 'access_denied' });
    await expect(launch({ personId: 'cancel' })).rejects.toMatchObject({ error: 'access_denied' });
  });

  it('narrows what is asked for to the registration, in v2 form', async () => {
    const result = await launch({
      scope: 'launch/patient patient/*.read patient/Task.ur patient/Observation.rs system/Task.rs',
    });
    expect(result.scope.split(' ').sort()).toEqual([
      'launch/patient',
      'patient/CarePlan.rs',
      'patient/QuestionnaireResponse.rs',
      'patient/Task.rs',
    ]);
    expect(String(decodeJwt(result.accessToken)['scope'])).toBe(result.scope);
  });

  it('refuses a portal that is registered for nothing of what it asks', async () => {
    await expect(launch({ scope: 'patient/Observation.rs' })).rejects.toMatchObject({
      error: 'invalid_scope',
    });
  });

  it.each([
    ['no audience', { aud: undefined }, 'invalid_request'],
    ['another audience', { aud: 'https://other.example/fhir' }, 'invalid_request'],
    ['another resource', { resource: 'https://other.example/fhir' }, 'invalid_target'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a token in the front channel', { response_type: 'token' }, 'unsupported_response_type'],
  ])('refuses an authorization request with %s', async (_what, changes, error) => {
    const address = new URL(`${world.issuer}/auth`);
    const parameters: Record<string, string | undefined> = {
      client_id: 'test-portal',
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: PORTAL_SCOPE,
      aud: world.fhirBase,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...changes,
    };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) address.searchParams.set(name, value);
    }
    const response = await fetch(address, { redirect: 'manual' });
    const location = new URL(String(response.headers.get('location')));
    expect(location.href.startsWith(REDIRECT_URI)).toBe(true);
    expect(location.href).toContain(`error=${error}`);
  });

  it('sends nobody to an address that the portal has not registered', async () => {
    const address = new URL(`${world.issuer}/auth`);
    address.search = new URLSearchParams({
      client_id: 'test-portal',
      response_type: 'code',
      redirect_uri: 'http://evil.example/callback',
      scope: PORTAL_SCOPE,
      aud: world.fhirBase,
    }).toString();
    const response = await fetch(address, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(await response.text()).not.toContain('evil.example');
  });

  it('redeems a code once only, with its verifier', async () => {
    const forms: string[] = [];
    const original = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
      if (String(input).endsWith('/token') && init?.body) forms.push(String(init.body));
      return original(input, init);
    };
    try {
      await launch();
    } finally {
      globalThis.fetch = original;
    }
    const form = Object.fromEntries(
      new URLSearchParams(forms.find((body) => body.includes('code_verifier'))),
    );
    const again = await postToken({
      ...form,
      client_assertion: await assertionOf(world.portal, 'ES384'),
    });
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant']);
  });

  describe('judges a client assertion:', () => {
    it('refuses one that was used', async () => {
      const assertion = await assertionOf(world.record, 'ES384');
      expect((await postToken(backendForm(assertion))).status).toBe(200);
      const again = await postToken(backendForm(assertion));
      expect([again.status, again.body['error']]).toEqual([401, 'invalid_client']);
    });

    it('accepts only one of many uses at once', async () => {
      const assertion = await assertionOf(world.record, 'ES384');
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => postToken(backendForm(assertion))));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
    });

    const now = Math.floor(Date.now() / 1000);
    it.each([
      ['lives longer than 300 seconds', { exp: now + 400 }],
      ['has expired', { exp: now - 60 }],
      ['has no end', { exp: undefined }],
      ['has no id', { jti: undefined }],
      ['is for another server', { aud: 'https://other.example/token' }],
      ['is of another issuer', { iss: 'test-portal' }],
    ])('refuses one that %s', async (_what, claims) => {
      const answer = await postToken(backendForm(await assertionOf(world.record, 'ES384', claims)));
      expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
    });

    it('refuses one with a foreign key, and one with an algorithm that SMART does not name', async () => {
      const foreign = { ...(await makeClient('test-record', 'ES384')), kid: world.record.kid };
      const weak = await makeClient('test-record', 'ES256');
      for (const [client, alg] of [
        [foreign, 'ES384'],
        [weak, 'ES256'],
      ] as const) {
        const answer = await postToken(backendForm(await assertionOf(client, alg)));
        expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
      }
    });

    it('accepts RS384, with keys published at an address', async () => {
      const answer = await postToken(
        backendForm(await assertionOf(world.hosted, 'RS384'), 'system/Patient.rs'),
      );
      expect([answer.status, answer.body['scope']]).toEqual([200, 'system/Patient.rs']);
    });
  });

  it.each([
    ['no scope', ''],
    ['a scope that is not registered', 'system/Observation.rs'],
    ['a scope whose letters are out of order', 'system/QuestionnaireResponse.sr'],
    ['a patient’s scope', 'patient/QuestionnaireResponse.rs'],
    ['a scope restricted by a query', 'system/QuestionnaireResponse.rs?status=completed'],
  ])('gives a system nothing for %s', async (_what, scope) => {
    const answer = await postToken(backendForm(await assertionOf(world.record, 'ES384'), scope));
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_scope']);
  });

  it('does not let a system start an authorization, nor a portal act as itself', async () => {
    const assertion = await assertionOf(world.portal, 'ES384');
    const answer = await postToken(backendForm(assertion, 'patient/Task.rs'));
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    const address = new URL(`${world.issuer}/auth`);
    address.search = new URLSearchParams({ client_id: 'test-record', response_type: 'code' }).toString();
    expect((await fetch(address, { redirect: 'manual' })).status).toBe(400);
  });

  it('describes itself to SMART apps with addresses that answer', async () => {
    const smart = world.identity.smartConfiguration();
    expect(smart).toMatchObject({
      issuer: world.issuer,
      token_endpoint: `${world.issuer}/token`,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    });
    const discovery = await fetch(`${world.issuer}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({
      issuer: smart.issuer,
      authorization_endpoint: smart.authorization_endpoint,
      token_endpoint: smart.token_endpoint,
      jwks_uri: smart.jwks_uri,
    });
    const { keys } = (await (await fetch(smart.jwks_uri)).json()) as { keys: Record<string, unknown>[] };
    expect(keys.map(({ alg, d }) => [alg, d])).toEqual([['ES256', undefined]]);
  });

  it('builds its addresses from the configuration, whatever a request claims', async () => {
    const response = await fetch(`${world.issuer}/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    });
    expect(await response.text()).not.toContain('evil.example');
  });
});
