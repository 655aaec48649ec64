import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generateKeys, listKeys, pruneKeys, readKeys, rotateKeys } from '../../src/identity/index.ts';
import { publishedKeys, signingKey } from '../../src/identity/keys.ts';

const START = Date.UTC(2026, 0, 1);
const DAY = 24 * 3600;
const at = (days: number): Date => new Date(START + days * DAY * 1000);

describe('rotating keys', () => {
  let text: string;
  beforeAll(async () => {
    text = await generateKeys(at(0));
  });

  it('publishes a new signing key before it signs, and keeps verifying by the old one', async () => {
    const rotated = await readKeys(
      await rotateKeys(text, { sets: ['rp-signing'], now: at(10), warmUpSeconds: DAY }),
    );
    const [fresh, old] = rotated.rpSigning;
    expect(signingKey(rotated.rpSigning, at(10.9))).toBe(old);
    expect(signingKey(rotated.rpSigning, at(11))).toBe(fresh);
    for (const day of [10, 11, 12]) {
      const kids = publishedKeys(rotated, at(day)).map(({ kid }) => kid);
      expect(kids).toEqual(expect.arrayContaining([fresh?.kid, old?.kid]));
    }
  });

  it('tells a new key to encrypt for only when every gateway has it, and decrypts by both', async () => {
    const rotated = await readKeys(
      await rotateKeys(text, { sets: ['rp-encryption'], now: at(10), warmUpSeconds: DAY }),
    );
    const [fresh, old] = rotated.rpEncryption;
    const told = (day: number) => publishedKeys(rotated, at(day)).filter(({ use }) => use === 'enc');
    expect(told(10.9).map(({ kid }) => kid)).toEqual([old?.kid]);
    expect(told(11).map(({ kid }) => kid)).toEqual([fresh?.kid]);
    expect(rotated.rpEncryption).toHaveLength(2);
  });

  it('tells the state of every key, and no part of one', async () => {
    const rotated = await rotateKeys(text, {
      sets: ['as-signing', 'cookie-secrets'],
      now: at(10),
      warmUpSeconds: DAY,
    });
    const states = async (day: number) =>
      (await listKeys(rotated, at(day))).map(({ set, state }) => `${set} ${state}`);
    expect(await states(10.5)).toEqual([
      'rp-signing in use',
      'rp-encryption in use',
      'as-signing waiting',
      'as-signing in use',
      'entity-signing in use',
      'cookie-secrets in use',
      'cookie-secrets superseded',
    ]);
    expect((await states(11)).slice(2, 4)).toEqual(['as-signing in use', 'as-signing superseded']);
    const listed = JSON.stringify(await listKeys(rotated, at(11)));
    const secrets = [...rotated.matchAll(/"(?:d|p|q|n|x)": "([^"]+)"/g)].map(([, secret = '']) => secret);
    expect(secrets.length).toBeGreaterThan(5);
    for (const secret of secrets) expect(listed).not.toContain(secret);
  });

  it('removes only what was superseded long enough ago', async () => {
    const rotated = await rotateKeys(text, { sets: ['rp-signing'], now: at(10), warmUpSeconds: DAY });
    const prune = (day: number) => pruneKeys(rotated, { now: at(day), tailSeconds: 30 * DAY });
    expect((await prune(40)).removed).toBe(0);
    const late = await prune(41);
    expect(late.removed).toBe(1);
    expect((await readKeys(late.text)).rpSigning).toHaveLength(1);
  });

  it('refuses a set that there is not, and a file that is none', async () => {
    const options = { now: at(0), warmUpSeconds: 0 };
    await expect(rotateKeys(text, { ...options, sets: ['secrets'] })).rejects.toThrow(
      "no set of keys 'secrets'",
    );
    await expect(rotateKeys('{}', { ...options, sets: ['rp-signing'] })).rejects.toThrow(
      'keys file is wrong',
    );
    await expect(listKeys('{', at(0))).rejects.toThrow('not JSON');
  });

  it('never leaves a set without a key in use, whatever is rotated and pruned when', async () => {
    const step = fc.record({
      rotate: fc.boolean(),
      days: fc.integer({ min: 0, max: 60 }),
      warmUp: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 4 }), async (steps) => {
        let file = text;
        let day = 0;
        for (const { rotate, days, warmUp } of steps) {
          day += days;
          const now = at(day);
          file = rotate
            ? await rotateKeys(file, { sets: ['as-signing'], now, warmUpSeconds: warmUp * DAY })
            : (await pruneKeys(file, { now, tailSeconds: 30 * DAY })).text;
          const inUse = (await listKeys(file, now)).filter(
            ({ set, state }) => set === 'as-signing' && state === 'in use',
          );
          expect(inUse).toHaveLength(1);
          expect(inUse[0]?.kid).toBe(signingKey((await readKeys(file)).asSigning, now).kid);
        }
      }),
      { numRuns: 30 },
    );
  });
});
