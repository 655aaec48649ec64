import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { nameCookies, readCookie, writeCookie } from '../../src/identity/cookies.ts';
import {
  checkClients,
  checkLocalPath,
  loadIssuerProfile,
  readClients,
  readIssuerProfile,
  readPresets,
} from '../../src/identity/index.ts';
import { makeClient } from './world.ts';

describe('the clients file', () => {
  let jwks: object;
  beforeAll(async () => {
    jwks = { keys: [(await makeClient('any', 'ES384')).publicJwk] };
  });
  const portal = (changes: object = {}): object => ({
    clientId: 'portal',
    name: 'Portal',
    kind: 'portal',
    redirectUris: ['https://portal.example/callback'],
    jwks,
    scopes: ['openid', 'patient/*.rs'],
    sectors: ['health'],
    ...changes,
  });

  it('is read from YAML', () => {
    const text = `
clients:
  - clientId: lifecare
    name: Lifecare
    kind: system
    jwksUri: https://lifecare.example/jwks
    scopes: [system/QuestionnaireResponse.rs]
    sectors: [health]
`;
    expect(readClients(text)).toEqual([
      {
        clientId: 'lifecare',
        name: 'Lifecare',
        kind: 'system',
        redirectUris: [],
        jwksUri: 'https://lifecare.example/jwks',
        scopes: ['system/QuestionnaireResponse.rs'],
        sectors: ['health'],
      },
    ]);
  });

  it('is read with keys in it', () => {
    expect(checkClients({ clients: [portal()] })).toMatchObject([{ clientId: 'portal', jwks }]);
  });

  it.each<[string, object, string]>([
    ['an unknown member', { secret: 'x' }, 'secret'],
    ['a private key', { jwks: { keys: [{ kty: 'EC', d: 'x' }] } }, 'public key'],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'x' }] } }, 'kty'],
    ['no keys', { jwks: undefined }, 'needs jwks or jwksUri'],
    ['two sources of keys', { jwksUri: 'https://portal.example/jwks' }, 'needs jwks or jwksUri'],
    ['a portal without redirect address', { redirectUris: [] }, 'redirectUris'],
    ['a system with a redirect address', { kind: 'system', scopes: ['system/Task.r'] }, 'redirectUris'],
    ['a redirect address with a script', { redirectUris: ['javascript:alert(1)'] }, 'redirectUris'],
    ['a scope out of order', { scopes: ['patient/Task.sr'] }, 'SMART scope'],
    ['a portal with a system scope', { scopes: ['system/Task.rs'] }, 'scopes'],
    ['a strange sector', { sectors: ['pharmacy'] }, 'sectors'],
    ['a strange id', { clientId: '../portal' }, 'clientId'],
  ])('is refused with %s', (_what, changes, message) => {
    expect(() => checkClients({ clients: [portal(changes)] })).toThrow(message);
  });

  it('is refused with an id twice, and when it is no YAML', () => {
    expect(() => checkClients({ clients: [portal(), portal()] })).toThrow('unique');
    expect(() => readClients('clients: [')).toThrow('not YAML');
    expect(() => readClients('')).toThrow('clients file is wrong');
  });
});

describe('an issuer profile', () => {
  const given = { name: 'suomifi', issuer: 'https://tunnistus.example', clientId: 'silta' };

  it('is completed with the defaults of the Finnish Trust Network', () => {
    expect(readIssuerProfile(given, 'production')).toMatchObject({
      ...given,
      requestedAcr: ['http://ftn.ficora.fi/2017/loa2'],
      acceptedAcr: ['http://ftn.ficora.fi/2017/loa2', 'http://ftn.ficora.fi/2017/loa3'],
      keyAlgorithms: ['RSA-OAEP', 'RSA-OAEP-256'],
      cancelErrors: ['access_denied'],
      claims: { hetu: 'urn:oid:1.2.246.21' },
    });
  });

  it.each<[string, object]>([
    ['http', { issuer: 'http://tunnistus.example' }],
    ['test level', { acceptedAcr: ['http://ftn.ficora.fi/2017/loatest2'] }],
    ['test level', { requestedAcr: ['http://ftn.ficora.fi/2017/loatest3'] }],
  ])('is refused in production because of %s, not in the sandbox', (_why, changes) => {
    expect(() => readIssuerProfile({ ...given, ...changes }, 'production')).toThrow();
    expect(readIssuerProfile({ ...given, ...changes }, 'sandbox')).toMatchObject(changes);
  });

  it('takes what a preset says, and joins its own claims, request and keys to it', () => {
    const presets = {
      broker: {
        name: 'broker',
        issuer: 'https://broker.example',
        claims: { hetu: 'code', familyName: 'family_name' },
        request: { pkce: false },
      },
    };
    const own = { extends: 'broker', clientId: 'silta', claims: { nonDisclosure: 'hidden' } };
    expect(readIssuerProfile(own, 'production', presets)).toMatchObject({
      name: 'broker',
      issuer: 'https://broker.example',
      clientId: 'silta',
      claims: { hetu: 'code', familyName: 'family_name', nonDisclosure: 'hidden' },
      request: { pkce: false, force: { prompt: 'login' } },
    });
    expect(() => readIssuerProfile({ extends: 'brokker' }, 'production', presets)).toThrow(
      "Did you mean 'broker'?",
    );
    expect(() => readIssuerProfile({ extends: 'toString' }, 'production', presets)).toThrow('no such');
  });

  it('is shipped for each known broker, and complete but for what only the deployment knows', async () => {
    const presets = await readPresets('profiles/issuers');
    expect(Object.keys(presets).sort()).toEqual(['generic', 'op', 'suomifi', 'telia']);
    const statement = { from: 'entity-statement', file: 'x.jwt', sha256: '0'.repeat(64) };
    for (const name of Object.keys(presets)) {
      const own = { extends: name, clientId: 'silta', issuer: 'https://broker.example' };
      const profile = readIssuerProfile(
        name === 'op' ? { ...own, metadata: statement } : own,
        'production',
        presets,
      );
      expect(profile).toMatchObject({
        name,
        acceptedAcr: expect.arrayContaining(['http://ftn.ficora.fi/2017/loa2']),
      });
    }
  });

  it('is refused when it contradicts itself', () => {
    const refusal = (changes: object) => () => readIssuerProfile({ ...given, ...changes }, 'sandbox');
    expect(refusal({ keys: { from: 'signed' } })).toThrow('entity statement');
    expect(refusal({ request: { parameters: { nonce: 'mine' } } })).toThrow('request.parameters.nonce');
    expect(refusal({ scope: 'profile' })).toThrow("must contain 'openid'");
    expect(refusal({ metadata: { from: 'entity-statement', file: 'x', sha256: 'AB' } })).toThrow(
      'hexadecimal',
    );
    const plain = { ...given, keys: { uri: 'http://keys.example' } };
    expect(() => readIssuerProfile(plain, 'production')).toThrow('keys.uri: must be https');
  });

  it('is loaded with the metadata beside it, or the file that is missing is named', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'silta-issuer-'));
    try {
      const file = join(directory, 'issuer.yaml');
      const options = { file, presets: 'profiles/issuers', mode: 'production' } as const;
      await expect(loadIssuerProfile(options)).rejects.toThrow('The issuer profile cannot be read (ENOENT)');
      await writeFile(
        file,
        'extends: suomifi\nissuer: https://x.example\nclientId: silta\nmetadata: { from: file, file: meta.json }\n',
      );
      await expect(loadIssuerProfile(options)).rejects.toThrow('metadata.file cannot be read (ENOENT)');
      await writeFile(join(directory, 'meta.json'), '{}\n');
      expect(await loadIssuerProfile(options)).toMatchObject({ name: 'suomifi', kept: '{}' });
      await writeFile(file, 'extends: [');
      await expect(loadIssuerProfile(options)).rejects.toThrow('The issuer profile is not YAML');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it.each<[string, object]>([
    ['an unknown member', { extra: 1 }],
    ['RSA1_5', { keyAlgorithms: ['RSA1_5'] }],
    ['no issuer', { issuer: undefined }],
    ['a name that is no path', { name: '../x' }],
    ['a clock difference of an hour', { clockTolerance: 3600 }],
  ])('is refused with %s', (_what, changes) => {
    expect(() => readIssuerProfile({ ...given, ...changes }, 'sandbox')).toThrow('issuer profile is wrong');
  });
});

describe('cookies', () => {
  it('are bound to the host and to TLS over https', () => {
    const { session, signIn, secure } = nameCookies('https://silta.example');
    expect([session, signIn, secure]).toEqual(['__Host-silta-session', '__Host-silta-sign-in', true]);
    expect(writeCookie(session, 'value', { secure })).toBe(
      '__Host-silta-session=value; Path=/; HttpOnly; SameSite=Lax; Secure',
    );
  });

  it('are not believed when there are two of a name', () => {
    expect(readCookie('a=1; b=2', 'b')).toBe('2');
    expect(readCookie('b=1; b=2', 'b')).toBeUndefined();
    expect(readCookie('ab=1', 'b')).toBeUndefined();
    expect(readCookie(undefined, 'b')).toBeUndefined();
  });
});

describe('a return path', () => {
  it.each(['/', '/my', '/my?tab=tasks#top', '/oauth/interaction/x-1', '/%2F%2Fevil.example'])(
    'may be %p',
    (path) => {
      expect(checkLocalPath(path)).toBe(path);
    },
  );

  it('is the front page when none is given', () => {
    expect(checkLocalPath(undefined)).toBe('/');
  });

  it.each([['/a', '/b'], `/${'x'.repeat(2000)}`, '//x', '/a b', '/\u0000', 5, null])(
    'may not be %p',
    (path) => {
      expect(() => checkLocalPath(path)).toThrow('path of this service');
    },
  );
});
