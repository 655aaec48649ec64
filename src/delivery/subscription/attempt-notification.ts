/** One attempt to notify a subscriber: is it still served → may it still see → send → settle, and keep its status true. */
import { randomUUID } from 'node:crypto';
import { type Issue, toOperationOutcome } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import { type ClaimedDelivery, countEvents } from '../../store/index.ts';
import { type HookSubscription, readSubscription } from '../../subscription.ts';
import type { SendResult } from '../../systems/index.ts';
import type { AttemptDependencies } from '../attempt.ts';
import { loggable } from '../loggable.ts';
import { retryLater } from '../retry-later.ts';
import { bury, finishUnmapped, postpone } from '../settle.ts';
import { keepStatus } from './keep-status.ts';
import { ACTIVATE, subscriptionOf } from './names.ts';
import { buildNotification, type NotificationEvent } from './notification-bundle.ts';
import { type HookRequest, postHook } from './post-hook.ts';
import type { Subscribers } from './subscribers.ts';

export type NotificationDependencies = AttemptDependencies & { readonly subscribers: Subscribers };

const METRIC = 'Subscription';
const MADE_KNOWN = 'The subscription is made known to all gateways.';
const ACTIVE = new Set(['active', 'error']);

export async function attemptNotification(
  context: NotificationDependencies,
  claimed: ClaimedDelivery,
): Promise<void> {
  const subscription = await readServed(context, subscriptionOf(claimed.system));
  if (!subscription) return bury(context, claimed, [inform('The subscription has ended.')]);
  const { subscriptionMs } = context.limits;
  const isActivation = claimed.route === ACTIVATE;
  if (isActivation && subscription.status === 'active') return finishUnmapped(context, claimed);
  // Counted from the first claim, which follows the commit: every gateway has heard of it after that.
  if (isActivation && claimed.attempts === 1) {
    return postpone(context, claimed, 2 * subscriptionMs, toOperationOutcome([inform(MADE_KNOWN)]));
  }
  if (!isActivation && !ACTIVE.has(subscription.status)) return postpone(context, claimed, subscriptionMs);
  const breaker = context.breakers.of(claimed.system);
  const wait = breaker.admit();
  if (wait > 0) return postpone(context, claimed, wait * (1 + context.random() / 10));
  let reached: boolean | undefined;
  try {
    const objection = objectTo(context, subscription);
    if (objection) return await refuse(context, claimed, objection);
    const event = isActivation ? undefined : await readEvent(context, claimed, subscription);
    if (event instanceof Objection) return await refuse(context, claimed, event);
    const result = await send(context, claimed, subscription, event).catch((error: unknown) => {
      context.logger.error({ delivery: claimed.id, failure: loggable(error) }, 'notification failed');
      return FAILED;
    });
    reached = result.ok || !(result.retryable && ['transient', 'timeout'].includes(result.issue.code));
    await settle(context, claimed, subscription, result);
  } finally {
    breaker.report(reached);
  }
}

const FAILED: SendResult = {
  ok: false,
  retryable: true,
  issue: {
    severity: 'error',
    code: 'exception',
    diagnostics: 'The gateway failed to make the notification. The failure is logged.',
  },
};

/** What speaks against telling. */
class Objection {
  readonly issue: Issue;
  constructor(issue: Issue) {
    this.issue = issue;
  }
}

const objectTo = (
  { subscribers }: NotificationDependencies,
  subscription: HookSubscription,
): Objection | undefined => (subscribers.searchOf(subscription) ? undefined : new Objection(REFUSED));

const REFUSED: Issue = {
  severity: 'error',
  code: 'forbidden',
  diagnostics: 'The subscriber may no longer do the search of the criteria.',
};

/** The subscription as it is now, unless it is off or over. */
async function readServed(
  { store, clock }: NotificationDependencies,
  id: string,
): Promise<HookSubscription | undefined> {
  const stored = await store.read('Subscription', id);
  if (!stored || stored.content === null) return undefined;
  const subscription = readSubscription(JSON.parse(stored.content) as Resource);
  const isOver = subscription.end !== undefined && Date.parse(subscription.end) <= clock().getTime();
  if (isOver) await keepStatus(store, id, 'off');
  return isOver || subscription.status === 'off' ? undefined : subscription;
}

/** What is told of, as the subscriber may see it now; what speaks against telling otherwise. */
async function readEvent(
  { store, subscribers }: NotificationDependencies,
  { type, resourceId, versionId, event }: ClaimedDelivery,
  subscription: HookSubscription,
): Promise<NotificationEvent | Objection> {
  const [version, present] = await Promise.all([
    store.readVersion(type, resourceId, versionId),
    store.read(type, resourceId),
  ]);
  if (!version || version.content === null || !present || present.content === null) {
    return new Objection(inform('The resource was deleted before it was told of.'));
  }
  if (![version, present].every((each) => subscribers.maySee(subscription, each))) {
    return new Objection({ ...REFUSED, diagnostics: 'The subscriber may no longer see the resource.' });
  }
  const { id, lastUpdated, method, content } = version;
  return { number: event ?? 0, type, id, versionId, lastUpdated, method, content };
}

async function refuse(
  context: NotificationDependencies,
  claimed: ClaimedDelivery,
  { issue }: Objection,
): Promise<void> {
  context.metrics.attempt(METRIC, 'dead');
  await bury(context, claimed, [issue]);
  if (issue !== REFUSED) return;
  await keepStatus(context.store, subscriptionOf(claimed.system), 'error', REFUSED.diagnostics);
}

async function send(
  context: NotificationDependencies,
  claimed: ClaimedDelivery,
  subscription: HookSubscription,
  event: NotificationEvent | undefined,
): Promise<SendResult> {
  // Plain R4 knows no handshake.
  if (!event && !subscription.content) return { ok: true };
  const headers = openHeaders(context, subscription);
  if (!headers) return UNSEALED;
  const { payload } = subscription;
  const json = await describe(context, subscription, event);
  const body =
    json !== undefined && payload === 'application/fhir+xml' ? context.subscribers.writeXml(json) : json;
  const base = new URL(subscription.endpoint);
  const isUpdate = event !== undefined && payload !== undefined && !subscription.content;
  if (isUpdate) base.pathname = `${base.pathname.replace(/\/$/, '')}/${event.type}/${event.id}`;
  const hook: HookRequest = {
    method: isUpdate ? 'PUT' : 'POST',
    url: base,
    headers: {
      ...headers,
      ...(body !== undefined && { 'Content-Type': `${payload}; charset=utf-8` }),
      'Idempotency-Key': claimed.id,
    },
    ...(body !== undefined && { body }),
  };
  const { notificationMs: timeoutMs } = context.limits;
  return postHook(hook, { timeoutMs, allowPrivate: context.subscribers.allowPrivate });
}

const UNSEALED: SendResult = {
  ok: false,
  retryable: false,
  issue: { severity: 'error', code: 'security', diagnostics: 'A header cannot be opened: give it anew.' },
};

function openHeaders(
  { subscribers }: NotificationDependencies,
  subscription: HookSubscription,
): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const each of subscription.headers) {
    const colon = each.indexOf(':');
    const value = subscribers.openHeader(subscription, each.slice(colon + 1).trim());
    if (value === undefined) return undefined;
    headers[each.slice(0, colon)] = value;
  }
  return headers;
}

/** JSON text of what is sent. */
async function describe(
  { database, clock, subscribers }: NotificationDependencies,
  subscription: HookSubscription,
  event: NotificationEvent | undefined,
): Promise<string | undefined> {
  if (!subscription.content) return subscription.payload && event?.content;
  const events = event?.number ?? (await countEvents(database, subscription.id));
  const parts = { subscription, baseUrl: subscribers.baseUrl, events, now: clock(), uuid: randomUUID };
  return JSON.stringify(buildNotification(parts, event));
}

async function settle(
  context: NotificationDependencies,
  claimed: ClaimedDelivery,
  subscription: HookSubscription,
  result: SendResult,
): Promise<void> {
  context.metrics.attempt(METRIC, result.ok ? 'sent' : result.retryable ? 'retry' : 'dead');
  if (result.ok) {
    if (subscription.status !== 'active') await keepStatus(context.store, subscription.id, 'active');
    return finishUnmapped(context, claimed);
  }
  const { issue } = result;
  const isBroken = !result.retryable || claimed.attempts >= context.limits.breakerFailures;
  if (isBroken) await keepStatus(context.store, subscription.id, 'error', issue.diagnostics);
  if (!result.retryable) return bury(context, claimed, [issue]);
  return retryLater(context, claimed, issue, result.retryAfterMs);
}

const inform = (diagnostics: string): Issue => ({
  severity: 'information',
  code: 'informational',
  diagnostics,
});
