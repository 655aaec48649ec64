import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VARIABLES } from '../../src/config.ts';
import { readKeys } from '../../src/identity/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { silta } from './run-silta.ts';

const COMMANDS: readonly (readonly [string, RegExp])[] = [
  ['', /Commands:[\s\S]*start[\s\S]*serve[\s\S]*map[\s\S]*deliveries/],
  ['start', /embedded\s+Postgres/],
  ['serve', /the gateway alone/],
  ['demo', /--fresh/],
  ['migrate', /DATABASE_URL/],
  ['reindex', /--type[\s\S]*--param[\s\S]*--after/],
  ['config', /--check/],
  ['keys', /SILTA_KEYS_FILE/],
  ['token', /--person <id>/],
  ['map', /check[\s\S]*run[\s\S]*test/],
  ['map check', /file:line:col/],
  ['map run', /--input[\s\S]*--trace/],
  ['map test', /cases/],
  ['deliveries', /list[\s\S]*show[\s\S]*retry[\s\S]*stats/],
  ['deliveries list', /--state[\s\S]*--system/],
  ['deliveries show', /<id>/],
  ['deliveries retry', /<id>/],
  ['deliveries stats', /JSON/],
];

describe('silta --help', () => {
  it('explains every command, and nothing is wrong about asking', async () => {
    const answers = await Promise.all(
      COMMANDS.map(([command]) => silta([...command.split(' ').filter(Boolean), '--help'])),
    );
    for (const [index, [command, about]] of COMMANDS.entries()) {
      expect({ command, ...answers[index] }).toMatchObject({ command, code: 0, stderr: '' });
      expect(answers[index]?.stdout).toContain(`Usage: silta ${command}`.trim());
      expect(answers[index]?.stdout).toMatch(about);
    }
  }, 120_000);

  it.each([
    { args: ['sreve'], says: "unknown command 'sreve'" },
    { args: ['map', 'chekc'], says: "unknown command 'chekc'" },
    { args: ['migrate', '--database=x'], says: "unknown option '--database=x'" },
    { args: ['map', 'run'], says: "missing required argument 'map'" },
    { args: [], says: 'Commands:' },
  ])('is shown on standard error, with exit code 2, for silta $args', async ({ args, says }) => {
    const { code, stdout, stderr } = await silta(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).toContain('Usage: silta');
  });
});

describe('silta config', () => {
  it('prints a row for every variable', async () => {
    const { code, stdout } = await silta(['config']);
    expect(code).toBe(0);
    for (const name of Object.keys(VARIABLES)) expect(stdout).toContain(`| \`${name}\` |`);
  });

  it('shows the settings it has judged as good, and never a secret', async () => {
    const sealKey = Buffer.alloc(32, 201).toString('base64');
    const { code, stdout, stderr } = await silta(['config', '--check'], {
      SILTA_MODE: 'sandbox',
      PORT: '8917',
      DATABASE_URL: 'postgres://silta:krypta-51@db.example/silta',
      SILTA_SEAL_KEY: sealKey,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('PORT=8917\n');
    expect(stdout).toContain('SILTA_BASE_URL=http://localhost:8917\n');
    expect(stdout).toContain('DATABASE_URL=(secret)\n');
    expect(stdout).toContain('REDIS_URL=(not set)\n');
    expect(stdout).not.toContain('krypta-51');
    expect(stdout).not.toContain(sealKey);
  });

  it('names every wrong variable at once, with exit code 2 and without the value of a secret', async () => {
    const { code, stdout, stderr } = await silta(['config', '--check'], {
      PORT: '99999',
      SILTA_BASE_URL: 'http://silta.county.example',
      DATABASE_URL: 'mysql://silta:krypta-52@db/silta',
      REDIS_URL: 'http://:krypta-53@cache',
      SILTA_SEAL_KEY: 'krypta-54',
      SILTA_METRICS_TOKEN: 'krypta-55',
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const wrong = ['PORT', 'SILTA_BASE_URL', 'DATABASE_URL', 'REDIS_URL', 'SILTA_SEAL_KEY'];
    const missing = ['SILTA_KEYS_FILE', 'SILTA_CLIENTS_FILE', 'SILTA_ISSUER_FILE'];
    for (const name of [...wrong, ...missing, 'SILTA_METRICS_TOKEN']) {
      expect(stderr).toMatch(new RegExp(`^ {2}${name}: `, 'm'));
    }
    expect(stderr).not.toContain('krypta');
  });
});

describe('silta keys', () => {
  it('prints a keys file of fresh keys that the gateway reads', async () => {
    const { code, stdout, stderr } = await silta(['keys']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const keys = await readKeys(stdout);
    expect(keys.asSigning[0]?.alg).toBe('ES256');
    const kids = [keys.rpSigning, keys.rpEncryption, keys.asSigning].map(([key]) => key?.kid);
    expect(new Set(kids).size).toBe(3);
  });
});

describe('silta migrate', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());

  it('needs to be told which database', async () => {
    const { code, stdout, stderr } = await silta(['migrate']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('DATABASE_URL is not set');
  });

  it('names the migrations it applies, and has nothing to do the second time', async () => {
    await test.database.query('DROP SCHEMA public CASCADE');
    await test.database.query('CREATE SCHEMA public');
    const first = await silta(['migrate'], { DATABASE_URL: test.url });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout.trim().split('\n')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^applied \d+.*/)]),
    );
    const second = await silta(['migrate'], { DATABASE_URL: test.url });
    expect(second).toEqual({ code: 0, stdout: 'nothing to do\n', stderr: '' });
  });

  it('says that a database cannot be reached, without its password', async () => {
    const { code, stderr } = await silta(['migrate'], {
      DATABASE_URL: 'postgres://silta:krypta-56@127.0.0.1:1/silta',
    });
    expect(code).toBe(1);
    expect(stderr).toBe('silta: The database cannot be reached.\n');
    expect(stderr).not.toContain('krypta-56');
  });
});

describe('silta token and silta deliveries', () => {
  it('say how to start what they need', async () => {
    const nowhere = { SILTA_SANDBOX_PORT: '1' };
    const [token, list, user] = await Promise.all([
      silta(['token', 'record'], nowhere),
      silta(['deliveries', 'list'], nowhere),
      silta(['token', 'nobody'], nowhere),
    ]);
    for (const ended of [token, list]) {
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended?.stderr).toContain(
        'No sandbox answers at http://localhost:1. Start one with `npm start`.',
      );
    }
    expect(user).toMatchObject({ code: 2, stdout: '' });
    expect(user?.stderr).toContain("'nobody' is no sandbox user: citizen, portal, record, operator.");
  });
});
