/** Puts the room together. */
import type { Request, Router } from 'express';
import type { OperationOutcome } from 'fhir/r4';
import type { Registry } from 'prom-client';
import { createLoop } from '../loop.ts';
import type { Issue } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { type Database, eraseRawCopies, type Store, sweepDeliveries } from '../store/index.ts';
import type { Inbound, SystemDefinition, Transport } from '../systems/index.ts';
import { createAdminRouter } from './admin-router.ts';
import { type AttemptDependencies, attemptDelivery } from './attempt.ts';
import { type Breakers, createBreakers } from './breakers.ts';
import type { MayDisclose } from './check-disclosure.ts';
import { createPathCache } from './compile-path.ts';
import { awaitIdle } from './idle.ts';
import { checkKey } from './inbound/raw-copy.ts';
import { createInboundRouter, type ReceiveDependencies } from './inbound/receive.ts';
import { replayInbound } from './inbound/take-in.ts';
import { loggable } from './loggable.ts';
import { createMetrics } from './metrics.ts';
import { createOperations, type Operations } from './operations.ts';
import { type RelayDependencies, relayChanges, relayFailedReactions } from './relay.ts';
import { createKnownSubscriptions, type KnownSubscriptions } from './subscription/known-subscriptions.ts';
import { createNotifier } from './subscription/notify-change.ts';
import type { Subscribers } from './subscription/subscribers.ts';
import { DEFAULT_LIMITS, type DeliveryLimits, type Dispatcher, type Logger, type Reaction } from './types.ts';

export interface DeliveryOptions {
  readonly database: Database;
  readonly store: Store;
  /** The connected systems as they are configured now. */
  readonly systems: () => readonly SystemDefinition[];
  /** Called once for each definition: a transport keeps tokens between sends. */
  readonly transports: (system: SystemDefinition) => Transport;
  readonly reactions: readonly Reaction[];
  readonly mayDisclose: MayDisclose;
  readonly dispatcher: Dispatcher;
  readonly clock: () => Date;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly limits?: Partial<DeliveryLimits>;
  /** 32 bytes that encrypt the raw copies of inbound messages. */
  readonly rawCopyKey: Uint8Array;
  readonly inboundSecret: (system: SystemDefinition, inbound: Inbound) => string | undefined;
  /** Refuses (throws a SiltaError) who may not look after deliveries. */
  readonly authorize: (request: Request) => Promise<void>;
  /** Findings on what an inbound message would write. */
  readonly validate?: (resource: Resource) => readonly Issue[] | Promise<readonly Issue[]>;
  readonly metrics?: Registry;
  /** Who is notified by Subscriptions; without it none are served. */
  readonly subscribers?: Subscribers;
}

export interface Delivery extends Operations {
  start(): Promise<void>;
  /** Stops taking new work and resolves when what is in flight has ended. */
  stop(): Promise<void>;
  /** Says that something was written. */
  poke(): void;
  /** Resolves when every change is handled and no delivery is being sent or could be sent now. */
  idle(): Promise<void>;
  /** Takes in a dead inbound message again. */
  replayInbound(id: string): Promise<OperationOutcome>;
  /** To be mounted at `/inbound`. */
  readonly inboundRouter: Router;
  /** To be mounted at `/admin/deliveries`. */
  readonly adminRouter: Router;
}

/** Deliveries of one system that one sweep offers at most. */
const SWEEP_MOST = 500;

/**
 * Builds the delivery room; nothing runs before `start()`.
 * @throws Error when `rawCopyKey` has not 32 bytes
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  checkKey(options.rawCopyKey);
  const limits: DeliveryLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const { database, dispatcher, logger, clock, systems } = options;
  const breakers = createBreakers(limits, clock);
  const path = createPathCache();
  const offer = (id: string, delayMs: number) => dispatcher.offer(id, { delayMs });
  const metrics = createMetrics(options.metrics, { database, breakers, systems });
  const transports = rememberTransports(options.transports);
  const known = createKnownSubscriptions(limits.subscriptionMs, logger);
  const { subscribers } = options;
  const notify = subscribers && createNotifier({ known, subscribers, limits, logger });
  const shared = {
    ...options,
    transports,
    limits,
    breakers,
    path,
    offer,
    metrics,
    known,
    ...(notify && { notify }),
  };
  const attempts: AttemptDependencies = { ...shared, reader: { ...options, path } };
  const loops = createLoops(shared, breakers);
  const poke = () => loops.relay.poke();
  const inbound: ReceiveDependencies = { ...shared, poke, mostBytes: limits.inboundBytes };
  const replay = (id: string) => replayInbound(inbound, id);
  const operations = createOperations(database, breakers, () => {
    loops.sweep.poke();
    loops.relay.poke();
  });
  return {
    ...operations,
    async start() {
      await dispatcher.start((id) => attemptDelivery(attempts, id));
      loops.relay.start();
      loops.sweep.start();
      logger.info({ systems: systems().length }, 'delivery started');
    },
    async stop() {
      await Promise.all([loops.relay.stop(), loops.sweep.stop()]);
      await dispatcher.stop();
      logger.info({}, 'delivery stopped');
    },
    poke,
    idle: () => awaitIdle(database, () => [...systems().map(({ name }) => name), ...known.names()], poke),
    replayInbound: replay,
    inboundRouter: createInboundRouter(inbound),
    adminRouter: createAdminRouter(operations, options.authorize, replay),
  };
}

/** One transport per definition, as long as the definition is in use. */
function rememberTransports(create: DeliveryOptions['transports']): DeliveryOptions['transports'] {
  const known = new WeakMap<SystemDefinition, Transport>();
  return (system) => {
    const transport = known.get(system) ?? create(system);
    known.set(system, transport);
    return transport;
  };
}

type LoopDependencies = RelayDependencies & {
  readonly database: Database;
  readonly known: KnownSubscriptions;
};

function createLoops(context: LoopDependencies, breakers: Breakers) {
  const { limits, logger, database } = context;
  let stopped = false;
  const isStopped = () => stopped;
  const report = (what: string) => (error: unknown) => logger.error({ failure: loggable(error) }, what);
  const relay = createLoop(
    limits.pollMs,
    async () => {
      await relayChanges(context, isStopped);
      await relayFailedReactions(context, isStopped);
    },
    report('relay failed'),
  );
  const sweep = createLoop(limits.sweepMs, () => sweepOnce(context, breakers), report('sweep failed'));
  const erase = createLoop(
    Math.min(limits.rawCopyMs, HOUR_MS),
    () => eraseRawCopies(database, limits.rawCopyMs),
    report('erasing raw copies failed'),
  );
  return {
    relay: {
      ...relay,
      start() {
        stopped = false;
        relay.start();
        erase.start();
      },
      async stop() {
        stopped = true;
        await Promise.all([relay.stop(), erase.stop()]);
      },
    },
    sweep,
  };
}

const HOUR_MS = 3_600_000;

/** Offers again what is due; of a system whose breaker is open nothing, of a half-open one a single probe. */
async function sweepOnce(
  context: Pick<LoopDependencies, 'systems' | 'offer' | 'limits' | 'database' | 'known'>,
  breakers: Breakers,
): Promise<void> {
  await context.known.refresh(context.database);
  const names = [...context.systems().map(({ name }) => name), ...context.known.names()];
  const most = names
    .map((name) => [name, breakers.of(name).capacity(SWEEP_MOST)] as const)
    .filter(([, capacity]) => capacity > 0);
  for (const id of await sweepDeliveries(context.database, new Map(most), context.limits.graceMs)) {
    await context.offer(id, 0);
  }
}
