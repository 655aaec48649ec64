/** One attempt of one delivery: claim → gather → may it be disclosed → map → send → settle. */
import { randomUUID } from 'node:crypto';
import { type Issue, SiltaError } from '../outcome.ts';
import { type ClaimedDelivery, claimDelivery, type Database, readDelay, type Store } from '../store/index.ts';
import type { Route, SendResult, SystemDefinition, Transport } from '../systems/index.ts';
import type { Breakers } from './breakers.ts';
import { checkDisclosure, type MayDisclose } from './check-disclosure.ts';
import { gatherSources, type SourceReader, type Sources } from './gather-sources.ts';
import { loggable } from './loggable.ts';
import type { DeliveryMetrics } from './metrics.ts';
import { retryLater } from './retry-later.ts';
import { runMap } from './run-map.ts';
import { bury, finish, postpone, type Settlement } from './settle.ts';
import { attemptNotification } from './subscription/attempt-notification.ts';
import type { KnownSubscriptions } from './subscription/known-subscriptions.ts';
import { isSubscription } from './subscription/names.ts';
import type { Subscribers } from './subscription/subscribers.ts';
import type { DeliveryLimits, Logger } from './types.ts';

export interface AttemptDependencies {
  readonly database: Database;
  readonly store: Store;
  readonly reader: SourceReader;
  readonly systems: () => readonly SystemDefinition[];
  readonly transports: (system: SystemDefinition) => Transport;
  readonly mayDisclose: MayDisclose;
  readonly breakers: Breakers;
  readonly offer: (id: string, delayMs: number) => Promise<void>;
  readonly clock: () => Date;
  readonly random: () => number;
  readonly logger: Logger;
  readonly limits: DeliveryLimits;
  readonly metrics: DeliveryMetrics;
  readonly subscribers?: Subscribers | undefined;
  readonly known: KnownSubscriptions;
}

/** How long a delivery waits whose system or route is not configured at the moment. */
const UNCONFIGURED_MS = 60_000;
const FALLBACK_TIMEOUT_MS = 30_000;

/** Runs a delivery if it is its turn. Rejects only when the database does: the sweep offers it again then. */
export async function attemptDelivery(context: AttemptDependencies, id: string): Promise<void> {
  const { database, limits } = context;
  const longest = Math.max(
    FALLBACK_TIMEOUT_MS,
    ...context.systems().map((system) => system.transport.timeoutMs),
  );
  const claimed = await claimDelivery(database, id, randomUUID(), longest + limits.leaseMs);
  if (!claimed) {
    const delay = await readDelay(database, id);
    if (delay !== undefined && delay < limits.graceMs) await context.offer(id, delay);
    return;
  }
  if (isSubscription(claimed.system) && context.subscribers) {
    return attemptNotification({ ...context, subscribers: context.subscribers }, claimed);
  }
  const system = context.systems().find(({ name }) => name === claimed.system);
  const route = system?.routes.find(({ name }) => name === claimed.route);
  if (!system || !route) {
    context.logger.warn(
      { delivery: id, system: claimed.system, route: claimed.route },
      'route not configured',
    );
    await postpone(context, claimed, UNCONFIGURED_MS);
    return;
  }
  const wait = context.breakers.of(system.name).admit();
  if (wait > 0) await postpone(context, claimed, wait * (1 + context.random() / 10));
  else await attempt(context, claimed, system, route);
}

async function attempt(
  context: AttemptDependencies,
  claimed: ClaimedDelivery,
  system: SystemDefinition,
  route: Route,
): Promise<void> {
  let reached: boolean | undefined;
  try {
    const prepared = await prepare(context, claimed, system, route);
    if (!prepared) return;
    const result = await send(context, claimed, system, route, prepared.payload);
    reached = result.ok || !isOutage(result);
    await settle(context, { claimed, system, route, sources: prepared.sources }, result);
  } finally {
    context.breakers.of(system.name).report(reached);
  }
}

/** Everything before sending. What fails here is settled here: undefined means that there is nothing to send. */
async function prepare(
  context: AttemptDependencies,
  claimed: ClaimedDelivery,
  system: SystemDefinition,
  route: Route,
): Promise<{ readonly sources: Sources; readonly payload: unknown } | undefined> {
  try {
    const sources = await gatherSources(context.reader, route, claimed);
    await checkDisclosure(context.mayDisclose, sources, system);
    return { sources, payload: runMap(route, sources, system, context.clock) };
  } catch (error) {
    await settleFailure(context, claimed, error);
    return undefined;
  }
}

function isOutage(result: Extract<SendResult, { ok: false }>): boolean {
  return result.retryable && ['transient', 'timeout', 'exception', 'no-store'].includes(result.issue.code);
}

async function send(
  context: AttemptDependencies,
  claimed: ClaimedDelivery,
  system: SystemDefinition,
  route: Route,
  payload: unknown,
): Promise<SendResult> {
  const timeoutMs = system.transport.timeoutMs;
  const aborter = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  // The race holds even a transport that does not listen to its signal.
  const timeout = new Promise<SendResult>((resolve) => {
    timer = setTimeout(() => {
      aborter.abort(new Error('timeout'));
      resolve(
        failed({
          severity: 'error',
          code: 'timeout',
          diagnostics: `${system.name} did not answer in ${timeoutMs} ms.`,
        }),
      );
    }, timeoutMs);
  });
  try {
    const message = {
      payload,
      idempotencyKey: claimed.id,
      attempt: claimed.attempts,
      send: route.send,
      signal: aborter.signal,
    };
    return await Promise.race([context.transports(system).send(message), timeout]);
  } catch (error) {
    context.logger.error(
      { delivery: claimed.id, system: system.name, failure: loggable(error) },
      'transport failed',
    );
    return failed({
      severity: 'error',
      code: 'transient',
      diagnostics: `${system.name} could not be reached.`,
    });
  } finally {
    clearTimeout(timer);
  }
}

const failed = (issue: Issue): SendResult => ({ ok: false, retryable: true, issue });

async function settle(
  context: AttemptDependencies,
  settlement: Settlement,
  result: SendResult,
): Promise<void> {
  const { claimed, system } = settlement;
  context.metrics.attempt(system.name, result.ok ? 'sent' : result.retryable ? 'retry' : 'dead');
  if (result.ok) return finish(context, settlement, result.remoteId);
  if (!result.retryable) return bury(context, claimed, [result.issue]);
  return retryLater(context, claimed, result.issue, result.retryAfterMs);
}

/** What failed before anything was sent: final when trying again cannot help, otherwise it waits. */
async function settleFailure(
  context: AttemptDependencies,
  claimed: ClaimedDelivery,
  error: unknown,
): Promise<void> {
  const final = error instanceof SiltaError && error.code !== 'unavailable' && error.code !== 'internal';
  context.metrics.attempt(claimed.system, final ? 'dead' : 'retry');
  if (final) return bury(context, claimed, error.issues);
  context.logger.error(
    { delivery: claimed.id, system: claimed.system, failure: loggable(error) },
    'delivery failed',
  );
  return retryLater(context, claimed, {
    severity: 'error',
    code: 'exception',
    diagnostics: 'The gateway failed to prepare the delivery. The failure is logged.',
  });
}
