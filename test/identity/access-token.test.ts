import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { launchStandalone, requestBackendToken } from '../../src/sandbox/index.ts';
import { REDIRECT_URI, startWorld, type World } from './world.ts';

describe('authenticating a bearer token', () => {
  let world: World;
  let own: JWK;
  let genuine: string;
  beforeAll(async () => {
    world = await startWorld();
    own = world.keys.asSigning[0] as JWK;
    const { record, fhirBase } = world;
    const scope = 'system/QuestionnaireResponse.rs';
    genuine = (await requestBackendToken({ ...record, fhirBase, scope })).accessToken;
  });
  afterAll(() => world.close());
  beforeEach(() => {
    world.ahead = 0;
  });

  const judge = async (authorization: string): Promise<object> => {
    const error: unknown = await world.identity.authenticate({ authorization, method: 'GET' }).then(
      (principal) => principal,
      (thrown: unknown) => thrown,
    );
    const { code, issues } = error as { code?: string; issues?: readonly { key?: string }[] };
    return code === undefined ? (error as object) : { code, key: issues?.[0]?.key };
  };
  const forge = async (
    claims: object = {},
    options: { header?: object; key?: Parameters<SignJWT['sign']>[0] } = {},
  ): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const jwt = new SignJWT({
      iss: world.issuer,
      aud: world.fhirBase,
      sub: 'test-record',
      client_id: 'test-record',
      scope: 'system/Patient.r',
      iat: now,
      exp: now + 60,
      ...claims,
    });
    jwt.setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: String(own.kid), ...options.header });
    return `Bearer ${await jwt.sign(options.key ?? (await importJWK(own, 'ES256')))}`;
  };
  const unauthenticated = (key: string): object => ({ code: 'unauthenticated', key });

  it('knows a system by its own token', async () => {
    const principal = await judge(`Bearer ${genuine}`);
    expect(principal).toMatchObject({ kind: 'system', who: 'Device/test-record', sectors: ['health'] });
    expect((principal as { scopes: unknown }).scopes).toEqual([
      { level: 'system', resource: 'QuestionnaireResponse', permissions: new Set(['r', 's']) },
    ]);
    expect(Object.isFrozen(principal)).toBe(true);
  });

  it('accepts what it would have signed itself, so that the refusals below have one cause each', async () => {
    expect(await judge(await forge())).toMatchObject({ kind: 'system', clientId: 'test-record' });
  });

  it('says that an expired token has expired', async () => {
    world.ahead = 301_000;
    expect(await judge(`Bearer ${genuine}`)).toEqual({ code: 'token-expired', key: 'token-expired' });
  });

  it('refuses a token of another issuer', async () => {
    expect(await judge(await forge({ iss: 'https://other.example/oauth' }))).toEqual(
      unauthenticated('token-issuer'),
    );
  });

  it('refuses a token for another service', async () => {
    expect(await judge(await forge({ aud: 'https://other.example/fhir' }))).toEqual(
      unauthenticated('token-audience'),
    );
  });

  it('refuses a token signed with a foreign key, whatever key it names', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    expect(await judge(await forge({}, { key: privateKey }))).toEqual(unauthenticated('token-signature'));
    expect(await judge(await forge({}, { key: privateKey, header: { kid: 'other' } }))).toEqual(
      unauthenticated('token-signature'),
    );
  });

  it('refuses a token without a signature', async () => {
    const [, payload] = (await forge()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    expect(await judge(`Bearer ${header}.${payload}.`)).toEqual(unauthenticated('token-algorithm'));
  });

  it('refuses an HMAC made with the public key', async () => {
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: own.kid })).toString(
      'base64url',
    );
    const [, payload] = (await forge()).split('.');
    const { keys } = (await (await fetch(`${world.issuer}/jwks`)).json()) as { keys: object[] };
    const mac = createHmac('sha256', JSON.stringify(keys[0]))
      .update(`${header}.${payload}`)
      .digest('base64url');
    expect(await judge(`Bearer ${header}.${payload}.${mac}`)).toEqual(unauthenticated('token-algorithm'));
  });

  it('refuses an ID token in place of an access token', async () => {
    expect(await judge(await forge({}, { header: { typ: 'JWT' } }))).toEqual(unauthenticated('token-claims'));
  });

  it('refuses a token of a client that is not registered any more', async () => {
    expect(await judge(await forge({ client_id: 'gone' }))).toEqual(unauthenticated('token-client'));
  });

  it('refuses a token whose patient does not fit its client', async () => {
    expect(await judge(await forge({ patient: 'p1' }))).toEqual(unauthenticated('token-claims'));
    expect(await judge(await forge({ client_id: 'test-portal' }))).toEqual(unauthenticated('token-claims'));
  });

  it('refuses a token without an end', async () => {
    expect(await judge(await forge({ exp: undefined }))).toEqual(unauthenticated('token-claims'));
  });

  it.each([
    ['Bearer', 'authorization-header'],
    ['Basic dGVzdDp0ZXN0', 'authorization-header'],
    ['Bearer two words', 'authorization-header'],
    ['Bearer not-a-token', 'token-malformed'],
    ['Bearer a.b.c', 'token-malformed'],
    [`Bearer ${'x'.repeat(100)}.${'y'.repeat(100)}.${'z'.repeat(100)}`, 'token-malformed'],
  ])('refuses the header %p', async (header, key) => {
    expect(await judge(header)).toEqual(unauthenticated(key));
  });

  it('does not let a session make good a wrong token', async () => {
    const { browser } = await launchStandalone({
      ...world.portal,
      fhirBase: world.fhirBase,
      redirectUri: REDIRECT_URI,
      scope: 'launch/patient patient/Task.rs',
      personId: 'tessa',
    });
    const cookie = browser.cookieHeader(world.baseUrl);
    expect(await world.identity.session(cookie)).toBeDefined();
    await expect(
      world.identity.authenticate({ authorization: 'Bearer a.b.c', cookie, method: 'GET' }),
    ).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('refuses a request without credentials', async () => {
    await expect(world.identity.authenticate({ method: 'GET' })).rejects.toMatchObject({
      code: 'unauthenticated',
      issues: [{ key: 'no-credentials' }],
    });
  });
});
