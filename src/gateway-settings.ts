/** Settings as the parts of the gateway take them. */
import { hkdfSync } from 'node:crypto';
import { type Config, ConfigError } from './config.ts';
import { BODY_DEPTH, type ExportLimits, type RestLimits, type SubscriptionRules } from './rest/index.ts';
import { createSeal, type Seal } from './sealed-text.ts';

const HOUR_MS = 3_600_000;

/** The path of a file that must be given. @throws ConfigError */
export function requireFile(
  config: Config,
  name: 'SILTA_ISSUER_FILE' | 'SILTA_KEYS_FILE' | 'SILTA_CLIENTS_FILE',
): string {
  const file = config[name];
  if (file) return file;
  throw new ConfigError([`${name}: is required; \`silta start\` makes it for a sandbox`]);
}

/** Limits of the FHIR API. */
export function limitsOf(config: Config): RestLimits {
  return {
    bodyBytes: config.SILTA_BODY_LIMIT_BYTES,
    bodyDepth: BODY_DEPTH,
    bundleEntries: 1_000,
    defaultCount: 50,
    maxCount: 1_000,
    maxIncluded: config.SILTA_MAX_INCLUDED,
  };
}

/** One secret in the configuration, a key of its own for every purpose. */
export function deriveKey(config: Config, purpose: string): Uint8Array {
  if (!config.SILTA_SEAL_KEY) throw new ConfigError(['SILTA_SEAL_KEY: is required']);
  return new Uint8Array(hkdfSync('sha256', config.SILTA_SEAL_KEY, 'silta', purpose, 32));
}

/** Limits of bulk exports. */
export function exportLimitsOf(config: Config): ExportLimits {
  return {
    perClient: config.SILTA_EXPORTS_PER_CLIENT,
    lifetimeMs: config.SILTA_EXPORT_HOURS * HOUR_MS,
    rowsPerFile: config.SILTA_EXPORT_FILE_ROWS,
  };
}

/** Whether subscriptions may lead to this machine and its networks: a sandbox has nothing but such. */
export function allowsPrivateEndpoints(config: Config): boolean {
  return config.SILTA_ALLOW_PRIVATE_ENDPOINTS || config.SILTA_MODE === 'sandbox';
}

/** Encrypts the headers of subscriptions. */
export const headerSealOf = (config: Config): Seal => createSeal(deriveKey(config, 'subscription headers'));

/** What the FHIR API asks of a Subscription. */
export function subscriptionRulesOf(config: Config, count: SubscriptionRules['count']): SubscriptionRules {
  return {
    perClient: config.SILTA_SUBSCRIPTIONS_PER_CLIENT,
    allowPrivate: allowsPrivateEndpoints(config),
    count,
    seal: headerSealOf(config),
  };
}
