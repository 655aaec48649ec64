/**
 * The composition root: every wire of the gateway in one place. Nothing is a global; a missing dependency is a type
 * error, a wrong setting stops the start.
 */
import { hkdfSync, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Express } from 'express';
import type { Questionnaire } from 'fhir/r4';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { createAccess } from './access/index.ts';
import { createApp } from './app.ts';
import { type Config, ConfigError } from './config.ts';
import { createConformance } from './conformance/index.ts';
import { loadContent } from './content.ts';
import { compileStructure, loadDefinitions } from './definitions/index.ts';
import {
  createBullDispatcher,
  createDelivery,
  createInProcessDispatcher,
  createReactions,
} from './delivery/index.ts';
import { completeResponse } from './forms/index.ts';
import { createIdentity, type Identity, loadKeys, readClients, readIssuerProfile } from './identity/index.ts';
import { createPlanReader } from './pathway-plans.ts';
import { createRest, createTransact, type RestOptions } from './rest/index.ts';
import { createStore, type Database, migrate, type Store } from './store/index.ts';
import { createTransport, type SystemDefinition, watchSystems } from './systems/index.ts';
import { createWeb } from './web/index.ts';
import { createWhoIs, type WhoIs } from './who-is.ts';

export interface GatewayParts {
  readonly config: Config;
  readonly database: Database;
  /** Variables that `system.yaml` files name: addresses and secrets of connected systems. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly profilesDirectory: string;
  readonly mappingsDirectory: string;
  readonly version: string;
  readonly logger: Logger;
}

export interface Gateway {
  readonly app: Express;
  /** Starts relaying and delivering, and watching the mappings. */
  start(): Promise<void>;
  /** Stops taking work, and resolves when what is in flight has ended. */
  stop(): Promise<void>;
}

const SWEEP_MS = 60_000;
const clock = () => new Date();

/**
 * Builds a gateway over an open database: migrates it, loads definitions, systems and content. Nothing runs before
 * `start()`.
 * @throws SiltaError, ConfigError or Error that names the file or variable that is wrong
 */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, database, logger } = parts;
  await migrate(database);
  const definitions = await loadDefinitions({ profiles: parts.profilesDirectory });
  const store = createStore({ database, definitions, clock });
  logger.info({ written: await loadContent(store, definitions) }, 'content loaded');
  const identity = await wireIdentity(parts, store);
  const who = createWhoIs(identity, store);
  const access = createAccess({ definitions, store, clock });
  const conformance = createConformance({ definitions });
  const systems = await watchSystems({
    directory: parts.mappingsDirectory,
    definitions,
    compileModel: (model) => compileStructure(model, definitions),
    environment: parts.environment,
    logger,
  });
  const registry = new Registry();
  const delivery = createDelivery({
    ...wireDelivery(parts, store),
    systems: () => systems.current(),
    mayDisclose: ({ sector, patients }, system) =>
      access.mayDisclose({ resourceSector: sector, systemSector: system.sector, patientIds: patients }),
    authorize: (request) => who.requireOperator(request),
    validate: (resource) => conformance.validate(resource),
    metrics: registry,
  });
  const rest: RestOptions = {
    definitions,
    store,
    access,
    conformance,
    forms: { completeResponse },
    authenticate: (request) => who.authenticate(request),
    smartConfiguration: () => identity.smartConfiguration(),
    baseUrl: `${config.SILTA_BASE_URL}/fhir`,
    clock,
    uuid: randomUUID,
    logger,
    limits: limitsOf(config),
    sealingKey: deriveKey(config, 'page links'),
    version: parts.version,
    clientIds: false,
    onWritten: () => delivery.poke(),
  };
  let stopping = false;
  const app = createApp({
    logger,
    registry,
    trustProxy: config.SILTA_TRUST_PROXY,
    requestsPerMinute: config.SILTA_RATE_PER_MINUTE,
    metricsToken: config.SILTA_METRICS_TOKEN,
    sandbox: config.SILTA_MODE === 'sandbox',
    checkReady: async () => {
      if (stopping) throw new Error('stopping');
      await database.query('SELECT 1');
    },
    identity: identity.router,
    fhir: createRest(rest),
    inbound: delivery.inboundRouter,
    admin: delivery.adminRouter,
    web: createWeb({
      ...wirePages(parts, store, who),
      access,
      validateResponse: (response, questionnaire) => conformance.validateResponse(response, questionnaire),
      transact: createTransact(rest),
      operations: delivery,
    }),
  });
  let sweeping: NodeJS.Timeout | undefined;
  return {
    app,
    async start() {
      await delivery.start();
      sweeping = setInterval(() => sweep(identity, logger), SWEEP_MS).unref();
    },
    async stop() {
      stopping = true;
      clearInterval(sweeping);
      await Promise.all([delivery.stop(), systems.close()]);
    },
  };
}

function sweep(identity: Identity, logger: Logger): void {
  identity.sweep().catch((error: Error) => {
    logger.error({ type: error.name }, 'expired sessions were not removed');
  });
}

async function wireIdentity(parts: GatewayParts, store: Store) {
  const { config, database, logger } = parts;
  const { SILTA_MODE: mode, SILTA_KEYS_FILE, SILTA_CLIENTS_FILE, SILTA_ISSUER_FILE } = config;
  if (!SILTA_KEYS_FILE || !SILTA_CLIENTS_FILE || !SILTA_ISSUER_FILE) {
    throw new ConfigError([
      'SILTA_KEYS_FILE, SILTA_CLIENTS_FILE and SILTA_ISSUER_FILE: are required; `silta start` makes them for a sandbox',
    ]);
  }
  return createIdentity({
    config: {
      baseUrl: config.SILTA_BASE_URL,
      mode,
      profile: readIssuerProfile(parse(await readFile(SILTA_ISSUER_FILE, 'utf8')), mode),
    },
    store,
    database,
    keys: await loadKeys({ file: SILTA_KEYS_FILE, generate: mode === 'sandbox' }),
    clients: readClients(await readFile(SILTA_CLIENTS_FILE, 'utf8')),
    clock,
    logger,
  });
}

/** What delivery is made of beside its neighbours' decisions. */
function wireDelivery(parts: GatewayParts, store: Store) {
  const { config, database, logger } = parts;
  const concurrency = config.SILTA_DELIVERY_CONCURRENCY;
  return {
    database,
    store,
    clock,
    logger,
    random: Math.random,
    transports: (system: SystemDefinition) => createTransport(system, { now: clock, logger }),
    reactions: createReactions({
      resolveCanonical: (type, canonical) => store.resolveCanonical(type, canonical),
      plans: createPlanReader(store, clock),
    }),
    resolveCanonical: (canonical: string) => store.resolveCanonical('Questionnaire', canonical),
    dispatcher: config.REDIS_URL
      ? createBullDispatcher({ redisUrl: config.REDIS_URL, prefix: 'silta', concurrency, logger })
      : createInProcessDispatcher({ concurrency, logger }),
    rawCopyKey: deriveKey(config, 'raw copies'),
    inboundSecret: (_system: SystemDefinition, inbound: SystemDefinition['inbound'][number]) =>
      inbound.auth['secret'],
  };
}

function wirePages(parts: GatewayParts, store: Store, who: WhoIs) {
  const { SILTA_BASE_URL: baseUrl } = parts.config;
  return {
    session: who.pageSession,
    operator: who.operator,
    signInPath: (returnTo: string, language: string) =>
      `/identity/suomifi/start?${new URLSearchParams({ return: returnTo, lang: language })}`,
    signOutPath: '/identity/logout',
    store,
    questionnaire: (canonical: string) => findQuestionnaire(store, canonical),
    clock,
    uuid: randomUUID,
    logger: parts.logger,
    secure: baseUrl.startsWith('https:'),
  };
}

async function findQuestionnaire(store: Store, canonical: string): Promise<Questionnaire | undefined> {
  return (await store.resolveCanonical('Questionnaire', canonical)) as unknown as Questionnaire | undefined;
}

function limitsOf(config: Config): RestOptions['limits'] {
  const bodyBytes = config.SILTA_BODY_LIMIT_BYTES;
  return { bodyBytes, bodyDepth: 100, bundleEntries: 1_000, defaultCount: 50, maxCount: 1_000 };
}

/** One secret in the configuration, a key of its own for every purpose. */
function deriveKey(config: Config, purpose: string): Uint8Array {
  if (!config.SILTA_SEAL_KEY) throw new ConfigError(['SILTA_SEAL_KEY: is required']);
  return new Uint8Array(hkdfSync('sha256', config.SILTA_SEAL_KEY, 'silta', purpose, 32));
}
