import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { generateKeys, type Keys, readKeys } from '../../src/identity/index.ts';
import { createBrowser, launchStandalone, requestBackendToken, signIn } from '../../src/sandbox/index.ts';
import { REDIRECT_URI, startGateway, startWorld, type World } from './world.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('several gateways on one database', () => {
  let world: World;
  let rotated: Keys;
  let other: Awaited<ReturnType<typeof startGateway>>;
  beforeAll(async () => {
    world = await startWorld();
    const fresh = await readKeys(await generateKeys());
    rotated = {
      // Published before use: the identification service has not fetched it yet.
      rpSigning: [...world.keys.rpSigning, ...fresh.rpSigning],
      rpEncryption: [...fresh.rpEncryption, ...world.keys.rpEncryption],
      asSigning: [...fresh.asSigning, ...world.keys.asSigning],
      entitySigning: world.keys.entitySigning,
      cookieSecrets: world.keys.cookieSecrets,
    };
    other = await startGateway(world, rotated);
  });
  afterAll(async () => {
    await other.close();
    await world.close();
  });

  const toOther = (address: string): string => address.replace(world.baseUrl, other.url);
  /** Lets `see` look at token requests of clients and change where they go. */
  const watchToken = async <T>(
    see: (address: string, form: URLSearchParams) => string,
    work: () => Promise<T>,
  ): Promise<T> => {
    const original = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
      const address = String(input);
      const isToken = address === `${world.issuer}/token`;
      return original(isToken ? see(address, new URLSearchParams(String(init?.body))) : input, init);
    };
    try {
      return await work();
    } finally {
      globalThis.fetch = original;
    }
  };

  it('share the sessions of citizens', async () => {
    const browser = createBrowser();
    await signIn(browser, `${world.baseUrl}/identity/suomifi/start?return=/whoami`, 'tessa');
    const cookie = browser.cookieHeader(world.baseUrl);
    const here = await world.identity.session(cookie);
    expect(here?.patientId).toBeDefined();
    expect(await other.identity.session(cookie)).toEqual(here);
  });

  it('finish each other’s sign-ins', async () => {
    const browser = createBrowser();
    const { url } = await signIn(browser, `${world.baseUrl}/identity/suomifi/start?return=/whoami`, 'joni', {
      stopAt: (address) => address.pathname === '/identity/suomifi/callback',
    });
    const there = new URL(url.pathname + url.search, other.url);
    expect((await browser.open(there)).url.pathname).toBe('/whoami');
    expect((await browser.open(url)).html).toContain('sign-in-state');
  });

  it('refuse a client assertion that another one has seen', async () => {
    const { record, fhirBase } = world;
    const forms: URLSearchParams[] = [];
    await watchToken(
      (address, form) => {
        forms.push(form);
        return address;
      },
      () => requestBackendToken({ ...record, fhirBase, scope: 'system/Patient.r' }),
    );
    const [form] = forms;
    expect(form?.get('client_assertion')).toBeTruthy();
    const again = await fetch(`${other.url}/oauth/token`, {
      method: 'POST',
      body: String(form),
      headers: FORM,
    });
    expect([again.status, await again.json()]).toEqual([
      401,
      expect.objectContaining({ error: 'invalid_client' }),
    ]);
  });

  it('accept tokens signed before the rotation, and sign with the newest key after it', async () => {
    const { record, fhirBase } = world;
    const ask = () => requestBackendToken({ ...record, fhirBase, scope: 'system/Patient.r' });
    const before = await ask();
    const after = await watchToken(toOther, ask);
    const authorization = `Bearer ${before.accessToken}`;
    await expect(other.identity.authenticate({ authorization, method: 'GET' })).resolves.toMatchObject({
      clientId: 'test-record',
    });
    expect(decodeProtectedHeader(before.accessToken).kid).toBe(rotated.asSigning[1]?.kid);
    expect(decodeProtectedHeader(after.accessToken).kid).toBe(rotated.asSigning[0]?.kid);
  });

  it('publish every signing key and the newest to encrypt for, and decrypt with every one', async () => {
    const { keys } = (await (await fetch(`${other.url}/identity/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    // Of the keys to encrypt for only the newest: a service may choose any that it is told.
    const all = [...rotated.rpSigning, ...rotated.rpEncryption.slice(0, 1)];
    expect(keys.map(({ kid }) => kid)).toEqual(all.map(({ kid }) => kid));
    // The stand-in encrypts for the key of before; the callback lands on the gateway whose first key is newer.
    const browser = createBrowser();
    const { url } = await signIn(browser, `${world.baseUrl}/identity/suomifi/start?return=/whoami`, 'svea', {
      stopAt: (address) => address.pathname === '/identity/suomifi/callback',
    });
    expect((await browser.open(new URL(url.pathname + url.search, other.url))).status).toBe(200);
  });

  it('let a portal launch on one and redeem on another', async () => {
    const { portal, fhirBase } = world;
    const scope = 'launch/patient patient/Task.rs';
    const result = await watchToken(toOther, () =>
      launchStandalone({ ...portal, fhirBase, redirectUri: REDIRECT_URI, scope, personId: 'tessa' }),
    );
    expect(result.scope).toBe(scope);
    expect(decodeProtectedHeader(result.accessToken).kid).toBe(rotated.asSigning[0]?.kid);
  });
});
