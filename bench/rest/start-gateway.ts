/** A gateway as an operator starts it: the built program, with a registered client and a token it has given out. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { exportJWK, generateKeyPair } from 'jose';
import { freePort } from '../../src/cli/free-port.ts';
import { keepFresh } from '../../src/cli/keep-fresh.ts';
import { prepareSandbox } from '../../src/cli/sandbox-setup.ts';
import { requestBackendToken } from '../../src/sandbox/index.ts';

export interface BenchGateway {
  readonly port: number;
  /** Access token of the benchmark's client. */
  readonly token: string;
  /** An access token that is valid for another minute at least, for runs longer than a token lives. */
  freshToken(): Promise<string>;
  /** From the start of the process to its first ready answer, the database being up and migrated. */
  readonly readyMs: number;
  /** What the process has used so far. */
  usage(): Promise<Usage>;
  close(): Promise<void>;
}

export interface Usage {
  /** Resident memory, in bytes. */
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
}

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');
const CLIENT = 'bench-record';
const SCOPE = ['Patient', 'Questionnaire', 'QuestionnaireResponse', 'CarePlan', 'Task']
  .map((type) => `system/${type}.cruds`)
  .join(' ');
const START_TIMEOUT_MS = 60_000;

export interface GatewayOptions {
  /** Kept by the caller, removed by the caller. */
  readonly directory: string;
  readonly databaseUrl: string;
  readonly poolSize: number;
  /** Further arguments of node, such as `--cpu-prof`. */
  readonly nodeArguments: readonly string[];
}

/** Starts it with no connected systems: what is measured is the API. */
export async function startGateway(options: GatewayOptions): Promise<BenchGateway> {
  const port = await freePort();
  const gatewayUrl = `http://localhost:${port}`;
  const setup = await prepareSandbox({
    directory: options.directory,
    gatewayUrl,
    sandboxUrl: 'http://localhost:9',
  });
  const { privateKey, clientsFile } = await registerClient(options.directory);
  const mappings = join(options.directory, 'mappings');
  await mkdir(mappings, { recursive: true });
  const started = performance.now();
  const child = spawn(process.execPath, [...options.nodeArguments, MAIN, 'serve'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      ...setup.environment,
      SILTA_CLIENTS_FILE: clientsFile,
      SILTA_MAPPINGS_DIR: mappings,
      DATABASE_URL: options.databaseUrl,
      DATABASE_POOL_SIZE: String(options.poolSize),
      PORT: String(port),
      SILTA_LOG_LEVEL: 'warn',
      SILTA_RATE_PER_MINUTE: '1000000000',
    },
  });
  try {
    await untilReady(gatewayUrl, child);
    const readyMs = performance.now() - started;
    const freshToken = keepFresh(async () => {
      const answer = await requestBackendToken({
        clientId: CLIENT,
        key: privateKey,
        kid: CLIENT,
        fhirBase: `${gatewayUrl}/fhir`,
        scope: SCOPE,
      });
      return answer.accessToken;
    });
    return {
      port,
      token: await freshToken(),
      freshToken,
      readyMs,
      usage: () => readUsage(gatewayUrl),
      close: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** Writes a clients file that registers the benchmark's client with a new key. */
async function registerClient(directory: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: CLIENT, alg: 'ES384', use: 'sig' };
  const client = {
    clientId: CLIENT,
    name: 'Benchmark',
    kind: 'system',
    jwks: { keys: [jwk] },
    scopes: SCOPE.split(' '),
    sectors: ['health'],
    organization: 'Benchmark',
  };
  const clientsFile = join(directory, 'bench-clients.json');
  await writeFile(clientsFile, JSON.stringify({ clients: [client] }));
  return { privateKey, clientsFile };
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`The gateway ended with code ${child.exitCode}.`);
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    await wait(10);
  }
  throw new Error('The gateway did not become ready.');
}

/** What the gateway's own metrics say. */
async function readUsage(url: string): Promise<Usage> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const metric = (name: string): number => {
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`The metrics do not tell ${name}.`);
    return Number(value);
  };
  return {
    memoryBytes: metric('process_resident_memory_bytes'),
    cpuSeconds: metric('process_cpu_seconds_total'),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
