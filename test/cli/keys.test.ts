import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silta } from './run-silta.ts';

describe('silta keys', () => {
  let directory: string;
  let file: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'silta-keys-'));
    file = join(directory, 'keys.json');
    const { code, stdout } = await silta(['keys', 'create']);
    expect(code).toBe(0);
    await writeFile(file, stdout, { mode: 0o600 });
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('lists, rotates and prunes, and leaves one file that only its owner reads', async () => {
    const list = async () =>
      JSON.parse((await silta(['keys', 'list', '--json'], { SILTA_KEYS_FILE: file })).stdout) as {
        set: string;
        state: string;
      }[];
    expect((await list()).map(({ state }) => state)).toEqual(Array(5).fill('in use'));
    const rotated = await silta(['keys', 'rotate', '--file', file, '--set', 'rp-signing', '--warm-up', '0m']);
    expect([rotated.code, rotated.stdout]).toEqual([0, expect.stringContaining('New keys in rp-signing')]);
    expect((await list()).slice(0, 2).map(({ state }) => state)).toEqual(['in use', 'superseded']);
    expect((await silta(['keys', 'prune', '--file', file])).stdout).toBe('0 keys removed.\n');
    expect((await silta(['keys', 'prune', '--file', file, '--older-than', '0m'])).stdout).toBe(
      '1 key removed.\n',
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['keys.json']);
  });

  it('shows a table without a part of a key', async () => {
    const { stdout } = await silta(['keys', 'list', '--file', file]);
    expect(stdout).toMatch(/^SET +KEY +CREATED +STATE\nrp-signing +[\w-]{43} +2\d{3}-/);
    const { d } = JSON.parse(await readFile(file, 'utf8'))['as-signing'][0];
    expect(stdout).not.toContain(d);
  });

  it.each<[string[], number, string]>([
    [['keys', 'rotate', '--set', 'sercets', '--file', 'x'], 2, 'Choose from'],
    [['keys', 'rotate', '--warm-up', 'soon', '--file', 'x'], 2, '90m, 24h, 30d'],
    [['keys', 'list'], 2, 'Which keys file?'],
    [['keys', 'list', '--file', '/no/such/file'], 1, 'cannot be read: ENOENT'],
  ])('%j ends with %d', async (words, code, message) => {
    const result = await silta(words);
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(message)]);
  });
});
