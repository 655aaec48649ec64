import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, describeConfig, readConfig } from '../src/config.ts';

const production = {
  DATABASE_URL: 'postgres://silta:hunter2@db/silta',
  SILTA_BASE_URL: 'https://silta.county.example/',
  SILTA_KEYS_FILE: '/run/secrets/keys.json',
  SILTA_CLIENTS_FILE: '/etc/silta/clients.yaml',
  SILTA_ISSUER_FILE: '/etc/silta/issuer.yaml',
  SILTA_SEAL_KEY: Buffer.alloc(32, 7).toString('base64'),
};

describe('configuration', () => {
  it('needs nothing in the sandbox', () => {
    const config = readConfig({ SILTA_MODE: 'sandbox', PORT: '8123' });
    expect(config.SILTA_BASE_URL).toBe('http://localhost:8123');
    expect(config.DATABASE_URL).toBeUndefined();
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes the trailing slash off the base URL', () => {
    expect(readConfig(production).SILTA_BASE_URL).toBe('https://silta.county.example');
  });

  it('names everything that production lacks, at once', () => {
    expect(() => readConfig({})).toThrow(
      /DATABASE_URL: is required in production[\s\S]*SILTA_KEYS_FILE: is required in production/,
    );
  });

  it('refuses plain http in production', () => {
    expect(() => readConfig({ ...production, SILTA_BASE_URL: 'http://silta.county.example' })).toThrow(
      /SILTA_BASE_URL: must be https/,
    );
  });

  it.each([
    ['PORT', '80801'],
    ['SILTA_MODE', 'prod'],
    ['DATABASE_URL', 'mysql://silta:hunter2@db/silta'],
    ['REDIS_URL', 'http://cache'],
    ['SILTA_SEAL_KEY', 'c2hvcnQ='],
    ['SILTA_BODY_LIMIT_BYTES', '-1'],
    ['SILTA_LOG_LEVEL', 'loud'],
  ])('refuses a wrong %s by its name and does not repeat a secret', (name, value) => {
    const read = () => readConfig({ ...production, [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`\\n {2}${name}: `));
    expect(read).not.toThrow(/hunter2/);
  });

  it('treats an empty variable as not set', () => {
    expect(readConfig({ SILTA_MODE: 'sandbox', PORT: '' }).PORT).toBe(8080);
  });

  it('is documented by the table that the code prints', () => {
    const page = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
    expect(page).toContain(describeConfig());
  });
});
