/** Makes the deliveries that tell subscribers of a change, in the transaction that handles it. */
import { randomUUID } from 'node:crypto';
import { SiltaError, toOperationOutcome } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import {
  type ClaimedChange,
  dropSubscription,
  inSavepoint,
  insertDeliveries,
  type MatchQuery,
  type NewDelivery,
  numberEvents,
  type StoreTransaction,
  serveSubscription,
} from '../../store/index.ts';
import { type HookSubscription, readSubscription } from '../../subscription.ts';
import { loggable } from '../loggable.ts';
import type { DeliveryLimits, Logger } from '../types.ts';
import type { KnownSubscriptions } from './known-subscriptions.ts';
import { ACTIVATE, NOTIFY, nameOfSubscription } from './names.ts';
import type { Subscribers } from './subscribers.ts';

interface NotifierParts {
  readonly known: KnownSubscriptions;
  readonly subscribers: Subscribers;
  readonly limits: DeliveryLimits;
  readonly logger: Logger;
}

type Notify = (tx: StoreTransaction, change: ClaimedChange) => Promise<readonly string[]>;

const ENDED = toOperationOutcome([
  { severity: 'information', code: 'informational', diagnostics: 'The subscription has ended.' },
]);

export function createNotifier(parts: NotifierParts): Notify {
  return async (tx, change) => {
    if (change.type === 'Subscription') return follow(parts, tx, change);
    const known = await parts.known.of(tx.sql, change.type);
    if (known.length === 0 || change.content === null) return [];
    const asked = known.flatMap((subscription) => {
      const search = parts.subscribers.searchOf(subscription);
      return search ? [{ subscription, search }] : [];
    });
    const matching = await findMatching(parts, tx, change, asked);
    if (matching.length === 0) return [];
    const events = await numberEvents(
      tx.sql,
      matching.map(({ id }) => id),
    );
    const deliveries = matching.flatMap(({ id }) => {
      const event = events.get(id);
      return event === undefined ? [] : [{ ...deliveryOf(change, id, NOTIFY), event }];
    });
    return insertDeliveries(tx.sql, deliveries, parts.limits.graceMs);
  };
}

interface Asked {
  readonly subscription: HookSubscription;
  readonly search: MatchQuery;
}

/** All in one statement; when it fails, one by one, so that one search cannot keep the others from being told. */
async function findMatching(
  parts: NotifierParts,
  tx: StoreTransaction,
  change: ClaimedChange,
  asked: readonly Asked[],
): Promise<readonly HookSubscription[]> {
  if (asked.length === 0) return [];
  const searches = asked.map(({ search }) => search);
  const found = await inSavepoint(
    tx.sql,
    () => tx.match(change, searches),
    async (error) => {
      if (isOfTransaction(error)) throw error;
      return undefined;
    },
  );
  if (found) return asked.flatMap(({ subscription }, index) => (found[index] ? [subscription] : []));
  if (asked.length === 1) {
    parts.logger.error({ change: change.seq, subscription: asked[0]?.subscription.id }, 'criteria failed');
    return [];
  }
  const each: HookSubscription[] = [];
  for (const one of asked) each.push(...(await findMatching(parts, tx, change, [one])));
  return each;
}

/** Serialization failures, deadlocks and lost connections concern the whole transaction, which is tried again. */
function isOfTransaction(error: unknown): boolean {
  if (error instanceof SiltaError) return error.code === 'unavailable';
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code !== 'string' || /^(40|08|57|E)/.test(code);
}

/** Keeps what is served in step with the resource. */
async function follow(
  parts: NotifierParts,
  tx: StoreTransaction,
  change: ClaimedChange,
): Promise<readonly string[]> {
  parts.known.forget();
  const system = nameOfSubscription(change.id);
  const hook = change.content === null ? undefined : readHook(parts, change.id, change.content);
  if (!hook || hook.status === 'off' || hook.clientId === undefined) {
    await dropSubscription(tx.sql, change.id, system, ENDED);
    return [];
  }
  await serveSubscription(tx.sql, change.id, hook.clientId);
  if (hook.status !== 'requested') return [];
  return insertDeliveries(tx.sql, [deliveryOf(change, change.id, ACTIVATE)], parts.limits.graceMs);
}

function readHook({ logger }: NotifierParts, id: string, content: string): HookSubscription | undefined {
  try {
    return readSubscription(JSON.parse(content) as Resource);
  } catch (error) {
    logger.warn({ subscription: id, failure: loggable(error) }, 'subscription cannot be served');
    return undefined;
  }
}

function deliveryOf(change: ClaimedChange, subscription: string, route: string): NewDelivery {
  return {
    id: randomUUID(),
    changeSeq: change.seq,
    system: nameOfSubscription(subscription),
    route,
    type: change.type,
    resourceId: change.id,
    versionId: change.versionId,
    subject: change.subject,
    priority: 0,
  };
}
