import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { compactDecrypt, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { parseHetu } from '../../src/hetu.ts';
import {
  createBrowser,
  createSuomifiSandbox,
  type Page,
  SUOMIFI_CLAIMS,
  signIn,
  TEST_ACR,
  TEST_PERSONS,
} from '../../src/sandbox/index.ts';

const REDIRECT_URI = 'http://rp.test/callback';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const warn = console.warn;
console.warn = (...words: unknown[]) => {
  if (!String(words[0]).includes('SSRF protection')) warn(...words);
};

describe('the stand-in of Suomi.fi', () => {
  const server = createServer();
  let origin: string;
  let issuer: string;
  let signing: CryptoKeyPair;
  let encryption: CryptoKeyPair;
  type CryptoKeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

  beforeAll(async () => {
    signing = await generateKeyPair('RS256');
    encryption = await generateKeyPair('RSA-OAEP');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    issuer = `${origin}/suomifi`;
    const app = express();
    const jwks = {
      keys: [
        { ...(await exportJWK(signing.publicKey)), use: 'sig', alg: 'RS256', kid: 'rp-sig' },
        { ...(await exportJWK(encryption.publicKey)), use: 'enc', alg: 'RSA-OAEP', kid: 'rp-enc' },
      ],
    };
    app.get('/rp-jwks', (_request, response) => {
      response.json(jwks);
    });
    const rp = { clientId: 'rp', jwksUri: `${origin}/rp-jwks`, redirectUris: [REDIRECT_URI] };
    app.use((await createSuomifiSandbox({ baseUrl: issuer, rp })).handler);
    server.on('request', app);
  });
  afterAll(async () => {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  });

  const isCallback = (url: URL): boolean => url.href.startsWith(REDIRECT_URI);
  const makeRequest = async (
    changes: object = {},
    key = signing.privateKey,
    alg = 'RS256',
  ): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      iss: 'rp',
      aud: issuer,
      client_id: 'rp',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: REDIRECT_URI,
      acr_values: TEST_ACR,
      state: 's'.repeat(43),
      nonce: 'n'.repeat(43),
      jti: Math.random().toString(36).repeat(4),
      iat: now,
      exp: now + 600,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...changes,
    })
      .setProtectedHeader({ alg, kid: 'rp-sig' })
      .sign(key);
  };
  const addressOf = (parameters: Record<string, string>): URL => {
    const address = new URL(`${issuer}/auth`);
    address.search = new URLSearchParams({ client_id: 'rp', ...parameters }).toString();
    return address;
  };
  const authorize = async (changes: object = {}, parameters: Record<string, string> = {}): Promise<Page> => {
    const address = addressOf({ ...parameters, request: await makeRequest(changes) });
    return createBrowser().open(address, { stopAt: isCallback });
  };
  const errorOf = (page: Page): string | null =>
    isCallback(page.url) ? page.url.searchParams.get('error') : page.html.split(':')[0] || null;
  const redeem = async (code: string, alg = 'RS256', key = signing.privateKey): Promise<Response> => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'rp', sub: 'rp', aud: `${issuer}/token`, jti: `${Math.random()}`, exp: now + 60 };
    const assertion = await new SignJWT(claims).setProtectedHeader({ alg, kid: 'rp-sig' }).sign(key);
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
    });
    return fetch(`${issuer}/token`, { method: 'POST', body });
  };
  const getCode = async (person: string): Promise<string> => {
    const address = addressOf({ request: await makeRequest() });
    const page = await signIn(createBrowser(), address, person, { stopAt: isCallback });
    return page.url.searchParams.get('code') ?? '';
  };

  it('has test persons whose codes are valid and never issued to a real person', () => {
    const codes = TEST_PERSONS.flatMap(({ hetu, birthDate }) => (hetu ? [{ hetu, birthDate }] : []));
    expect(codes.length).toBeGreaterThanOrEqual(5);
    for (const { hetu, birthDate } of codes) {
      expect(parseHetu(hetu)).toMatchObject({ ok: true, birthDate, temporary: true });
    }
    expect(TEST_PERSONS.filter(({ language }) => language === 'sv').length).toBeGreaterThan(0);
    expect(TEST_PERSONS.filter(({ hetu }) => !hetu).map(({ id }) => id)).toEqual(['elsa']);
  });

  it('gives an ID token encrypted for the relying party, with the claims of the person', async () => {
    const response = await redeem(await getCode('tuuli'));
    const { id_token: token } = (await response.json()) as { id_token: string };
    expect(decodeProtectedHeader(token)).toMatchObject({
      alg: 'RSA-OAEP',
      enc: 'A128CBC-HS256',
      kid: 'rp-enc',
      cty: 'JWT',
    });
    const { plaintext } = await compactDecrypt(token, encryption.privateKey);
    const signed = new TextDecoder().decode(plaintext);
    expect(decodeProtectedHeader(signed).alg).toBe('RS256');
    expect(decodeJwt(signed)).toMatchObject({
      iss: issuer,
      aud: 'rp',
      nonce: 'n'.repeat(43),
      acr: TEST_ACR,
      [SUOMIFI_CLAIMS.hetu]: '260991-999R',
      [SUOMIFI_CLAIMS.birthDate]: '1991-09-26',
      [SUOMIFI_CLAIMS.familyName]: 'Turvala',
      [SUOMIFI_CLAIMS.nonDisclosure]: '1',
    });
  });

  it('refuses parameters that are not in a signed request object', async () => {
    const plain = {
      response_type: 'code',
      scope: 'openid',
      redirect_uri: REDIRECT_URI,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
    };
    const page = await createBrowser().open(addressOf(plain), { stopAt: isCallback });
    expect(errorOf(page)).toBe('invalid_request');
  });

  it('takes no parameter from beside the request object', async () => {
    const page = await authorize({ ui_locales: 'sv' }, { ui_locales: 'en' });
    expect(page.html).toContain('<html lang="sv">');
  });

  it.each<[string, object]>([
    ['lives longer than ten minutes', { exp: Math.floor(Date.now() / 1000) + 1200 }],
    ['has expired', { exp: Math.floor(Date.now() / 1000) - 120 }],
    ['has no id', { jti: undefined }],
    ['has a short state', { state: 'short' }],
    ['has no nonce', { nonce: undefined }],
    ['is for another issuer', { aud: 'https://other.example' }],
    ['is of another party', { iss: 'other' }],
  ])('refuses a request object that %s', async (_what, changes) => {
    expect(errorOf(await authorize(changes))).toBe('invalid_request_object');
  });

  it('refuses a request object without PKCE', async () => {
    const page = await authorize({ code_challenge: undefined, code_challenge_method: undefined });
    expect(errorOf(page)).toBe('invalid_request');
  });

  it('refuses a request object signed by somebody else or in another way', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const foreign = await createBrowser().open(addressOf({ request: await makeRequest({}, privateKey) }), {
      stopAt: isCallback,
    });
    expect(errorOf(foreign)).toBe('invalid_request_object');
    const pair = await generateKeyPair('PS256');
    const other = await createBrowser().open(
      addressOf({ request: await makeRequest({}, pair.privateKey, 'PS256') }),
      { stopAt: isCallback },
    );
    expect(errorOf(other)).toBe('invalid_request_object');
  });

  it('refuses a client assertion that is not RS256 of the relying party', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    expect((await redeem(await getCode('tessa'), 'RS256', privateKey)).status).toBe(401);
    const pair = await generateKeyPair('PS256');
    expect((await redeem(await getCode('tessa'), 'PS256', pair.privateKey)).status).toBe(401);
  });

  it.each([
    ['fi', 'Tunnistaudu'],
    ['sv', 'Identifiera dig'],
    ['en', 'Identify yourself'],
    ['de', 'Tunnistaudu'],
  ])('asks in %s with a form that shows every test person', async (locale, text) => {
    const page = await authorize({ ui_locales: locale });
    expect(page.html).toContain(text);
    for (const { id } of TEST_PERSONS) expect(page.html).toContain(`value="${id}"`);
    for (const { hetu } of TEST_PERSONS) if (hetu) expect(page.html).not.toContain(hetu);
  });

  it.each(['cancel', 'vieno'])('returns with access_denied for %s', async (person) => {
    const address = addressOf({ request: await makeRequest() });
    const page = await signIn(createBrowser(), address, person, { stopAt: isCallback });
    expect(errorOf(page)).toBe('access_denied');
    expect(page.url.searchParams.get('state')).toBe('s'.repeat(43));
  });

  it('refuses a person whom it does not have, and a login that is not going on', async () => {
    const address = addressOf({ request: await makeRequest() });
    const unknown = await signIn(createBrowser(), address, 'nobody', { stopAt: isCallback });
    expect(unknown.status).toBe(400);
    expect((await fetch(`${issuer}/login/made-up`)).status).toBe(400);
    const posted = await fetch(`${issuer}/login/made-up`, {
      method: 'POST',
      body: new URLSearchParams({ person: 'tessa' }),
    });
    expect(posted.status).toBe(400);
  });

  it('lets another person be chosen in the same browser', async () => {
    const browser = createBrowser();
    const subjects: unknown[] = [];
    for (const person of ['tessa', 'joni']) {
      const address = addressOf({ request: await makeRequest() });
      const { url } = await signIn(browser, address, person, { stopAt: isCallback });
      const response = await redeem(url.searchParams.get('code') ?? '');
      const { id_token: token } = (await response.json()) as { id_token: string };
      const { plaintext } = await compactDecrypt(token, encryption.privateKey);
      subjects.push(decodeJwt(new TextDecoder().decode(plaintext)).sub);
    }
    expect(subjects).toEqual(['tessa', 'joni']);
  });
});
