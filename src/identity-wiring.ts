/** The part of the composition that reads the files of identity: issuer profile, keys, clients, mandates. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.ts';
import { requireFile } from './gateway-settings.ts';
import {
  type ClientRegistration,
  createIdentity,
  type Identity,
  type IdentityConfig,
  type IssuerProfile,
  loadIssuerProfile,
  loadKeys,
  readClients,
  readMandateSettings,
} from './identity/index.ts';
import type { Database, Store } from './store/index.ts';

/** What identity is made of, beside its files. */
export interface IdentityWiring {
  readonly config: Config;
  readonly database: Database;
  readonly logger: Parameters<typeof createIdentity>[0]['logger'];
  readonly clock: () => Date;
}

/**
 * Reads the issuer profile.
 * @throws ConfigError, or SiltaError (key `issuer-profile`)
 */
export function readProfile(config: Config, profilesDirectory: string): Promise<IssuerProfile> {
  return loadIssuerProfile({
    file: requireFile(config, 'SILTA_ISSUER_FILE'),
    presets: join(profilesDirectory, 'issuers'),
    mode: config.SILTA_MODE,
  });
}

/**
 * Reads the registered clients.
 * @throws ConfigError, or SiltaError (key `clients`)
 */
export async function readClientsFile(config: Config): Promise<readonly ClientRegistration[]> {
  return readClients(await readFile(requireFile(config, 'SILTA_CLIENTS_FILE'), 'utf8'));
}

/**
 * Creates the room.
 * @throws ConfigError, or SiltaError with the key of the file that is wrong
 */
export async function wireIdentity(
  { config, database, logger, clock }: IdentityWiring,
  base: {
    readonly store: Store;
    readonly profile: IssuerProfile;
    readonly clients: readonly ClientRegistration[];
  },
): Promise<Identity> {
  const { SILTA_MODE: mode } = config;
  return createIdentity({
    config: {
      baseUrl: config.SILTA_BASE_URL,
      mode,
      profile: base.profile,
      offline: { grantDays: config.SILTA_OFFLINE_DAYS, idleDays: config.SILTA_OFFLINE_IDLE_DAYS },
      ...(await readMandates(config)),
      allowPrivateJwksUris: config.SILTA_ALLOW_PRIVATE_JWKS || mode === 'sandbox',
    },
    store: base.store,
    database,
    keys: await loadKeys({ file: requireFile(config, 'SILTA_KEYS_FILE'), generate: mode === 'sandbox' }),
    clients: base.clients,
    clock,
    logger,
  });
}

/** Acting for others, when the deployment has a mandate service. */
async function readMandates(config: Config): Promise<Pick<IdentityConfig, 'mandates'>> {
  const { SILTA_MANDATES_FILE: file, SILTA_MODE: mode } = config;
  if (!file) return {};
  const secret = (name: 'API_KEY' | 'OAUTH_PASSWORD' | 'REST_KEY'): string => {
    const value = config[`SILTA_VALTUUDET_${name}`];
    if (value) return value;
    throw new ConfigError([`SILTA_VALTUUDET_${name}: is required with SILTA_MANDATES_FILE`]);
  };
  const secrets = {
    apiKey: secret('API_KEY'),
    oauthPassword: secret('OAUTH_PASSWORD'),
    restApiKey: secret('REST_KEY'),
  };
  return { mandates: { ...readMandateSettings(await readFile(file, 'utf8'), mode), secrets } };
}
