import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express } from 'express';
import {
  createDelivery,
  createInProcessDispatcher,
  type Delivery,
  type DeliveryOptions,
} from '../../../src/delivery/index.ts';
import { asSiltaError, toOperationOutcome } from '../../../src/outcome.ts';
import { GATEWAY, SECTOR_SYSTEM } from '../../../src/principal.ts';
import type { Resource } from '../../../src/resource.ts';
import type { Database, Store } from '../../../src/store/index.ts';
import type { SystemDefinition } from '../../../src/systems/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { createLog } from './log.ts';
import { openTestStore } from './open-store.ts';
import { createReceiver, type Receiver } from './receiver.ts';
import { systemOf } from './systems.ts';

/** Limits that let a test see in milliseconds what takes minutes outside. */
export const QUICK = {
  pollMs: 20,
  sweepMs: 20,
  graceMs: 150,
  leaseMs: 100,
  backoffBaseMs: 4,
  backoffCapMs: 20,
  breakerFailures: 1_000,
  breakerCooldownMs: 60,
} as const;

export interface World {
  readonly database: Database;
  readonly store: Store;
  readonly receiver: Receiver;
  readonly log: string[];
  /** What the gateways of this world know; replaced by assignment. */
  systems: SystemDefinition[];
  /** A gateway's delivery room over this world; stopped with the world. */
  gateway(options?: Partial<DeliveryOptions>): Delivery;
  /** Writes a Task and returns its reference. */
  task(task?: Partial<Resource> & { readonly patient?: string }, origin?: string): Promise<string>;
  read(reference: string): Promise<Resource>;
  close(): Promise<void>;
}

export const SECRET = 'agreed-with-sap';

// One database per test file, emptied between its worlds: making one takes longer than most tests.
let shared: Promise<TestDatabase> | undefined;
afterAll(async () => (await shared)?.drop());

/** Everything but the audit, which nobody can empty. */
const EMPTY = `TRUNCATE change, delivery, delivery_effect, delivery_failed_reaction, inbound_message,
  resource, resource_history, search_token, search_string, search_date, search_reference, search_quantity`;

export async function createWorld(): Promise<World> {
  shared ??= createTestDatabase();
  const test = await shared;
  await test.database.query(EMPTY);
  const store = await openTestStore(test.database);
  const { logger, lines } = createLog();
  const gateways: Delivery[] = [];
  const world: World = {
    database: test.database,
    store,
    receiver: createReceiver(),
    log: lines,
    systems: [systemOf()],
    gateway(options = {}) {
      const gateway = createDelivery({
        database: test.database,
        store,
        systems: () => world.systems,
        transports: () => world.receiver.transport,
        reactions: [],
        mayDisclose: async () => ({ allowed: true, reason: '' }),
        dispatcher: createInProcessDispatcher({ concurrency: 4, logger }),
        clock: () => new Date(),
        random: Math.random,
        logger,
        rawCopyKey: KEY,
        inboundSecret: () => SECRET,
        authorize: async () => undefined,
        ...options,
        limits: { ...QUICK, ...options.limits },
      });
      gateways.push(gateway);
      return gateway;
    },
    async task({ patient, ...task } = {}, origin) {
      const id = task.id ?? randomUUID();
      const resource = taskOf(id, patient, task);
      const kind = task.meta?.versionId ? 'update' : 'create';
      await store.write([{ kind, resource }], { ...CONTEXT, ...(origin && { origin }) });
      return `Task/${id}`;
    },
    async read(reference) {
      const [type = '', id = ''] = reference.split('/');
      return JSON.parse((await store.read(type, id))?.content ?? 'null') as Resource;
    },
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
    },
  };
  return world;
}

const KEY = randomBytes(32);

export const CONTEXT = { principal: GATEWAY, requestId: 'test' } as const;

export function taskOf(id: string, patient: string | undefined, task: Partial<Resource> = {}) {
  return {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    ...(patient && { for: { reference: `Patient/${patient}` } }),
    ...task,
    id,
    meta: { security: [{ system: SECTOR_SYSTEM, code: 'health' }], ...task.meta },
  };
}

/** Waits until something holds; says what did not when it never does. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It did not come to hold in 10 s that ${what}.`);
    await sleep(10);
  }
}

/** An application around a router, with errors turned into outcomes as the gateway does. */
export function serve(path: string, router: Express | ReturnType<typeof express.Router>): Express {
  const app = express();
  app.use(path, router);
  const answer: ErrorRequestHandler = (error, _request, response, _next) => {
    const known = asSiltaError(error);
    response.status(known.status).json(toOperationOutcome(known.issues));
  };
  app.use(answer);
  return app;
}
