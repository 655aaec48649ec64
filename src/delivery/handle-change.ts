/** What one change leads to: the effects of reactions and one delivery per route that applies. */
import { randomUUID } from 'node:crypto';
import { asSiltaError, toOperationOutcome } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import {
  buryDelivery,
  type ClaimedChange,
  insertDeliveries,
  type NewDelivery,
  type StoreTransaction,
} from '../store/index.ts';
import type { Route, SystemDefinition } from '../systems/index.ts';
import type { Path } from './compile-path.ts';
import { loggable } from './loggable.ts';
import { type ReactionRunner, runReactions } from './run-reactions.ts';

export interface ChangeDependencies extends ReactionRunner {
  readonly systems: () => readonly SystemDefinition[];
  readonly path: (expression: string) => Path;
  /** Tells subscribers of a change; ids of the deliveries that do. */
  readonly notify?: (tx: StoreTransaction, change: ClaimedChange) => Promise<readonly string[]>;
}

/**
 * Handles a claimed change in the transaction that claimed it.
 * @returns ids of the deliveries that were made
 * @throws only what makes the whole transaction fail, such as a lost connection
 */
export async function handleChange(
  context: ChangeDependencies,
  tx: StoreTransaction,
  change: ClaimedChange,
): Promise<readonly string[]> {
  const made = [...((await context.notify?.(tx, change)) ?? [])];
  if (change.content === null) return made;
  const resource = JSON.parse(change.content) as Resource;
  await runReactions(context, tx, change, resource);
  for (const system of context.systems()) {
    if (system.name === change.origin) continue;
    for (const route of system.routes) {
      const id = await routeChange(context, tx, change, resource, { system, route });
      if (id) made.push(id);
    }
  }
  return made;
}

async function routeChange(
  context: ChangeDependencies,
  tx: StoreTransaction,
  change: ClaimedChange,
  resource: Resource,
  { system, route }: { readonly system: SystemDefinition; readonly route: Route },
): Promise<string | undefined> {
  if (route.on !== change.type) return undefined;
  const delivery = deliveryOf(change, system, route);
  try {
    if (!applies(context, route, resource)) return undefined;
  } catch (error) {
    // A condition that fails must not hide the change from the system: it waits among the dead until it is mended.
    context.logger.error(
      { change: change.seq, system: system.name, route: route.name, failure: loggable(error) },
      'route failed',
    );
    const [id] = await insertDeliveries(tx.sql, [delivery], context.limits.graceMs);
    if (id) await buryDelivery(tx.sql, id, toOperationOutcome(asSiltaError(error).issues));
    return undefined;
  }
  const [id] = await insertDeliveries(tx.sql, [delivery], context.limits.graceMs);
  return id;
}

function applies(context: ChangeDependencies, route: Route, resource: Resource): boolean {
  if (route.when === undefined) return true;
  const result = context.path(route.when)(structuredClone(resource));
  return result.length === 1 && result[0] === true;
}

function deliveryOf(change: ClaimedChange, system: SystemDefinition, route: Route): NewDelivery {
  return {
    id: randomUUID(),
    changeSeq: change.seq,
    system: system.name,
    route: route.name,
    type: change.type,
    resourceId: change.id,
    versionId: change.versionId,
    subject: change.subject,
    priority: 0,
  };
}
