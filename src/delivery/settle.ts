/** The ends of an attempt, each in one SQL transaction. */

import { randomUUID } from 'node:crypto';
import type { OperationOutcome } from 'fhir/r4';
import { type Issue, toOperationOutcome } from '../outcome.ts';
import { GATEWAY } from '../principal.ts';
import {
  type ClaimedDelivery,
  type Offer,
  offerNext,
  postponeDelivery,
  type Queryable,
  settleDelivery,
  writeAudit,
} from '../store/index.ts';
import type { Route, SystemDefinition } from '../systems/index.ts';
import type { AttemptDependencies } from './attempt.ts';
import type { Sources } from './gather-sources.ts';
import { describeDelivery } from './provenance.ts';

/** A delivery that was sent, and with what. */
export interface Settlement {
  readonly claimed: ClaimedDelivery;
  readonly system: SystemDefinition;
  readonly route: Route;
  readonly sources: Sources;
}

/** Ends a delivery as sent, with its Provenance, and offers the next one in its order. */
export async function finish(
  context: AttemptDependencies,
  settlement: Settlement,
  remoteId: string | undefined,
): Promise<void> {
  const { claimed, system, route } = settlement;
  const map = canonicalOf(route);
  const next = await context.store.transaction(async (tx) => {
    const held = await settleDelivery(tx.sql, claimed, {
      state: 'sent',
      map,
      ...(remoteId !== undefined && { remoteId }),
    });
    if (!held) return 'lost';
    const resource = provenanceOf(context, settlement, map, remoteId);
    await tx.write([{ kind: 'create', resource }], {
      principal: GATEWAY,
      requestId: `delivery-${claimed.id}`,
    });
    await audit(tx.sql, claimed, 'success');
    return offerNext(tx.sql, claimed.system, claimed.subject, context.limits.graceMs);
  });
  if (next === 'lost') return reportLost(context, claimed);
  context.logger.info(
    { delivery: claimed.id, system: system.name, attempt: claimed.attempts },
    'delivery sent',
  );
  await offer(context, next);
}

function provenanceOf(
  context: AttemptDependencies,
  { system, sources }: Settlement,
  map: string,
  remoteId: string | undefined,
) {
  const [routed, ...inputs] = sources.versions.map(
    (version) => `${version.type}/${version.id}/_history/${version.versionId}`,
  );
  return describeDelivery({
    id: randomUUID(),
    recorded: context.clock(),
    patients: sources.versions[0]?.patients ?? [],
    sector: sources.versions[0]?.sector ?? system.sector,
    source: routed ?? '',
    inputs,
    map,
    system: system.name,
    remoteId,
  });
}

/** Ends a delivery that had no map as sent. */
export async function finishUnmapped(context: AttemptDependencies, claimed: ClaimedDelivery): Promise<void> {
  const next = await context.database.transaction(async (sql) => {
    if (!(await settleDelivery(sql, claimed, { state: 'sent' }))) return 'lost';
    await audit(sql, claimed, 'success');
    return offerNext(sql, claimed.system, claimed.subject, context.limits.graceMs);
  });
  if (next === 'lost') return reportLost(context, claimed);
  context.logger.info(
    { delivery: claimed.id, system: claimed.system, attempt: claimed.attempts },
    'delivery sent',
  );
  await offer(context, next);
}

/** Ends a delivery as dead, with what has to be mended; the ones behind it go on. */
export async function bury(
  context: AttemptDependencies,
  claimed: ClaimedDelivery,
  issues: readonly Issue[],
): Promise<void> {
  const outcome = toOperationOutcome(issues);
  const next = await context.database.transaction(async (sql) => {
    if (!(await settleDelivery(sql, claimed, { state: 'dead', outcome }))) return 'lost';
    await audit(sql, claimed, issues[0]?.code === 'forbidden' ? 'refused' : 'failed');
    return offerNext(sql, claimed.system, claimed.subject, context.limits.graceMs);
  });
  if (next === 'lost') return reportLost(context, claimed);
  context.logger.warn(
    { delivery: claimed.id, system: claimed.system, attempt: claimed.attempts, issue: issues[0]?.code },
    'delivery dead',
  );
  await offer(context, next);
}

/** Who got what, or did not, in the transaction that settles it. */
function audit(
  sql: Queryable,
  claimed: ClaimedDelivery,
  outcome: 'success' | 'refused' | 'failed',
): Promise<void> {
  return writeAudit(sql, [
    {
      principal: GATEWAY,
      requestId: `delivery-${claimed.id}`,
      action: 'delivery',
      outcome,
      entities: [`${claimed.type}/${claimed.resourceId}/_history/${claimed.versionId}`],
      detail: `${claimed.system}/${claimed.route}`,
    },
  ]);
}

/** Puts a delivery back to wait; with an outcome the attempt counts. */
export async function postpone(
  context: AttemptDependencies,
  claimed: ClaimedDelivery,
  delayMs: number,
  outcome?: OperationOutcome,
): Promise<void> {
  const held = await postponeDelivery(context.database, claimed, delayMs, context.limits.graceMs, outcome);
  if (!held) return reportLost(context, claimed);
  if (outcome) {
    context.logger.info(
      { delivery: claimed.id, system: claimed.system, attempt: claimed.attempts, delayMs },
      'delivery will be tried again',
    );
  }
  await context.offer(claimed.id, delayMs);
}

async function offer(context: AttemptDependencies, next: Offer | undefined): Promise<void> {
  if (next) await context.offer(next.id, next.delayMs);
}

function reportLost(context: AttemptDependencies, claimed: ClaimedDelivery): void {
  context.logger.warn(
    { delivery: claimed.id, system: claimed.system },
    'lease lost: another attempt has the delivery',
  );
}

/** `url|version` of a route's map. */
function canonicalOf(route: Route): string {
  return route.map.version === undefined ? route.map.url : `${route.map.url}|${route.map.version}`;
}
