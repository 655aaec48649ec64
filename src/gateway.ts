/**
 * The composition root: every wire of the gateway in one place. Nothing is a global; a missing dependency is a type
 * error, a wrong setting stops the start.
 */
import { randomUUID } from 'node:crypto';
import type { Express, Router } from 'express';
import type { Questionnaire } from 'fhir/r4';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { createAccess } from './access/index.ts';
import { createApp } from './app.ts';
import { createStoreWithCodes } from './codes.ts';
import type { Config } from './config.ts';
import { createConformance } from './conformance/index.ts';
import { loadContent, planOwnSearches } from './content.ts';
import { compileStructure, loadDefinitions } from './definitions/index.ts';
import {
  createBullDispatcher,
  createDelivery,
  createInProcessDispatcher,
  createReactions,
  type Delivery,
} from './delivery/index.ts';
import { completeResponse } from './forms/index.ts';
import {
  allowsPrivateEndpoints,
  deriveKey,
  exportLimitsOf,
  headerSealOf,
  limitsOf,
  subscriptionRulesOf,
} from './gateway-settings.ts';
import type { Identity } from './identity/index.ts';
import { readClientsFile, readProfile, wireIdentity } from './identity-wiring.ts';
import { createPlanReader } from './pathway-plans.ts';
import {
  createExporter,
  createMapSandbox,
  createRest,
  createTransact,
  type RestOptions,
} from './rest/index.ts';
import { countSubscriptions, createExportStore, type Database, migrate } from './store/index.ts';
import { createSubscribers } from './subscribers.ts';
import { createTransport, FolderMemories, watchSystems } from './systems/index.ts';
import { createWeb, type WebOptions } from './web/index.ts';
import { createWhoIs } from './who-is.ts';

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

type Foundation = Awaited<ReturnType<typeof layFoundation>>;

/**
 * Builds a gateway over an open database: migrates it, loads definitions, systems and content. Nothing runs before
 * `start()`.
 * @throws SiltaError, ConfigError or Error that names the file or variable that is wrong
 */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, database, logger } = parts;
  const base = await layFoundation(parts);
  const { identity, systems, registry } = base;
  const delivery = wireDelivery(parts, base);
  const rest = wireRest(parts, base, { onWritten: () => delivery.poke(), onExport: () => exporter.poke() });
  const exporter = createExporter(rest);
  let stopping = false;
  const app = createApp({
    logger,
    definitions: base.definitions,
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
    web: wirePages(parts, base, { transact: createTransact(rest), operations: delivery }),
  });
  let sweeping: NodeJS.Timeout | undefined;
  return {
    app,
    async start() {
      await delivery.start();
      exporter.start();
      sweeping = setInterval(() => sweep(identity, logger), SWEEP_MS).unref();
    },
    async stop() {
      stopping = true;
      clearInterval(sweeping);
      await Promise.all([delivery.stop(), exporter.stop(), systems.close(), rest.mapSandbox.close()]);
    },
  };
}

async function layFoundation(parts: GatewayParts) {
  const { database, logger } = parts;
  await migrate(database);
  const definitions = await loadDefinitions({ profiles: parts.profilesDirectory });
  const searched = {
    database,
    definitions,
    clock,
    base: `${parts.config.SILTA_BASE_URL}/fhir`,
    wordless: new Set(parts.config.SILTA_CONTENT_UNSEARCHED),
  };
  const { store, lists, judge, terminology } = createStoreWithCodes(searched);
  planOwnSearches(store, definitions);
  const exports = createExportStore({ ...searched, terminology: lists });
  logger.info({ written: await loadContent(store, definitions) }, 'content loaded');
  const profile = await readProfile(parts.config, parts.profilesDirectory);
  const clients = await readClientsFile(parts.config);
  const identity = await wireIdentity({ ...parts, clock }, { store, profile, clients });
  const systems = await watchSystems({
    directory: parts.mappingsDirectory,
    definitions,
    compileModel: (model) => compileStructure(model, definitions),
    memories: new FolderMemories(),
    environment: parts.environment,
    sandboxDefaults: parts.config.SILTA_MODE === 'sandbox',
    requireHttps: parts.config.SILTA_MODE === 'production',
    logger,
  });
  return {
    definitions,
    store,
    exports,
    clients,
    profile,
    identity,
    systems,
    who: createWhoIs(identity, store),
    access: createAccess({ definitions, store, clock }),
    conformance: createConformance({ definitions, codes: judge }),
    terminology,
    registry: new Registry(),
  };
}

function sweep(identity: Identity, logger: Logger): void {
  const tell = (error: Error) => logger.error({ type: error.name }, 'expired sessions were not removed');
  identity.sweep().catch(tell);
}

function wireDelivery(parts: GatewayParts, base: Foundation): Delivery {
  const { config, database, logger } = parts;
  const { store, access, conformance, systems, who, registry } = base;
  const concurrency = config.SILTA_DELIVERY_CONCURRENCY;
  return createDelivery({
    database,
    store,
    clock,
    logger,
    random: Math.random,
    systems: () => systems.current(),
    transports: (system) => createTransport(system, { now: clock, logger }),
    reactions: createReactions({
      resolveCanonical: (type, canonical) => store.resolveCanonical(type, canonical),
      plans: createPlanReader(store, clock),
    }),
    mayDisclose: ({ type, sector, patients }, system) =>
      access.mayDisclose({
        type,
        resourceSector: sector,
        systemSector: system.sector,
        patientIds: patients,
      }),
    dispatcher: config.REDIS_URL
      ? createBullDispatcher({
          redisUrl: config.REDIS_URL,
          prefix: config.SILTA_QUEUE_PREFIX,
          concurrency,
          logger,
        })
      : createInProcessDispatcher({ concurrency, logger }),
    rawCopyKey: deriveKey(config, 'raw copies'),
    inboundSecret: (_system, inbound) => inbound.auth['secret'],
    authorize: (request) => who.requireOperator(request),
    validate: (resource) => conformance.validate(resource),
    metrics: registry,
    subscribers: createSubscribers({
      clients: base.clients,
      definitions: base.definitions,
      store: base.store,
      access,
      seal: headerSealOf(config),
      baseUrl: `${config.SILTA_BASE_URL}/fhir`,
      allowPrivate: allowsPrivateEndpoints(config),
    }),
  });
}

function wireRest(
  parts: GatewayParts,
  base: Foundation,
  wake: Pick<RestOptions, 'onWritten' | 'onExport'>,
): RestOptions {
  const { config, database, logger, version } = parts;
  const { definitions, store, exports, access, conformance, terminology, identity, who } = base;
  return {
    definitions,
    store,
    access,
    conformance,
    terminology,
    forms: { completeResponse },
    authenticate: (request) => who.authenticate(request),
    mapSandbox: createMapSandbox({ profiles: parts.profilesDirectory }),
    smartConfiguration: () => identity.smartConfiguration(),
    baseUrl: `${config.SILTA_BASE_URL}/fhir`,
    clock,
    uuid: randomUUID,
    logger,
    limits: limitsOf(config),
    sealingKey: deriveKey(config, 'page links'),
    version,
    clientIds: config.SILTA_CLIENT_IDS,
    enforceReferences: config.SILTA_ENFORCE_REFERENCES,
    exports,
    exportLimits: exportLimitsOf(config),
    subscriptions: subscriptionRulesOf(config, (clientId) => countSubscriptions(database, clientId)),
    ...wake,
  };
}

function wirePages(
  parts: GatewayParts,
  base: Foundation,
  actions: Pick<WebOptions, 'transact' | 'operations'>,
): Router {
  const { store, who, access, conformance, profile } = base;
  return createWeb({
    ...actions,
    access,
    store,
    session: who.pageSession,
    operator: who.operator,
    signInPath: (returnTo, language) =>
      `/identity/${profile.name}/start?${new URLSearchParams({ return: returnTo, lang: language })}`,
    signOutPath: '/identity/logout',
    questionnaire: async (canonical) =>
      (await store.resolveCanonical('Questionnaire', canonical)) as unknown as Questionnaire | undefined,
    validateResponse: (response, questionnaire) => conformance.validateResponse(response, questionnaire),
    clock,
    uuid: randomUUID,
    logger: parts.logger,
    secure: parts.config.SILTA_BASE_URL.startsWith('https:'),
  });
}
