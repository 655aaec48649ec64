import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeys, loadKeys, readKeys } from '../../src/identity/index.ts';
import { toPublicJwk } from '../../src/identity/keys.ts';

describe('the keys', () => {
  let directory: string;
  let text: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'silta-keys-'));
    text = await generateKeys();
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('are made at the first start, for the owner’s eyes only, and stay the same', async () => {
    const file = join(directory, 'data', 'keys.json');
    const [first, beside] = await Promise.all([
      loadKeys({ file, generate: true }),
      loadKeys({ file, generate: true }),
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(directory, 'data'))).toEqual(['keys.json']);
    expect(await loadKeys({ file })).toEqual(first);
    expect(beside).toEqual(first);
  });

  it('are not made when nobody allows it', async () => {
    await expect(loadKeys({ file: join(directory, 'none.json') })).rejects.toThrow('does not exist');
  });

  it('are separate for each use and have a thumbprint as their id', async () => {
    const keys = await readKeys(text);
    const all = [...keys.rpSigning, ...keys.rpEncryption, ...keys.asSigning];
    expect(all.map(({ use, alg }) => [use, alg])).toEqual([
      ['sig', 'RS256'],
      ['enc', 'RSA-OAEP'],
      ['sig', 'ES256'],
    ]);
    expect(new Set(all.map(({ kid }) => kid)).size).toBe(3);
    for (const { kid } of all) expect(kid).toMatch(/^[\w-]{43}$/);
  });

  it('show only their public half', async () => {
    const keys = await readKeys(text);
    const shown = [...keys.rpSigning, ...keys.asSigning].map((key) => Object.keys(toPublicJwk(key)).sort());
    expect(shown).toEqual([
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ]);
  });

  it('are refused by the place that is wrong, without a part of a key in the message', async () => {
    const file = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
    const secret = String(file['as-signing']?.[0]?.['d']);
    const wrong = { ...file, 'rp-signing': file['as-signing'], 'cookie-secrets': ['short'] };
    await expect(readKeys(JSON.stringify(wrong))).rejects.toThrow(/rp-signing\.0.*cookie-secrets\.0/);
    for (const broken of [JSON.stringify(wrong), `${text}x`, text.slice(0, -20), '[]', 'null']) {
      const error = await readKeys(broken).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'invalid-request', issues: [{ key: 'keys' }] });
      expect(JSON.stringify(error) + String((error as Error).message)).not.toContain(secret);
    }
  });

  it('may not be public halves', async () => {
    const file = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
    const { d: _private, ...open } = file['as-signing']?.[0] ?? {};
    await expect(readKeys(JSON.stringify({ ...file, 'as-signing': [open] }))).rejects.toThrow('as-signing');
  });

  it('are not read over a directory', async () => {
    await expect(loadKeys({ file: directory })).rejects.toMatchObject({ issues: [{ key: 'keys' }] });
    await writeFile(join(directory, 'plain'), '');
    await expect(loadKeys({ file: join(directory, 'plain', 'keys.json'), generate: true })).rejects.toThrow();
    expect(await readFile(join(directory, 'plain'), 'utf8')).toBe('');
  });
});
