/** Turns committed changes into effects and deliveries; any number of relays beside each other share the work. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Resource } from '../resource.ts';
import {
  claimChanges,
  claimFailedReaction,
  markHandled,
  readChange,
  type Store,
  type StoreTransaction,
} from '../store/index.ts';
import { type ChangeDependencies, handleChange } from './handle-change.ts';
import { rerunReaction } from './run-reactions.ts';

export interface RelayDependencies extends ChangeDependencies {
  readonly store: Store;
  /** Told of deliveries after the transaction that made them. */
  readonly offer: (id: string, delayMs: number) => Promise<void>;
}

/**
 * Handles changes until none is left that nobody else is handling.
 * @returns how many changes this call handled
 */
export async function relayChanges(context: RelayDependencies, stopped: () => boolean): Promise<number> {
  let total = 0;
  for (;;) {
    if (stopped()) return total;
    const { handled, heldBack, deliveries } = await relayBatch(context);
    for (const id of deliveries) await context.offer(id, 0);
    if (handled === 0 && heldBack === 0) return total;
    if (handled === 0) await sleep(HELD_BACK_MS);
    total += handled;
  }
}

/** Pause while another relay has what comes before. */
const HELD_BACK_MS = 20;

interface Batch {
  readonly handled: number;
  readonly heldBack: number;
  readonly deliveries: readonly string[];
}

async function relayBatch(context: RelayDependencies): Promise<Batch> {
  return context.store.transaction(async (tx) => {
    const { changes, heldBack } = await claimChanges(tx.sql, context.limits.batch);
    const deliveries: string[] = [];
    for (const change of changes) deliveries.push(...(await handleChange(context, tx, change)));
    if (changes.length > 0)
      await markHandled(
        tx.sql,
        changes.map(({ seq }) => seq),
      );
    return { handled: changes.length, heldBack, deliveries };
  });
}

/** Tries failed reactions again that are due. Returns how many were tried. */
export async function relayFailedReactions(
  context: RelayDependencies,
  stopped: () => boolean,
): Promise<number> {
  for (let tried = 0; ; tried++) {
    if (stopped() || !(await context.store.transaction((tx) => retryOne(context, tx)))) return tried;
  }
}

async function retryOne(context: RelayDependencies, tx: StoreTransaction): Promise<boolean> {
  const failed = await claimFailedReaction(tx.sql);
  if (!failed) return false;
  const change = await readChange(tx.sql, failed.changeSeq);
  const reaction = context.reactions.find(({ name }) => name === failed.reaction);
  if (!change || change.content === null) return false;
  const unknown = { name: failed.reaction, react: () => Promise.reject(new Error('no such reaction')) };
  const resource = JSON.parse(change.content) as Resource;
  await rerunReaction(context, tx, change, resource, reaction ?? unknown);
  return true;
}
