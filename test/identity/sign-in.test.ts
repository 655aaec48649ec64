import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { GATEWAY } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import {
  type Browser,
  createBrowser,
  type Quirk,
  SUOMIFI_CLAIMS,
  signIn,
  TEST_PERSONS,
} from '../../src/sandbox/index.ts';
import { startWorld, type World } from './world.ts';

const EIDAS = 'http://eidas.europa.eu/attributes/naturalperson/PersonIdentifier';

describe('signing in through Suomi.fi', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    world.quirk = undefined;
    world.ahead = 0;
  });

  const start = (query = ''): string => `${world.baseUrl}/identity/suomifi/start${query}`;
  const isCallback = (url: URL): boolean => url.pathname === '/identity/suomifi/callback';
  const whoami = async (browser: Browser): Promise<{ status: number; body: Record<string, unknown> }> => {
    const url = `${world.baseUrl}/whoami`;
    const response = await fetch(url, { headers: { cookie: browser.cookieHeader(url) } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const readPatient = async (id: unknown): Promise<Resource> => {
    const version = await world.store.read('Patient', String(id));
    return JSON.parse(String(version?.content)) as Resource;
  };
  const countPatients = async (token: string): Promise<number> => {
    const page = await world.store.search({
      type: 'Patient',
      parameters: [['identifier', token]],
      visibility: { sectors: ['health', 'social'] },
    });
    return page.matches.length;
  };

  it('signs a citizen in and returns to where they came from', async () => {
    const browser = createBrowser();
    const page = await signIn(browser, start('?return=/whoami?x=1'), 'tessa');
    expect(page.url.pathname + page.url.search).toBe('/whoami?x=1');
    const { patientId, ...principal } = JSON.parse(page.html) as Record<string, unknown>;
    expect(principal).toEqual({
      kind: 'citizen',
      who: `Patient/${patientId}`,
      scopes: ['patient/*'],
      sectors: ['health', 'social'],
      acr: 'http://ftn.ficora.fi/2017/loatest2',
    });
  });

  it('makes a Patient with the hetu as FI Base has it', async () => {
    const browser = createBrowser();
    await signIn(browser, start('?return=/whoami'), 'svea');
    expect(await readPatient((await whoami(browser)).body['patientId'])).toMatchObject({
      identifier: [
        {
          use: 'official',
          type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'NNFIN' }] },
          system: 'urn:oid:1.2.246.21',
          value: '020516C903K',
        },
      ],
      active: true,
      name: [{ use: 'official', family: 'Sandstrand', given: ['Svea', 'Linnea'] }],
      birthDate: '2016-05-02',
    });
  });

  it('knows a returning citizen by the identifier', async () => {
    const [first, second] = [createBrowser(), createBrowser()];
    await signIn(first, start('?return=/whoami'), 'tessa');
    await signIn(second, start('?return=/whoami'), 'tessa');
    expect((await whoami(second)).body['patientId']).toBe((await whoami(first)).body['patientId']);
  });

  it('makes one Patient of two first sign-ins at once', async () => {
    const browsers = [1, 2, 3, 4].map(() => createBrowser());
    await Promise.all(browsers.map((browser) => signIn(browser, start('?return=/whoami'), 'joni')));
    const ids = await Promise.all(browsers.map(async (browser) => (await whoami(browser)).body['patientId']));
    expect(new Set(ids).size).toBe(1);
    expect(await countPatients('urn:oid:1.2.246.21|010469-999W')).toBe(1);
  });

  it('knows a person identified through eIDAS without a hetu', async () => {
    const [first, second] = [createBrowser(), createBrowser()];
    await signIn(first, start('?return=/whoami'), 'elsa');
    await signIn(second, start('?return=/whoami'), 'elsa');
    const { patientId } = (await whoami(first)).body;
    expect((await whoami(second)).body['patientId']).toBe(patientId);
    expect((await readPatient(patientId))['identifier']).toEqual([
      { use: 'secondary', system: EIDAS, value: 'FI/SE/790415-TEST' },
    ]);
  });

  it('labels the Patient of a person under a non-disclosure order, also when the order comes later', async () => {
    const label = {
      system: 'https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs',
      code: 'TURVAKIELTO',
    };
    const browser = createBrowser();
    world.quirk = { claims: { [SUOMIFI_CLAIMS.nonDisclosure]: null } };
    await signIn(browser, start('?return=/whoami'), 'tuuli');
    const { patientId } = (await whoami(browser)).body;
    expect((await readPatient(patientId)).meta?.security ?? []).not.toContainEqual(label);
    world.quirk = undefined;
    await signIn(browser, start('?return=/whoami'), 'tuuli');
    expect((await whoami(browser)).body['patientId']).toBe(patientId);
    expect((await readPatient(patientId)).meta?.security).toContainEqual(label);
  });

  it('returns a citizen who cancels to where they came from, without a session', async () => {
    const browser = createBrowser();
    const page = await signIn(browser, start('?return=/whoami?x=1'), 'cancel');
    expect(page.url.pathname + page.url.search).toBe('/whoami?x=1&signin=cancelled');
    expect(page.status).toBe(401);
  });

  it('does not sign in a person whom the population register knows as deceased', async () => {
    const page = await signIn(createBrowser(), start('?return=/whoami'), 'vieno');
    expect(page.url.search).toBe('?signin=cancelled');
    expect(await countPatients('urn:oid:1.2.246.21|020365-999P')).toBe(0);
  });

  it('does not sign in a person whom the store knows as deceased', async () => {
    const id = 'a7c1d7a2-5b1e-4f0a-9d0e-3f6f1c2b7e55';
    const resource = {
      resourceType: 'Patient',
      id,
      identifier: [{ system: 'urn:oid:1.2.246.21', value: '311080-999X' }],
      deceasedDateTime: '2026-03-01',
    };
    await world.store.write([{ kind: 'create', resource }], { principal: GATEWAY, requestId: 'test' });
    world.quirk = {
      claims: { [SUOMIFI_CLAIMS.hetu]: '311080-999X', [SUOMIFI_CLAIMS.birthDate]: '1980-10-31' },
    };
    const page = await signIn(createBrowser(), start('?lang=en'), 'tessa');
    expect(page.status).toBe(403);
    expect(page.html).toContain('person-deceased');
    expect(page.html).toContain('contact customer service');
  });

  describe('sends a request of which only the request object counts', () => {
    it('signed, short-lived, for the issuer, with PKCE, state and nonce', async () => {
      const browser = createBrowser();
      const page = await browser.open(start('?lang=sv'), {
        stopAt: (url) => url.pathname.startsWith('/suomifi/'),
      });
      expect([...page.url.searchParams.keys()].sort()).toEqual(['client_id', 'request']);
      const object = page.url.searchParams.get('request') ?? '';
      const claims = decodeJwt(object);
      expect(decodeProtectedHeader(object)).toMatchObject({ alg: 'RS256' });
      expect(claims).toMatchObject({
        iss: 'silta-test',
        client_id: 'silta-test',
        response_type: 'code',
        scope: 'openid',
        redirect_uri: `${world.baseUrl}/identity/suomifi/callback`,
        acr_values: 'http://ftn.ficora.fi/2017/loatest2',
        code_challenge_method: 'S256',
        ui_locales: 'sv',
      });
      expect(String(claims.aud)).toBe(`${page.url.origin}/suomifi`);
      expect(Number(claims.exp) - Number(claims.iat)).toBe(600);
      for (const name of ['state', 'nonce', 'jti', 'code_challenge']) {
        expect(Buffer.from(String(claims[name]), 'base64url').length).toBeGreaterThanOrEqual(16);
      }
    });

    it('never twice with the same state, nonce or id', async () => {
      const objects = await Promise.all(
        [1, 2, 3].map(async () => {
          const stopAt = (url: URL): boolean => url.pathname.startsWith('/suomifi/');
          const page = await createBrowser().open(start(), { stopAt });
          return decodeJwt(page.url.searchParams.get('request') ?? '');
        }),
      );
      const values = objects.flatMap(({ state, nonce, jti }) => [state, nonce, jti]);
      expect(new Set(values).size).toBe(9);
    });

    it('in the language of the browser when none is asked for', async () => {
      const response = await fetch(start(), {
        redirect: 'manual',
        headers: { 'accept-language': 'de, en-GB;q=0.8' },
      });
      const object = new URL(String(response.headers.get('location'))).searchParams.get('request');
      expect(decodeJwt(object ?? '')['ui_locales']).toBe('en');
    });
  });

  const now = Math.floor(Date.now() / 1000);
  const REFUSALS: readonly (readonly [string, string, Quirk])[] = [
    ['no ID token', 'id-token-missing', { missing: true }],
    ['an ID token that is not encrypted', 'id-token-not-encrypted', { encryption: 'none' }],
    ['a key algorithm not on the list', 'id-token-key-algorithm', { encryption: 'RSA-OAEP-512' }],
    ['direct encryption', 'id-token-key-algorithm', { encryption: 'dir' }],
    ['a content algorithm not on the list', 'id-token-content-algorithm', { encryption: 'A192GCM' }],
    ['encryption for a key id that is not ours', 'id-token-unknown-key', { encryption: 'unknown-kid' }],
    ['encryption for another key', 'id-token-undecryptable', { encryption: 'foreign-key' }],
    ['an encrypted text that is no token', 'id-token-malformed', { plaintext: 'hello' }],
    ['no signature', 'id-token-signature-algorithm', { signature: 'none' }],
    ['an HMAC with the public key as secret', 'id-token-signature-algorithm', { signature: 'HS256' }],
    ['another signature algorithm', 'id-token-signature-algorithm', { signature: 'RS384' }],
    ['a signing key that is not published', 'id-token-signature-unknown-key', { signature: 'unknown-kid' }],
    ['a forged signature', 'id-token-signature', { signature: 'foreign-key' }],
    ['another issuer', 'id-token-issuer', { claims: { iss: 'https://tunnistus.example' } }],
    ['another audience', 'id-token-audience', { claims: { aud: 'another-service' } }],
    ['several audiences without azp', 'id-token-azp', { claims: { aud: ['silta-test', 'other'] } }],
    ['another authorized party', 'id-token-azp', { claims: { aud: ['silta-test', 'other'], azp: 'other' } }],
    ['an expired token', 'id-token-expired', { claims: { exp: now - 60 } }],
    ['a token without an end', 'id-token-expired', { claims: { exp: null } }],
    ['a token from the future', 'id-token-issued-at', { claims: { iat: now + 600 } }],
    ['a wrong nonce', 'id-token-nonce', { claims: { nonce: 'b'.repeat(43) } }],
    ['no nonce', 'id-token-nonce', { claims: { nonce: null } }],
    ['a weak level of assurance', 'id-token-acr', { claims: { acr: 'http://eidas.europa.eu/LoA/low' } }],
    ['no level of assurance', 'id-token-acr', { claims: { acr: null } }],
    ['no hetu', 'hetu-missing', { claims: { [SUOMIFI_CLAIMS.hetu]: null } }],
    ['a wrong control character', 'hetu-invalid', { claims: { [SUOMIFI_CLAIMS.hetu]: '010280-952M' } }],
    ['a hetu that is no text', 'hetu-invalid', { claims: { [SUOMIFI_CLAIMS.hetu]: 10280952 } }],
    [
      'a birth date that is not the hetu’s',
      'birth-date-mismatch',
      { claims: { [SUOMIFI_CLAIMS.birthDate]: '1980-02-02' } },
    ],
    ['no name', 'name-missing', { claims: { [SUOMIFI_CLAIMS.familyName]: null } }],
  ];

  it.each(REFUSALS)('refuses %s with the key %s', async (_what, key, quirk) => {
    world.quirk = quirk;
    const browser = createBrowser();
    const page = await signIn(browser, start('?return=/whoami&lang=fi'), 'tessa');
    expect(isCallback(page.url)).toBe(true);
    expect(page.status).toBe(401);
    expect(page.html).toContain(`<code>${key}</code>`);
    expect(page.html).toContain('<html lang="fi">');
    expect((await whoami(browser)).status).toBe(401);
    expect(world.log.at(-1)).toContain(`"key":"${key}"`);
  });

  it('refuses an earlier identification when a fresh one was demanded', async () => {
    world.quirk = { claims: { auth_time: now - 3600 } };
    const relaxed = await signIn(createBrowser(), start('?return=/whoami'), 'tessa');
    expect(relaxed.status).toBe(200);
    const forced = await signIn(createBrowser(), start('?return=/whoami&force=true'), 'tessa');
    expect(forced.html).toContain('id-token-auth-time');
  });

  describe('takes a callback', () => {
    it('only once', async () => {
      const browser = createBrowser();
      const { url } = await signIn(browser, start('?return=/whoami'), 'tessa', { stopAt: isCallback });
      expect((await browser.open(url)).status).toBe(200);
      const again = await browser.open(url);
      expect([again.status, again.html]).toEqual([401, expect.stringContaining('sign-in-state')]);
    });

    it('only from the browser that left', async () => {
      const victim = createBrowser();
      const { url } = await signIn(createBrowser(), start('?return=/whoami'), 'tessa', {
        stopAt: isCallback,
      });
      await victim.open(start(), { stopAt: (address) => address.pathname.startsWith('/suomifi/') });
      const page = await victim.open(url);
      expect([page.status, page.html]).toEqual([401, expect.stringContaining('sign-in-state')]);
    });

    it('only for ten minutes', async () => {
      const browser = createBrowser();
      const { url } = await signIn(browser, start('?return=/whoami'), 'tessa', { stopAt: isCallback });
      world.ahead = 601_000;
      expect((await browser.open(url)).html).toContain('sign-in-state');
    });

    it('only with a code that the service knows', async () => {
      const browser = createBrowser();
      const { url } = await signIn(browser, start(), 'tessa', { stopAt: isCallback });
      url.searchParams.set('code', 'made-up');
      const page = await browser.open(url);
      expect([page.status, page.html]).toEqual([401, expect.stringContaining('code-refused')]);
    });

    it('only of the issuer that it left for', async () => {
      const browser = createBrowser();
      const { url } = await signIn(browser, start(), 'tessa', { stopAt: isCallback });
      url.searchParams.set('iss', 'https://another.example');
      const page = await browser.open(url);
      expect([page.status, page.html]).toEqual([401, expect.stringContaining('callback-refused')]);
    });

    it('with an error as a refusal', async () => {
      const browser = createBrowser();
      const { url } = await signIn(browser, start(), 'tessa', { stopAt: isCallback });
      url.searchParams.delete('code');
      url.searchParams.set('error', 'server_error');
      const page = await browser.open(url);
      expect([page.status, page.html]).toEqual([401, expect.stringContaining('provider-error')]);
    });
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    'evil.example',
    '',
  ])('refuses to return to %p', async (path) => {
    const response = await fetch(start(`?return=${encodeURIComponent(path)}`), { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).toContain('return-path');
  });

  describe('keeps a session', () => {
    it('in a cookie that scripts cannot read and other sites cannot send along', async () => {
      const browser = createBrowser();
      const { url } = await signIn(browser, start('?return=/whoami'), 'tessa', { stopAt: isCallback });
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: browser.cookieHeader(url) },
      });
      expect(response.headers.getSetCookie()).toContainEqual(
        expect.stringMatching(/^silta-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
      );
    });

    it('that ends after fifteen idle minutes', async () => {
      const browser = createBrowser();
      await signIn(browser, start('?return=/whoami'), 'tessa');
      for (const minutes of [14, 28, 42]) {
        world.ahead = minutes * 60_000;
        expect((await whoami(browser)).status).toBe(200);
      }
      world.ahead = 58 * 60_000;
      expect((await whoami(browser)).body).toEqual({ code: 'unauthenticated', key: 'no-credentials' });
    });

    it('that ends after eight hours however busy', async () => {
      const browser = createBrowser();
      await signIn(browser, start('?return=/whoami'), 'tessa');
      for (let minutes = 14; minutes < 480; minutes += 14) {
        world.ahead = minutes * 60_000;
        expect((await whoami(browser)).status).toBe(200);
      }
      world.ahead = 480 * 60_000 + 1000;
      expect((await whoami(browser)).status).toBe(401);
    });

    it('that is another one after each sign-in', async () => {
      const browser = createBrowser();
      await signIn(browser, start('?return=/whoami'), 'tessa');
      const before = browser.cookieHeader(world.baseUrl);
      await signIn(browser, start('?return=/whoami'), 'tessa');
      expect(browser.cookieHeader(world.baseUrl)).not.toBe(before);
      const response = await fetch(`${world.baseUrl}/whoami`, { headers: { cookie: before } });
      expect(response.status).toBe(401);
    });

    it('whose cookie value the database does not know', async () => {
      const browser = createBrowser();
      await signIn(browser, start('?return=/whoami'), 'tessa');
      const value = /silta-session=([\w-]+)/.exec(browser.cookieHeader(world.baseUrl))?.[1] ?? '';
      const rows = await world.db.database.query('SELECT * FROM web_session');
      expect(value).toHaveLength(43);
      expect(JSON.stringify(rows)).not.toContain(value);
      expect(JSON.stringify(rows)).not.toContain(Buffer.from(value).toString('hex'));
    });

    it('that writes only with its CSRF token', async () => {
      const browser = createBrowser();
      await signIn(browser, start('?return=/whoami'), 'tessa');
      const cookie = browser.cookieHeader(world.baseUrl);
      const token = (await world.identity.session(cookie))?.csrfToken ?? '';
      const post = async (headers: Record<string, string>): Promise<unknown> => {
        const response = await fetch(`${world.baseUrl}/whoami`, {
          method: 'POST',
          headers: { cookie, ...headers },
        });
        return [response.status, ((await response.json()) as { key?: string }).key];
      };
      expect(await post({})).toEqual([403, 'csrf']);
      expect(await post({ 'x-csrf-token': `${token}x` })).toEqual([403, 'csrf']);
      expect(await post({ 'x-csrf-token': token })).toEqual([200, undefined]);
    });

    it('until the citizen signs out from a page of the service', async () => {
      const browser = createBrowser();
      await signIn(browser, start('?return=/whoami'), 'tessa');
      const cookie = browser.cookieHeader(world.baseUrl);
      const token = (await world.identity.session(cookie))?.csrfToken ?? '';
      const logOut = (csrf: string): Promise<Response> =>
        fetch(`${world.baseUrl}/identity/logout`, {
          method: 'POST',
          headers: { cookie },
          body: new URLSearchParams({ csrf }),
          redirect: 'manual',
        });
      expect((await logOut('wrong')).status).toBe(403);
      expect((await whoami(browser)).status).toBe(200);
      const out = await logOut(token);
      expect([out.status, out.headers.get('location')]).toEqual([303, '/']);
      expect(out.headers.getSetCookie()).toContainEqual(expect.stringContaining('Max-Age=0'));
      expect((await whoami(browser)).status).toBe(401);
    });

    it('that is gone from the database after the sweep', async () => {
      await signIn(createBrowser(), start('?return=/whoami'), 'tessa');
      world.ahead = 9 * 3_600_000;
      await world.identity.sweep();
      const tables = ['web_session', 'pending_sign_in', 'oauth_artifact WHERE expires_at IS NOT NULL'];
      for (const table of tables) {
        expect(await world.db.database.query(`SELECT 1 FROM ${table}`)).toEqual([]);
      }
    });
  });

  it('publishes signing and encryption keys without their private halves', async () => {
    const response = await fetch(`${world.baseUrl}/identity/jwks`);
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
    expect(keys.map(({ use, alg, kty }) => [use, alg, kty])).toEqual([
      ['sig', 'RS256', 'RSA'],
      ['enc', 'RSA-OAEP', 'RSA'],
    ]);
    expect(new Set(keys.map(({ n }) => n)).size).toBe(2);
    for (const key of keys) for (const member of ['d', 'p', 'q']) expect(key).not.toHaveProperty(member);
  });

  it('puts no personal identity code into an address or a log line', () => {
    const seen = [...world.addresses, ...world.log].map((line) => decodeURIComponent(line)).join('\n');
    expect(seen).toContain('/identity/suomifi/callback');
    for (const { hetu } of TEST_PERSONS) if (hetu) expect(seen).not.toContain(hetu);
    expect(seen).not.toMatch(/\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]\b/);
  });
});
