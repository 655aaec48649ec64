/** A whole county for a test: gateway as a process of its own, sandbox beside it, a database of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { findSandbox, type SandboxUsers } from '../../src/cli/sandbox-client.ts';
import { startSandbox } from '../../src/cli/sandbox-server.ts';
import { prepareSandbox } from '../../src/cli/sandbox-setup.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

export interface World {
  readonly gatewayUrl: string;
  readonly sandboxUrl: string;
  readonly users: SandboxUsers;
  readonly test: TestDatabase;
  /** Everything the gateway processes have logged so far. */
  log(): string;
  /** Starts a gateway process and resolves when it is ready. */
  startGateway(): Promise<GatewayProcess>;
  close(): Promise<void>;
}

export interface GatewayProcess {
  /** Sends a signal and resolves with the exit code (null after SIGKILL). */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
}

const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/** @param environment settings beside those of the sandbox */
export async function createWorld(environment: Readonly<Record<string, string>> = {}): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'silta-world-'));
  const test = await createTestDatabase();
  const [gatewayPort, sandboxPort] = [await freePort(), await freePort()];
  const gatewayUrl = `http://localhost:${gatewayPort}`;
  const sandboxUrl = `http://localhost:${sandboxPort}`;
  const setup = await prepareSandbox({ directory, gatewayUrl, sandboxUrl });
  const logger = pino({ level: 'silent' });
  const sandbox = await startSandbox({
    setup,
    gatewayUrl,
    sandboxUrl,
    logger,
    host: '127.0.0.1',
    port: sandboxPort,
  });
  const users = await findSandbox(sandboxUrl);
  const running = new Set<ChildProcess>();
  let log = '';
  const settings = {
    PATH: process.env['PATH'],
    ...setup.environment,
    DATABASE_URL: test.url,
    HOST: '127.0.0.1',
    PORT: String(gatewayPort),
    SILTA_LOG_LEVEL: 'trace',
    SILTA_QUEUE_PREFIX: `test-${gatewayPort}`,
    ...(process.env['REDIS_URL'] && { REDIS_URL: process.env['REDIS_URL'] }),
    ...environment,
  };
  return {
    gatewayUrl,
    sandboxUrl,
    users,
    test,
    log: () => log,
    async startGateway() {
      const child = spawn(process.execPath, [MAIN, 'serve'], {
        env: settings as NodeJS.ProcessEnv,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.add(child);
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          log += chunk.toString();
        });
      }
      await untilReady(gatewayUrl, child, () => log);
      return { end: (signal) => end(child, signal) };
    },
    async close() {
      for (const child of running) if (child.exitCode === null) await end(child, 'SIGKILL');
      await sandbox.close();
      await test.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.kill(signal);
  });
}

async function untilReady(url: string, child: ChildProcess, log: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The gateway ended at start:\n${log()}`);
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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

/** Asks until `look` gives something. */
export async function eventually<T>(look: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Nothing after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Sets how a stand-in behaves. */
export async function control(world: World, system: string, setting: object): Promise<void> {
  const response = await fetch(`${world.sandboxUrl}/systems/${system}/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(setting),
  });
  if (!response.ok) throw new Error(`control answers ${response.status}`);
}

export interface Received {
  readonly tickets: readonly { readonly fields: Readonly<Record<string, unknown>> }[];
  readonly documents: readonly { readonly document: { readonly source: { readonly id: string } } }[];
  readonly requests: readonly { readonly method: string; readonly mode: string }[];
}

/** What a stand-in has received. */
export async function received(world: World, system: string): Promise<Received> {
  const response = await fetch(`${world.sandboxUrl}/systems/${system}/control/received`);
  return (await response.json()) as Received;
}
