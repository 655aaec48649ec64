import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkKey, openRawCopy, sealRawCopy } from '../../../src/delivery/inbound/raw-copy.ts';

const key = randomBytes(32);

describe('a raw copy', () => {
  it('opens to what it was made of', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (raw, about) => {
        expect([...openRawCopy(key, sealRawCopy(key, raw, about), about)]).toEqual([...raw]);
      }),
    );
  });

  it('shows nothing of its content and is never the same twice', () => {
    const raw = Buffer.from('{"Description":"surullinen"}');
    const [one, two] = [sealRawCopy(key, raw, 'a'), sealRawCopy(key, raw, 'a')];
    expect(one.includes('surullinen')).toBe(false);
    expect(one.equals(two)).toBe(false);
  });

  it.each([
    ['another key', (sealed: Buffer) => openRawCopy(randomBytes(32), sealed, 'row 7')],
    ['another row', (sealed: Buffer) => openRawCopy(key, sealed, 'row 8')],
    ['a changed byte', (sealed: Buffer) => openRawCopy(key, flip(sealed, sealed.length - 1), 'row 7')],
    ['a changed nonce', (sealed: Buffer) => openRawCopy(key, flip(sealed, 0), 'row 7')],
    ['a cut end', (sealed: Buffer) => openRawCopy(key, sealed.subarray(0, 20), 'row 7')],
  ])('does not open with %s', (_case, open) => {
    expect(() => open(sealRawCopy(key, Buffer.from('{}'), 'row 7'))).toThrow(/cannot be decrypted/);
  });

  it('needs a key of 32 bytes', () => {
    expect(() => checkKey(randomBytes(16))).toThrow('The key for raw copies must have 32 bytes, not 16.');
  });
});

function flip(bytes: Buffer, index: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[index] = (changed[index] ?? 0) ^ 1;
  return changed;
}
