/**
 * The environment, read once into a typed and frozen configuration. Only the composition root and the CLI know it.
 * `VARIABLES` is the one table: it parses, refuses wrong values by name, and `docs/configuration.md` is made from it.
 */
import { join } from 'node:path';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const positive = z.coerce.number().int().positive();
const webUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));
const secret32 = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length === 32, 'must be 32 bytes in base64');

interface Variable<T extends z.ZodType = z.ZodType> {
  readonly schema: T;
  /** What the gateway uses when the variable is not set; shown in the table. */
  readonly fallback?: string;
  readonly about: string;
  readonly secret?: boolean;
}

const variable = <T extends z.ZodType>(schema: T, about: string, fallback?: string): Variable<T> => ({
  schema,
  about,
  ...(fallback !== undefined && { fallback }),
});
const secret = <T extends z.ZodType>(schema: T, about: string): Variable<T> => ({
  schema,
  about,
  secret: true,
});

/** Every variable the gateway reads. Connected systems add their own, named in `mappings/<system>/system.yaml`. */
export const VARIABLES = {
  SILTA_MODE: variable(
    z.enum(['production', 'sandbox']),
    '`production` refuses sandbox issuers, generated keys and the embedded database; `sandbox` allows them.',
    'production',
  ),
  HOST: variable(z.string().min(1), 'Address to listen on.', '127.0.0.1'),
  PORT: variable(port, 'Port of the gateway.', '8080'),
  SILTA_SANDBOX_PORT: variable(port, 'Port of the stand-ins (sandbox only).', '9080'),
  SILTA_BASE_URL: variable(
    webUrl.optional(),
    'Public address of the gateway, as users and systems see it. Default: `http://localhost:{PORT}`.',
  ),
  DATABASE_URL: secret(
    z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    'Postgres to use. Not set: an embedded Postgres in the data directory (sandbox only).',
  ),
  DATABASE_POOL_SIZE: variable(positive.max(100), 'Connections a gateway holds at most.', '8'),
  REDIS_URL: secret(
    z.url({ protocol: /^rediss?$/ }).optional(),
    'Redis for the delivery queue (Bull). Not set: the queue runs in the process.',
  ),
  SILTA_QUEUE_PREFIX: variable(
    z.string().regex(/^[a-z0-9:_-]+$/),
    'Prefix of the keys in Redis: one for all gateways on one database, another for another database.',
    'silta',
  ),
  SILTA_DATA_DIR: variable(z.string().min(1), 'Where the sandbox keeps its database and keys.', '.silta'),
  SILTA_PROFILES_DIR: variable(
    z.string().optional(),
    'Profiles, questionnaires and pathways. Default: `profiles` of the installation.',
  ),
  SILTA_MAPPINGS_DIR: variable(
    z.string().optional(),
    'Connected systems, a folder each. Default: `mappings` of the installation.',
  ),
  SILTA_KEYS_FILE: variable(
    z.string().optional(),
    'Private keys (JWKS) of the gateway. Required in production; the sandbox makes its own.',
  ),
  SILTA_CLIENTS_FILE: variable(
    z.string().optional(),
    'Registered portals, systems and operators (YAML or JSON). Required in production.',
  ),
  SILTA_ALLOW_PRIVATE_JWKS: variable(
    z.stringbool(),
    "Whether clients' keys may be fetched from loopback and private addresses.",
    'false',
  ),
  SILTA_ISSUER_FILE: variable(
    z.string().optional(),
    'Issuer profile of strong identification (YAML or JSON). Required in production.',
  ),
  SILTA_OFFLINE_DAYS: variable(
    positive.max(365),
    'Days from the consent during which a portal with `offline_access` may act without its citizen.',
    '90',
  ),
  SILTA_OFFLINE_IDLE_DAYS: variable(positive.max(365), 'Days that a refresh token lives unused.', '30'),
  SILTA_MANDATES_FILE: variable(
    z.string().optional(),
    'Mandate service and the rules of acting for others (YAML or JSON). Not set: nobody acts for another.',
  ),
  SILTA_VALTUUDET_API_KEY: secret(z.string().min(16).optional(), 'API key at the mandate service.'),
  SILTA_VALTUUDET_OAUTH_PASSWORD: secret(
    z.string().min(8).optional(),
    'OAuth password at the mandate service.',
  ),
  SILTA_VALTUUDET_REST_KEY: secret(
    z.string().min(16).optional(),
    'API key of the mandate service’s query without a session.',
  ),
  SILTA_SEAL_KEY: secret(
    secret32.optional(),
    'Seals continuation links and raw copies of inbound messages. Required in production.',
  ),
  SILTA_CLIENT_IDS: variable(
    z.stringbool(),
    'Whether a client may choose the id of a new resource by an update (update as create).',
    'false',
  ),
  SILTA_ENFORCE_REFERENCES: variable(
    z.stringbool(),
    'Whether what a resource refers to here must be here. Without it resources can be loaded in any order; a citizen is held to it all the same.',
    'true',
  ),
  SILTA_METRICS_TOKEN: secret(
    z.string().min(16).optional(),
    'Bearer token of `/metrics`. Not set: no metrics in production, open in the sandbox.',
  ),
  SILTA_LOG_LEVEL: variable(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'Least severe level that is logged.',
    'info',
  ),
  SILTA_BODY_LIMIT_BYTES: variable(positive, 'Largest request body.', '5242880'),
  SILTA_MAX_INCLUDED: variable(
    positive.max(10_000),
    'Resources that `_include` and `_revinclude` add to a page at most; the page says when there are more.',
    '1000',
  ),
  SILTA_CONTENT_UNSEARCHED: variable(
    z.string().transform((text) => text.split(/[\s,]+/).filter((type) => type !== '')),
    'Resource types without `_content`: indexing every word of a resource takes as long as the rest of its write.',
    'AuditEvent CarePlan Observation Patient Provenance QuestionnaireResponse Task',
  ),
  SILTA_RATE_PER_MINUTE: variable(positive, 'Requests a minute from one address.', '6000'),
  SILTA_TRUST_PROXY: variable(
    z.coerce.number().int().min(0).max(10),
    'Number of reverse proxies whose X-Forwarded-* headers are believed.',
    '0',
  ),
  SILTA_DELIVERY_CONCURRENCY: variable(positive.max(100), 'Deliveries a gateway sends at once.', '4'),
  SILTA_EXPORTS_PER_CLIENT: variable(positive.max(100), 'Unfinished bulk exports a client has at most.', '2'),
  SILTA_EXPORT_HOURS: variable(positive.max(720), 'How long the files of a bulk export are kept.', '24'),
  SILTA_EXPORT_FILE_ROWS: variable(positive, 'Resources in one file of a bulk export at most.', '100000'),
  SILTA_SUBSCRIPTIONS_PER_CLIENT: variable(positive.max(1_000), 'Subscriptions a client has at most.', '20'),
  SILTA_ALLOW_PRIVATE_ENDPOINTS: variable(
    z.stringbool(),
    'Whether subscriptions may be delivered over http and to loopback and private addresses.',
    'false',
  ),
  SILTA_SHUTDOWN_SECONDS: variable(
    positive.max(600),
    'Time for what is in flight when the gateway is asked to stop.',
    '20',
  ),
} as const satisfies Record<string, Variable>;

type Values = { readonly [K in keyof typeof VARIABLES]: z.output<(typeof VARIABLES)[K]['schema']> };

export interface Config extends Omit<Values, 'SILTA_BASE_URL'> {
  readonly SILTA_BASE_URL: string;
}

/** Wrong settings, all of them at once, each by its name and never with a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(problems: readonly string[]) {
    super(`The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

const REQUIRED_IN_PRODUCTION = [
  'DATABASE_URL',
  'SILTA_BASE_URL',
  'SILTA_KEYS_FILE',
  'SILTA_CLIENTS_FILE',
  'SILTA_ISSUER_FILE',
  'SILTA_SEAL_KEY',
] as const;

/**
 * Parses the environment.
 * @param environment variables by name, usually `process.env`
 * @throws ConfigError naming every variable that is wrong or missing
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(VARIABLES) as [string, Variable][]) {
    const given = environment[name] === '' ? undefined : environment[name];
    const parsed = entry.schema.safeParse(given ?? entry.fallback);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(`${name}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`);
  }
  const config = values as unknown as Config;
  if (config.SILTA_MODE === 'production') {
    for (const name of REQUIRED_IN_PRODUCTION) {
      if (values[name] === undefined && !problems.some((problem) => problem.startsWith(`${name}:`))) {
        problems.push(`${name}: is required in production`);
      }
    }
    if (config.SILTA_BASE_URL?.startsWith('http:')) {
      problems.push('SILTA_BASE_URL: must be https in production');
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    ...config,
    SILTA_BASE_URL: config.SILTA_BASE_URL ?? `http://localhost:${config.PORT}`,
    SILTA_DATA_DIR: join(config.SILTA_DATA_DIR),
  });
}

/** The table of `docs/configuration.md`. */
export function describeConfig(): string {
  const rows = (Object.entries(VARIABLES) as [string, Variable][]).map(
    ([name, entry]) =>
      `| \`${name}\` | ${entry.fallback === undefined ? '–' : `\`${entry.fallback}\``} | ${entry.about}${
        entry.secret ? ' **Secret.**' : ''
      } |`,
  );
  return ['| variable | default | what it does |', '|---|---|---|', ...rows].join('\n');
}
