import { Counter, Gauge, type Registry } from 'prom-client';
import { countDeliveries, countUnhandled, type Database } from '../store/index.ts';
import type { SystemDefinition } from '../systems/index.ts';
import type { Breakers } from './breakers.ts';

/** What the room counts as it goes; the other figures are read when they are asked for. */
export interface DeliveryMetrics {
  attempt(system: string, result: 'sent' | 'retry' | 'dead'): void;
  inbound(system: string, message: string, result: 'done' | 'repeated' | 'dead' | 'refused'): void;
}

const BREAKER = { closed: 0, 'half-open': 1, open: 2 } as const;

/** Registers the room's metrics; without a registry nothing is counted. */
export function createMetrics(
  registry: Registry | undefined,
  sources: {
    readonly database: Database;
    readonly breakers: Breakers;
    readonly systems: () => readonly SystemDefinition[];
  },
): DeliveryMetrics {
  if (!registry) return { attempt: () => undefined, inbound: () => undefined };
  const registers = [registry];
  const attempts = new Counter({
    name: 'silta_delivery_attempts_total',
    help: 'Attempts to deliver, by system and result.',
    labelNames: ['system', 'result'],
    registers,
  });
  const inbound = new Counter({
    name: 'silta_inbound_messages_total',
    help: 'Messages from connected systems, by result.',
    labelNames: ['system', 'message', 'result'],
    registers,
  });
  registerBacklog(registry, sources.database);
  new Gauge({
    name: 'silta_delivery_breaker',
    help: 'Circuit breaker of a system: 0 closed, 1 half-open, 2 open.',
    labelNames: ['system'],
    registers,
    collect() {
      for (const { name } of sources.systems()) {
        this.set({ system: name }, BREAKER[sources.breakers.of(name).state]);
      }
    },
  });
  return {
    attempt: (system, result) => attempts.inc({ system, result }),
    inbound: (system, message, result) => inbound.inc({ system, message, result }),
  };
}

/** What somebody may have to do something about; those that were sent are counted as attempts. */
const OPEN = ['waiting', 'sending', 'paused', 'dead'] as const;

function registerBacklog(registry: Registry, database: Database): void {
  const registers = [registry];
  const labelNames = ['system', 'state'];
  new Gauge({
    name: 'silta_relay_lag_seconds',
    help: 'Age of the oldest change that is not handled.',
    registers,
    async collect() {
      this.set((await countUnhandled(database)).oldestSeconds);
    },
  });
  const oldest = new Gauge({
    name: 'silta_delivery_oldest_seconds',
    help: 'Age of the oldest delivery, by system and open state.',
    labelNames,
    registers,
  });
  new Gauge({
    name: 'silta_deliveries',
    help: 'Deliveries that are not sent, by system and state.',
    labelNames,
    registers,
    async collect() {
      this.reset();
      oldest.reset();
      for (const { system, state, count, oldestSeconds } of await countDeliveries(database, OPEN)) {
        this.set({ system, state }, count);
        oldest.set({ system, state }, oldestSeconds);
      }
    },
  });
}
