/** Signing in through brokers that differ from Suomi.fi, with the presets that come with the gateway. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compactVerify, createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { type IssuerProfile, readIssuerProfile, readPresets } from '../../src/identity/index.ts';
import { createBrowser, type Quirk, signIn, TEST_ACR } from '../../src/sandbox/index.ts';
import { startWorld, type World } from './world.ts';

const presets = await readPresets('profiles/issuers');
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A deployment's own file: what the county knows that the preset does not. */
function profileOf(own: object, kept?: string): IssuerProfile {
  const profile = readIssuerProfile(
    { clientId: 'silta-test', acceptedAcr: [TEST_ACR], ...own },
    'sandbox',
    presets,
  );
  return kept === undefined ? profile : { ...profile, kept };
}

const opProfile = (
  issuer: string,
  entityStatement: string,
  sha256 = digestOf(entityStatement),
): IssuerProfile =>
  profileOf(
    {
      extends: 'op',
      issuer,
      organizationName: 'Testihyvinvointialue',
      request: { parameters: { ftn_spname: 'Testihyvinvointialue' } },
      metadata: { from: 'entity-statement', file: 'op.jwt', sha256 },
    },
    entityStatement,
  );

async function whoami(world: World, cookie: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${world.baseUrl}/whoami`, { headers: { cookie } });
  return (await response.json()) as Record<string, unknown>;
}

describe('Telia', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      style: 'telia',
      profile: ({ issuer }) => profileOf({ extends: 'telia', issuer, requestedAcr: [TEST_ACR] }),
    });
  });
  afterAll(() => world.close());

  it('signs a citizen in at its own addresses', async () => {
    const browser = createBrowser();
    const page = await signIn(browser, `${world.baseUrl}/identity/telia/start?return=/whoami`, 'tessa');
    expect(JSON.parse(page.html)).toMatchObject({ kind: 'citizen', acr: TEST_ACR });
    expect(world.addresses.some((address) => address.startsWith('/telia/oauth2/authorization?'))).toBe(true);
  });

  it('asks again who it is when told to', async () => {
    const browser = createBrowser();
    const { url } = await browser.open(`${world.baseUrl}/identity/telia/start?force=true`, {
      stopAt: (address) => address.pathname.startsWith('/telia/'),
    });
    expect(decodeJwt(url.searchParams.get('request') ?? '')['prompt']).toBe('login');
  });
});

describe('OP, which has no discovery and signs its keys', () => {
  let world: World;
  let statement: string;
  beforeAll(async () => {
    world = await startWorld({
      style: 'op',
      profile: ({ issuer, entityStatement }) => {
        statement = entityStatement;
        return opProfile(issuer, entityStatement);
      },
    });
  });
  afterAll(() => world.close());
  beforeEach(() => {
    world.quirk = undefined;
  });
  const start = (query = ''): string => `${world.baseUrl}/identity/op/start?return=/whoami${query}`;

  it('signs a citizen in by the kept statement, and its own claim names', async () => {
    const browser = createBrowser();
    await signIn(browser, start(), 'tessa');
    const { patientId } = await whoami(world, browser.cookieHeader(world.baseUrl));
    const patient = JSON.parse((await world.store.read('Patient', String(patientId)))?.content ?? '');
    expect(patient).toMatchObject({
      identifier: [{ system: 'urn:oid:1.2.246.21', value: '010280-952L' }],
      name: [{ family: 'Testilä', given: ['Tessa', 'Kaarina'] }],
    });
    expect(world.addresses).not.toContain('/op/.well-known/openid-configuration');
  });

  it('is asked for its scopes, without PKCE and without a level, and under the agreed name', async () => {
    const { url } = await createBrowser().open(start('&force=true'), {
      stopAt: (address) => address.pathname.startsWith('/op/'),
    });
    const claims = decodeJwt(url.searchParams.get('request') ?? '');
    expect(claims).toMatchObject({
      scope: 'openid personal_identity_code profile',
      ftn_spname: 'Testihyvinvointialue',
      prompt: 'consent',
    });
    expect(Object.keys(claims)).not.toContain('code_challenge');
    expect(Object.keys(claims)).not.toContain('acr_values');
  });

  it('says cancel when the citizen cancels', async () => {
    const page = await signIn(createBrowser(), start(), 'cancel');
    expect(page.url.search).toBe('?signin=cancelled');
  });

  it('finds the gateway’s keys by its entity statement and signed key set', async () => {
    const text = async (path: string): Promise<Response> => fetch(`${world.baseUrl}/identity/${path}`);
    const answers = await Promise.all(['entity-statement', 'signed-jwks'].map(text));
    expect(answers.map(({ headers }) => headers.get('content-type'))).toEqual([
      expect.stringContaining('application/entity-statement+jwt'),
      expect.stringContaining('application/jwk-set+jwt'),
    ]);
    const [own = '', set = ''] = await Promise.all(answers.map((answer) => answer.text()));
    const claims = decodeJwt(own);
    expect(claims).toMatchObject({
      iss: world.baseUrl,
      sub: world.baseUrl,
      metadata: {
        openid_relying_party: {
          redirect_uris: [`${world.baseUrl}/identity/op/callback`],
          id_token_encrypted_response_alg: 'RSA-OAEP',
          id_token_encrypted_response_enc: 'A128CBC-HS256',
          token_endpoint_auth_method: 'private_key_jwt',
          organization_name: 'Testihyvinvointialue',
          signed_jwks_uri: `${world.baseUrl}/identity/signed-jwks`,
        },
      },
    });
    const entityKeys = createLocalJWKSet(claims['jwks'] as JSONWebKeySet);
    await compactVerify(own, entityKeys);
    const { payload } = await compactVerify(set, entityKeys);
    expect(decodeProtectedHeader(set).typ).toBe('jwk-set+jwt');
    const plain = await (await text('jwks')).json();
    expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({
      iss: world.baseUrl,
      ...(plain as object),
    });
  });

  it.each<[string, Quirk['keySet'], string]>([
    ['that another key signed', 'foreign-key', 'issuer-key-set-signature'],
    ['that has expired', 'expired', 'issuer-key-set-expired'],
    ['of another issuer', 'other-issuer', 'issuer-key-set-issuer'],
    ['of another type', 'wrong-type', 'issuer-key-set-type'],
  ])('is not believed with a key set %s', async (_what, keySet, key) => {
    const fresh = await startWorld({
      style: 'op',
      profile: ({ issuer, entityStatement }) => opProfile(issuer, entityStatement),
    });
    try {
      fresh.quirk = { keySet: keySet as NonNullable<Quirk['keySet']> };
      const page = await signIn(createBrowser(), `${fresh.baseUrl}/identity/op/start`, 'tessa');
      expect(page.status).toBe(503);
      expect(page.html).toContain(`<code>${key}</code>`);
    } finally {
      await fresh.close();
    }
  });

  it.each<[string, (issuer: string, kept: string) => IssuerProfile, string]>([
    [
      'was changed after it was confirmed',
      (issuer, kept) => opProfile(issuer, `${kept}x`, digestOf(kept)),
      'issuer-statement-digest',
    ],
    ['is of another issuer', (issuer) => opProfile(issuer, statement), 'issuer-statement-issuer'],
    ['is none', (issuer) => opProfile(issuer, 'hello'), 'issuer-statement-malformed'],
  ])('is not asked when its statement %s', async (_what, profile, key) => {
    const fresh = await startWorld({
      style: 'op',
      profile: ({ issuer, entityStatement }) => profile(issuer, entityStatement),
    });
    try {
      const page = await createBrowser().open(`${fresh.baseUrl}/identity/op/start`);
      expect([page.status, page.html]).toEqual([503, expect.stringContaining(`<code>${key}</code>`)]);
    } finally {
      await fresh.close();
    }
  });
});
