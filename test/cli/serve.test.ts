import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { prepareSandbox, type SandboxSetup } from '../../src/cli/sandbox-setup.ts';
import { generateKeys } from '../../src/identity/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { type Environment, freePort, type Running, silta, startSilta } from './run-silta.ts';

const SLOW = 120_000;

describe('silta serve and silta start', () => {
  let directory: string;
  let test: TestDatabase;
  let setup: SandboxSetup;
  let production: Environment;
  const left: Running[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'silta-cli-'));
    test = await createTestDatabase();
    setup = await prepareSandbox({
      directory,
      gatewayUrl: 'http://localhost:0',
      sandboxUrl: 'http://localhost:0',
    });
    const file = async (name: string, text: string) => {
      await writeFile(join(directory, name), text, { mode: 0o600 });
      return join(directory, name);
    };
    production = {
      DATABASE_URL: test.url,
      PORT: '0',
      SILTA_BASE_URL: 'https://silta.county.example',
      SILTA_KEYS_FILE: await file('production-keys.json', await generateKeys()),
      SILTA_CLIENTS_FILE: await file('production-clients.yaml', 'clients: []\n'),
      SILTA_ISSUER_FILE: await file(
        'production-issuer.yaml',
        'name: suomifi\nissuer: https://tunnistus.example\nclientId: silta-county\n',
      ),
      SILTA_SEAL_KEY: Buffer.alloc(32, 93).toString('base64'),
      SAP_C4C_URL: 'https://c4c.example',
      SAP_C4C_USER: 'krypta-user',
      SAP_C4C_PASSWORD: 'krypta-60',
      SAP_C4C_INBOUND_SECRET: 'krypta-61',
      LIFECARE_URL: 'https://lifecare.example',
      LIFECARE_SECRET: 'krypta-62',
    };
  });
  afterEach(async () => {
    for (const running of left.splice(0)) {
      running.child.kill('SIGKILL');
      await running.ended;
    }
  });
  afterAll(async () => {
    await test.drop();
    await rm(directory, { recursive: true, force: true });
  });

  function startTracked(args: readonly string[], environment: Environment): Running {
    const running = startSilta(args, environment);
    left.push(running);
    return running;
  }

  async function busyPort(): Promise<Server> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  it('refuse to run in production with wrong settings, naming each, with exit code 2', async () => {
    const { code, stdout, stderr } = await silta(['serve'], {
      ...production,
      SILTA_BASE_URL: 'http://silta.county.example',
      SILTA_SEAL_KEY: 'krypta-63',
      SILTA_KEYS_FILE: '',
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const name of ['SILTA_BASE_URL', 'SILTA_SEAL_KEY', 'SILTA_KEYS_FILE']) {
      expect(stderr).toMatch(new RegExp(`^ {2}${name}: `, 'm'));
    }
    expect(stderr).not.toContain('krypta');
  });

  it.each([
    {
      what: 'an issuer over http',
      issuer: 'name: suomifi\nissuer: http://localhost:9080/suomifi\nclientId: silta\n',
      says: 'issuer: must be https in production',
    },
    {
      what: 'a test level of assurance',
      issuer:
        'name: suomifi\nissuer: https://tunnistus.example\nclientId: silta\nacceptedAcr: [http://ftn.ficora.fi/2017/loatest2]\n',
      says: 'loatest2 is a test level and is refused in production',
    },
  ])(
    'refuse the sandbox in production: $what',
    async ({ issuer, says }) => {
      const file = join(directory, 'sandbox-issuer.yaml');
      await writeFile(file, issuer);
      const { code, stderr } = await silta(['serve'], { ...production, SILTA_ISSUER_FILE: file });
      expect(code).toBe(2);
      expect(stderr).toContain('SILTA_ISSUER_FILE: ');
      expect(stderr).toContain(says);
    },
    SLOW,
  );

  it(
    'refuse keys that are not there in production, and make none',
    async () => {
      const file = join(directory, 'nowhere.json');
      const { code, stderr } = await silta(['serve'], { ...production, SILTA_KEYS_FILE: file });
      expect(code).toBe(2);
      expect(stderr).toContain('SILTA_KEYS_FILE: The keys file does not exist.');
      await expect(readFile(file)).rejects.toThrow('ENOENT');
    },
    SLOW,
  );

  it(
    'refuse a secret of a connected system that is in its file for everybody to read',
    async () => {
      const { LIFECARE_SECRET: _, ...rest } = production;
      const { code, stderr } = await silta(['serve'], rest);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /lifecare\/system\.yaml:\d+:\d+: the environment variable LIFECARE_SECRET is not set/,
      );
      expect(stderr).not.toContain('sandbox-lifecare-secret');
    },
    SLOW,
  );

  it(
    'say that the port is in use, and end',
    async () => {
      const server = await busyPort();
      const { port } = server.address() as AddressInfo;
      const { code, stderr } = await silta(['serve'], { ...production, PORT: String(port) });
      server.close();
      expect(code).toBe(2);
      expect(stderr).toContain(
        `silta: Port ${port} is in use: stop what runs there, or choose another by PORT.`,
      );
    },
    SLOW,
  );

  it(
    'finish the request in flight after SIGTERM, and end with 0',
    async () => {
      const port = await freePort();
      const running = startTracked(['serve'], {
        ...setup.environment,
        DATABASE_URL: test.url,
        PORT: String(port),
      });
      await running.printed('gateway ready');
      const message = JSON.stringify({
        messageId: 'drain-8817',
        externalReference: 'no-such-ticket-5e1',
        lifeCycleStatusCode: '2',
        changedAt: '2026-03-01T08:15:00+02:00',
      });
      const socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      socket.write(
        `POST /inbound/sap-c4c/ticket-status HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
          `Authorization: Bearer ${setup.secrets.c4cInbound}\r\nContent-Length: ${message.length}\r\n\r\n` +
          message.slice(0, 20),
      );
      // The gateway has the request when it answers another one that came later.
      await fetch(`http://127.0.0.1:${port}/healthz`);
      running.child.kill('SIGTERM');
      await running.printed('"stopping"');
      await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
      socket.write(message.slice(20));
      await once(socket, 'close');
      const { code } = await running.ended;
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).toContain('OperationOutcome');
      expect(code).toBe(0);
    },
    SLOW,
  );

  it(
    'refuse a data directory in which another one runs, and take over what a killed one left',
    async () => {
      const data = await mkdtemp(join(tmpdir(), 'silta-data-'));
      await chmod(data, 0o711);
      const [one, two] = [await freePort(), await freePort()];
      const settings = { SILTA_DATA_DIR: data, DATABASE_URL: test.url, SILTA_SANDBOX_PORT: String(two) };
      const first = startTracked(['start'], { ...settings, PORT: String(one) });
      await first.printed('Starting the gateway');
      const second = await silta(['start'], { ...settings, PORT: '0' });
      expect(second).toMatchObject({ code: 2 });
      expect(second.stderr).toContain(
        `Silta already runs on ${data} (process ${first.child.pid}). Stop it first.`,
      );
      first.child.kill('SIGKILL');
      await first.ended;
      const third = startTracked(['start'], { ...settings, PORT: String(one) });
      await third.printed('Starting the gateway');
      // Still starting: it comes to an orderly end all the same.
      third.child.kill('SIGTERM');
      const { code, stdout } = await third.ended;
      expect(code).toBe(0);
      expect(stdout).toContain('Stopped.');
      await expect(readFile(join(data, 'silta.pid'))).rejects.toThrow('ENOENT');
      await rm(data, { recursive: true, force: true });
    },
    SLOW,
  );
});
