/** A gateway for a test suite: on a database of its own, with one client that may do everything, gone when it is closed. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { readConfig } from '../config.ts';
import { requestBackendToken } from '../sandbox/index.ts';
import { openDatabase, startEmbeddedPostgres } from '../store/index.ts';
import { freePort } from './free-port.ts';
import { keepFresh } from './keep-fresh.ts';
import { prepareSandbox } from './sandbox-setup.ts';
import { createLogger, runGateway } from './serve.ts';

export interface ThrowawayGateway {
  readonly fhirBase: string;
  /** An access token of the client, valid for another minute at least. */
  token(): Promise<string>;
  close(): Promise<void>;
}

const CLIENT = 'conformance';
const SCOPE = 'system/*.cruds';
/**
 * @param databaseUrl of a server, on which a database is made and dropped again; without it Postgres is embedded
 * @param settings what differs from the sandbox's configuration
 */
export async function startThrowawayGateway(
  databaseUrl: string | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<ThrowawayGateway> {
  const directory = await mkdtemp(join(tmpdir(), 'silta-throwaway-'));
  const running: { close(): Promise<unknown> }[] = [
    { close: () => rm(directory, { recursive: true, force: true }) },
  ];
  const close = async () => {
    for (const part of running.toReversed()) await part.close();
  };
  try {
    const database = await makeDatabase(databaseUrl, join(directory, 'postgres'));
    running.push(database);
    const port = await freePort();
    const gatewayUrl = `http://127.0.0.1:${port}`;
    const setup = await prepareSandbox({ directory, gatewayUrl, sandboxUrl: 'http://127.0.0.1:9' });
    const { clientsFile, privateKey } = await registerClient(directory);
    const mappings = join(directory, 'mappings');
    await mkdir(mappings);
    const environment = {
      SILTA_LOG_LEVEL: 'error',
      SILTA_RATE_PER_MINUTE: '1000000000',
      ...setup.environment,
      ...settings,
      SILTA_CLIENTS_FILE: clientsFile,
      SILTA_MAPPINGS_DIR: mappings,
      PORT: String(port),
    };
    const config = readConfig(environment);
    running.push(await runGateway(config, database.url, environment, createLogger(config)));
    const fhirBase = `${gatewayUrl}/fhir`;
    const request = { clientId: CLIENT, key: privateKey, kid: CLIENT, fhirBase, scope: SCOPE };
    const token = keepFresh(async () => (await requestBackendToken(request)).accessToken);
    return { fhirBase, token, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function registerClient(directory: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: CLIENT, alg: 'ES384', use: 'sig' };
  const client = {
    clientId: CLIENT,
    name: 'Conformance',
    kind: 'system',
    jwks: { keys: [jwk] },
    scopes: [SCOPE],
    sectors: ['health', 'social'],
  };
  const clientsFile = join(directory, 'conformance-clients.json');
  await writeFile(clientsFile, JSON.stringify({ clients: [client] }));
  return { privateKey, clientsFile };
}

interface OwnDatabase {
  readonly url: string;
  close(): Promise<void>;
}

async function makeDatabase(server: string | undefined, directory: string): Promise<OwnDatabase> {
  const name = `silta_conformance_${randomBytes(6).toString('hex')}`;
  if (server === undefined) {
    const postgres = await startEmbeddedPostgres({ directory, disposable: true });
    await postgres.createDatabase(name);
    return { url: postgres.urlOf(name), close: () => postgres.stop() };
  }
  const admin = openDatabase(server, { poolSize: 1 });
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async close() {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.close();
    },
  };
}
