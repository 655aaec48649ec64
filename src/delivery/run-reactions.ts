/** Runs reactions to a change, each isolated from the others and from the deliveries of the same change. */
import { randomUUID } from 'node:crypto';
import { asSiltaError, SiltaError, toOperationOutcome } from '../outcome.ts';
import { GATEWAY, SECTOR_SYSTEM, type Sector } from '../principal.ts';
import type { Resource } from '../resource.ts';
import {
  type ClaimedChange,
  claimEffect,
  clearFailedReaction,
  inSavepoint,
  recordFailedReaction,
  type StoreTransaction,
  type Write,
} from '../store/index.ts';
import { backOff } from './backoff.ts';
import { loggable } from './loggable.ts';
import { describeEffect } from './provenance.ts';
import type { Change, DeliveryLimits, Effect, Logger, Reaction, ReactionTools } from './types.ts';

export interface ReactionRunner {
  readonly reactions: readonly Reaction[];
  readonly clock: () => Date;
  readonly random: () => number;
  readonly logger: Logger;
  readonly limits: DeliveryLimits;
}

/** Runs every reaction; one that fails leaves nothing but a record of the failure. */
export async function runReactions(
  runner: ReactionRunner,
  tx: StoreTransaction,
  change: ClaimedChange,
  resource: Resource,
): Promise<void> {
  for (const reaction of runner.reactions) await runReaction(runner, tx, change, resource, reaction);
}

/** Runs one reaction inside a savepoint of the change's transaction; false when it failed and that was recorded. */
export async function runReaction(
  runner: ReactionRunner,
  tx: StoreTransaction,
  change: ClaimedChange,
  resource: Resource,
  reaction: Reaction,
): Promise<boolean> {
  const work = async () => {
    const effects = await reaction.react(toChange(change), resource, toolsOf(runner, tx, change));
    for (const effect of effects) await applyEffect(runner, tx, change, reaction, effect);
    return true;
  };
  return inSavepoint(tx.sql, work, async (error) => {
    if (isTransactionFailure(error)) throw error;
    await recordFailure(runner, tx, change, reaction, error);
    return false;
  });
}

/** Serialization failures, deadlocks and lost connections concern the whole transaction, which is tried again. */
function isTransactionFailure(error: unknown): boolean {
  if (error instanceof SiltaError) return error.code === 'unavailable';
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && (/^(40|08|57)/.test(code) || code.startsWith('E'));
}

async function applyEffect(
  runner: ReactionRunner,
  tx: StoreTransaction,
  change: ClaimedChange,
  reaction: Reaction,
  effect: Effect,
): Promise<void> {
  const claim = { once: effect.once, changeSeq: change.seq, reaction: reaction.name, rule: effect.rule };
  if (effect.writes.length === 0 || !(await claimEffect(tx.sql, claim))) return;
  const writes = effect.writes.map((write) => labelled(write, change.sector));
  const context = { principal: GATEWAY, requestId: `change-${change.seq}` };
  const written = await tx.write(writes, context);
  const provenance = describeEffect({
    id: randomUUID(),
    recorded: runner.clock(),
    targets: written.map(({ type, id }) => `${type}/${id}`),
    patients: change.patients,
    sector: change.sector,
    rule: effect.rule,
    reason: effect.reason,
    cause: `${change.type}/${change.id}/_history/${change.versionId}`,
  });
  await tx.write([{ kind: 'create', resource: provenance }], context);
  runner.logger.info(
    { change: change.seq, reaction: reaction.name, written: written.length },
    'rule applied',
  );
}

/** What a rule makes belongs to the sector of what caused it, unless it says otherwise. */
function labelled(write: Write, sector: Sector): Write {
  if (write.kind === 'delete') return write;
  const { resource } = write;
  const labels = resource.meta?.security ?? [];
  if (labels.some(({ system }) => system === SECTOR_SYSTEM)) return write;
  const security = [...labels, { system: SECTOR_SYSTEM, code: sector }];
  return { ...write, resource: { ...resource, meta: { ...resource.meta, security } } };
}

async function recordFailure(
  runner: ReactionRunner,
  tx: StoreTransaction,
  change: ClaimedChange,
  reaction: Reaction,
  error: unknown,
): Promise<void> {
  const { limits } = runner;
  const outcome = toOperationOutcome(asSiltaError(error).issues);
  const state = await recordFailedReaction(
    tx.sql,
    { changeSeq: change.seq, reaction: reaction.name, outcome },
    { delayMs: backOff(1, limits, runner.random), maxAttempts: limits.maxReactionAttempts },
  );
  runner.logger.error(
    { change: change.seq, reaction: reaction.name, state, failure: loggable(error) },
    'reaction failed',
  );
}

/** Runs a reaction again that had failed; forgets the failure when it succeeds. */
export async function rerunReaction(
  runner: ReactionRunner,
  tx: StoreTransaction,
  change: ClaimedChange,
  resource: Resource,
  reaction: Reaction,
): Promise<void> {
  const succeeded = await runReaction(runner, tx, change, resource, reaction);
  if (succeeded) await clearFailedReaction(tx.sql, change.seq, reaction.name);
}

function toChange(change: ClaimedChange): Change {
  const { seq, type, id, versionId, method, patients } = change;
  return { seq, type, id, versionId, method, patients, origin: change.origin ?? undefined };
}

function toolsOf(runner: ReactionRunner, tx: StoreTransaction, change: ClaimedChange): ReactionTools {
  return {
    read: (type, id) => tx.read(type, id),
    search: (query) => tx.search(query),
    previous: change.previous === null ? undefined : (JSON.parse(change.previous) as Resource),
    now: runner.clock,
    uuid: randomUUID,
  };
}
