/** Takes in one message of a connected system: deduplicate → map → find by business identifier → merge → write. */
import { randomUUID } from 'node:crypto';
import type { OperationOutcome } from 'fhir/r4';
import { type Issue, SiltaError, toOperationOutcome } from '../../outcome.ts';
import type { Principal } from '../../principal.ts';
import type { Resource } from '../../resource.ts';
import {
  type Database,
  findInbound,
  keepInbound,
  readInbound,
  type Store,
  type StoreTransaction,
} from '../../store/index.ts';
import type { Inbound, SystemDefinition } from '../../systems/index.ts';
import type { Path } from '../compile-path.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import { reportPlace } from '../run-map.ts';
import type { Logger } from '../types.ts';
import { findCurrent } from './find-current.ts';
import { mergeOwned } from './merge-owned.ts';
import { openRawCopy, sealRawCopy } from './raw-copy.ts';
import { checkTransition } from './status-transitions.ts';

export interface InboundDependencies {
  readonly database: Database;
  readonly store: Store;
  readonly systems: () => readonly SystemDefinition[];
  readonly path: (expression: string) => Path;
  readonly rawCopyKey: Uint8Array;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly metrics: DeliveryMetrics;
  /** Findings on the resource as it would be written; errors among them refuse the message. */
  readonly validate?: (resource: Resource) => readonly Issue[] | Promise<readonly Issue[]>;
  /** Told after a write. */
  readonly poke: () => void;
}

/** A message as received, with what is configured for it. */
export interface Received {
  readonly system: SystemDefinition;
  readonly inbound: Inbound;
  readonly raw: Uint8Array;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** How often a message is merged anew before its sender has to try again. */
const MOST_RACES = 20;
/** Errors that say nothing about the message: it is not kept as dead, the sender tries again. */
const OURS = new Set(['unavailable', 'internal', 'precondition-failed']);

/**
 * Takes in a message. The same message again gets the same answer and writes nothing; one that was refused is tried anew.
 * @returns the answer to the sender
 * @throws SiltaError `invalid-json`, `invalid-request` (no message id), `invalid-resource` (mapping, with its place),
 * `not-found` (identifier), `conflict` (status); the last three leave a dead message that can be replayed
 */
export async function takeIn(context: InboundDependencies, received: Received): Promise<OperationOutcome> {
  const message = parseMessage(received.raw);
  const messageId = readMessageId(context, received.inbound, message);
  try {
    const answer = await retryRaces(() =>
      context.store.transaction((tx) => process(context, tx, received, message, messageId)),
    );
    context.poke();
    return answer;
  } catch (error) {
    if (error instanceof SiltaError && !OURS.has(error.code))
      await keepDead(context, received, messageId, error);
    throw error;
  }
}

/** Somebody else may write the resource between our reading and writing it: then the message is merged anew. */
async function retryRaces<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const raced = error instanceof SiltaError && error.code === 'precondition-failed';
      if (!raced || attempt >= MOST_RACES) throw error;
    }
  }
}

/**
 * Takes in a dead message again from its encrypted copy, e.g. with a mended map.
 * @throws SiltaError `not-found`; `conflict` when it was taken in already; `gone` when its copy was erased
 */
export async function replayInbound(context: InboundDependencies, id: string): Promise<OperationOutcome> {
  const kept = UUID.test(id) ? await readInbound(context.database, id) : undefined;
  if (!kept) throw new SiltaError('not-found', 'There is no inbound message with this id.');
  if (kept.state === 'done') throw new SiltaError('conflict', 'The message was taken in already.');
  if (!kept.raw) throw new SiltaError('gone', 'The raw copy of the message has been erased after its time.');
  const { system, inbound } = requireInboundDefinition(
    findInboundDefinition(context.systems(), kept.system, kept.message),
  );
  const raw = openRawCopy(context.rawCopyKey, kept.raw, aboutOf(kept.system, kept.message, kept.messageId));
  return takeIn(context, { system, inbound, raw });
}

export interface InboundDefinition {
  readonly system: SystemDefinition;
  readonly inbound: Inbound;
}

/** Undefined when the system or the message is not configured. */
export function findInboundDefinition(
  systems: readonly SystemDefinition[],
  systemName: string,
  message: string,
): InboundDefinition | undefined {
  const system = systems.find(({ name }) => name === systemName);
  const inbound = system?.inbound.find(({ receive }) => receive === message);
  return system && inbound && { system, inbound };
}

/** @throws SiltaError `not-found` */
export function requireInboundDefinition(found: InboundDefinition | undefined): InboundDefinition {
  if (found) return found;
  throw new SiltaError('not-found', 'No such message of such a system is known here.');
}

function parseMessage(raw: Uint8Array): unknown {
  try {
    const message: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
    if (typeof message === 'object' && message !== null) return message;
  } catch {
    // Answered below: what the parser says may quote the content.
  }
  throw new SiltaError('invalid-json', 'The message is not a JSON object in UTF-8.');
}

function readMessageId(context: InboundDependencies, inbound: Inbound, message: unknown): string {
  const [id] = context.path(inbound.messageId)(structuredClone(message));
  if ((typeof id === 'string' && id.length > 0 && id.length <= 200) || typeof id === 'number')
    return String(id);
  throw new SiltaError(
    'invalid-request',
    'The message has no id of its own, by which a repeated one is known.',
    {
      expression: [inbound.messageId],
    },
  );
}

async function process(
  context: InboundDependencies,
  tx: StoreTransaction,
  received: Received,
  message: unknown,
  messageId: string,
): Promise<OperationOutcome> {
  const { system, inbound, raw } = received;
  await tx.lock(`inbound/${aboutOf(system.name, inbound.receive, messageId)}`);
  const before = await findInbound(tx.sql, system.name, inbound.receive, messageId);
  if (before?.state === 'done') {
    context.metrics.inbound(system.name, inbound.receive, 'repeated');
    return before.outcome;
  }
  const id = before?.id ?? randomUUID();
  const reference = await upsert(context, tx, received, message, id);
  const outcome = toOperationOutcome([
    { severity: 'information', code: 'informational', diagnostics: `Taken in: ${reference}.` },
  ]);
  const about = aboutOf(system.name, inbound.receive, messageId);
  await keepInbound(tx.sql, {
    id,
    system: system.name,
    message: inbound.receive,
    messageId,
    state: 'done',
    raw: sealRawCopy(context.rawCopyKey, raw, about),
    reference,
    outcome,
  });
  context.metrics.inbound(system.name, inbound.receive, 'done');
  context.logger.info(
    { inbound: id, system: system.name, message: inbound.receive, reference },
    'message taken in',
  );
  return outcome;
}

/** Writes what the message says and returns the version that now holds it. */
async function upsert(
  context: InboundDependencies,
  tx: StoreTransaction,
  { system, inbound }: Received,
  message: unknown,
  id: string,
): Promise<string> {
  const environment = { now: context.clock, uuid: randomUUID };
  const run = (sources: Record<string, unknown>) =>
    reportPlace(() => inbound.map.run(sources, environment), inbound.map.url) as Resource;
  const [first = 'source', second] = inbound.map.sources;
  const draft = run(second ? { [first]: message, [second]: {} } : { [first]: message });
  const { version, resource } = await findCurrent(tx, inbound, draft);
  const mapped = second ? run({ [first]: message, [second]: structuredClone(resource) }) : draft;
  const next = mergeOwned(resource, mapped, inbound.owns);
  if (!next) return `${version.type}/${version.id}/_history/${version.versionId}`;
  checkTransition(resource, next);
  await refuseInvalid(context, next);
  const [written] = await tx.write([{ kind: 'update', resource: next, ifMatch: version.versionId }], {
    principal: principalOf(system),
    requestId: `inbound-${id}`,
    origin: system.name,
  });
  return `${version.type}/${version.id}/_history/${written?.versionId ?? version.versionId}`;
}

async function refuseInvalid(context: InboundDependencies, resource: Resource): Promise<void> {
  const issues = (await context.validate?.(resource)) ?? [];
  if (!issues.some(({ severity }) => severity === 'error' || severity === 'fatal')) return;
  throw new SiltaError('invalid-resource', 'The message makes a resource that is not valid.', { issues });
}

/** The connected system as the author of what its messages write. */
function principalOf(system: SystemDefinition): Principal {
  return { kind: 'system', who: `Device/${system.name}`, scopes: [], sectors: [system.sector] };
}

async function keepDead(
  context: InboundDependencies,
  { system, inbound, raw }: Received,
  messageId: string,
  error: SiltaError,
): Promise<void> {
  const id = randomUUID();
  await keepInbound(context.database, {
    id,
    system: system.name,
    message: inbound.receive,
    messageId,
    state: 'dead',
    raw: sealRawCopy(context.rawCopyKey, raw, aboutOf(system.name, inbound.receive, messageId)),
    outcome: toOperationOutcome(error.issues),
  });
  context.metrics.inbound(system.name, inbound.receive, 'dead');
  context.logger.warn(
    { inbound: id, system: system.name, message: inbound.receive, code: error.code },
    'message refused',
  );
}

function aboutOf(system: string, message: string, messageId: string): string {
  return JSON.stringify([system, message, messageId]);
}
