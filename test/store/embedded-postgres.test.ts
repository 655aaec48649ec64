import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase, startEmbeddedPostgres } from '../../src/store/index.ts';

async function ask(url: string, sql: string): Promise<unknown[]> {
  const database = openDatabase(url, { poolSize: 1 });
  try {
    return await database.query(sql);
  } finally {
    await database.close();
  }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the embedded Postgres', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'silta-embedded-'));
    await chmod(directory, 0o711);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('keeps its data from one start to the next and leaves no process behind', async () => {
    const first = await startEmbeddedPostgres({ directory, disposable: true });
    await first.createDatabase('kept');
    await first.createDatabase('kept');
    await ask(first.urlOf('kept'), 'CREATE TABLE kept AS SELECT 4711 AS number');
    const pid = Number((await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    await first.stop();
    expect(isAlive(pid)).toBe(false);

    const second = await startEmbeddedPostgres({ directory, disposable: true });
    try {
      expect(await ask(second.urlOf('kept'), 'SELECT number FROM kept')).toEqual([{ number: 4711 }]);
    } finally {
      await second.stop();
    }
  });

  it('is taken over when the process that started it was killed', async () => {
    const orphan = await startEmbeddedPostgres({ directory, disposable: true });
    await ask(orphan.urlOf('postgres'), 'CREATE TABLE orphan ()');
    const said: string[] = [];
    const taken = await startEmbeddedPostgres({
      directory,
      disposable: true,
      onProgress: (line) => said.push(line),
    });
    expect(said.join()).toMatch(/Took over/);
    expect(await ask(taken.urlOf('postgres'), `SELECT to_regclass('orphan') IS NOT NULL AS found`)).toEqual([
      { found: true },
    ]);
    await taken.stop();
    await expect(ask(orphan.urlOf('postgres'), 'SELECT 1')).rejects.toThrow();
  });

  it('refuses other passwords and listens on the loopback only', async () => {
    const server = await startEmbeddedPostgres({ directory, disposable: true });
    try {
      const wrong = new URL(server.urlOf('postgres'));
      wrong.password = 'guessed';
      await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow(/authentication/);
      expect(await ask(server.urlOf('postgres'), 'SHOW listen_addresses')).toEqual([
        { listen_addresses: '127.0.0.1' },
      ]);
      expect((await stat(join(directory, 'password'))).mode & 0o077).toBe(0);
    } finally {
      await server.stop();
    }
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('runs for root in a folder that only root can enter', async () => {
    const hidden = join(directory, 'private', 'project');
    await mkdir(hidden, { recursive: true });
    await chmod(join(directory, 'private'), 0o700);
    const said: string[] = [];
    const server = await startEmbeddedPostgres({
      directory: hidden,
      disposable: true,
      onProgress: (line) => said.push(line),
    });
    const moved = /kept in (\S+)\.$/m.exec(said.join('\n'))?.[1] as string;
    try {
      expect(await ask(server.urlOf('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await server.stop();
      await rm(moved, { recursive: true });
    }
  });
});
