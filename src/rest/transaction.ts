// https://hl7.org/fhir/R4/http.html#transaction
import { isRefusal } from '../access/index.ts';
import { type Issue, SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { StoredVersion, StoreTransaction } from '../store/index.ts';
import { writeContext } from './admit-write.ts';
import { answerInTransaction } from './answer-once.ts';
import { answerWrite } from './answer-write.ts';
import { assembleBundle, type EntryText } from './assemble-bundle.ts';
import {
  answerEntry,
  type BundleEntry,
  faultIn,
  listEntries,
  locateError,
  locateFaults,
  parseEntry,
} from './bundle-entry.ts';
import { criteriaKey, criteriaOf } from './find-existing.ts';
import { type JudgedContent, judgeContent } from './judge-content.ts';
import { judgePatch } from './patch.ts';
import { type Audit, auditRefusal, auditShown } from './perform.ts';
import { type PlannedWrite, planWrites } from './plan-transaction.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { referenceOf } from './represent.ts';
import { requireResource } from './require-resource.ts';
import { retryStale } from './retry-stale.ts';
import type { FhirRequest, FhirResponse, Idempotency, Session } from './types.ts';
import { requireId } from './update.ts';

/** Interactions an entry of a transaction may ask for. */
const SUPPORTED: ReadonlySet<string> = new Set([
  'create',
  'update',
  'patch',
  'delete',
  'read',
  'search-type',
]);

/** An entry that has passed everything that can be judged without the store's transaction. */
export interface JudgedEntry extends BundleEntry {
  readonly content?: JudgedContent;
  /** The version that a patch was applied to. */
  readonly patched?: StoredVersion;
}

/**
 * Performs all entries or none. What needs no database is judged first, all faults of all entries together;
 * then one SQL transaction finds, admits, writes and reads.
 */
export async function transaction(
  bundle: Resource,
  session: Session,
  audit: Audit,
  { preferReturn, idempotency }: Pick<FhirRequest, 'preferReturn' | 'idempotency'> = {},
): Promise<FhirResponse> {
  const raw = listEntries(session.rest, bundle);
  const parsed = raw.map((entry, index) => parseEntry(session.rest, entry, index, preferReturn));
  const { response, fresh } = await performAll(parsed, session, idempotency).catch(async (error: unknown) => {
    const refused = parsed.find(({ index }) => isRefusedAt(error, index));
    if (refused) await audit([auditRefusal(session, refused.route.name, refused.request)]);
    throw error;
  });
  const { shown: again, ...answer } = response;
  if (fresh?.wrote) session.rest.onWritten?.();
  if (fresh && fresh.shown.length > 0) await audit(fresh.shown);
  if (!fresh && again) {
    await audit([auditShown(session, again, { type: '', id: '', versionId: '', parameters: [] })]);
  }
  return answer;
}

/** The answer, and what was done for it; nothing was when it repeats an earlier one. */
async function performAll(
  parsed: readonly BundleEntry[],
  session: Session,
  idempotency: Idempotency | undefined,
): Promise<{ readonly response: FhirResponse; readonly fresh?: Outcome }> {
  refuseUnsupported(parsed);
  refuseDuplicates(parsed);
  return retryStale(undefined, async () => {
    const entries = await judgeEntries(session, parsed);
    if (!idempotency && entries.every(isPlainWrite)) {
      const fresh = await run(entries, session, { write: session.rest.store.write, lock: notNeeded });
      return { response: answerTransaction(fresh), fresh };
    }
    const done: { fresh?: Outcome } = {};
    const { response } = await answerInTransaction(session, idempotency, async (tx) => {
      done.fresh = await run(entries, { ...session, reader: tx }, tx);
      return answerTransaction(done.fresh);
    });
    return { response, ...done };
  });
}

/**
 * Whether an entry writes what it names: neither what criteria find nor what is read afterwards needs a lock or a view of
 * its own. Entries that are all so are written by one statement, which is a transaction by itself; what they were
 * judged by is in the versions that the writes name.
 */
function isPlainWrite({ route, request }: BundleEntry): boolean {
  return route.method !== 'GET' && criteriaOf(route.name, request) === undefined;
}

const notNeeded = (): never => {
  throw new TypeError('plain writes lock no criteria');
};

function answerTransaction({ answers, references }: Outcome): FhirResponse {
  return {
    status: 200,
    body: assembleBundle({ type: 'transaction-response', entries: answers }),
    shown: { action: 'transaction', entities: references },
  };
}

/** Whether the policy refused the entry at this place: errors of entries are located. */
function isRefusedAt(error: unknown, index: number): boolean {
  if (!(error instanceof SiltaError) || !isRefusal(error)) return false;
  return error.issues.some(({ expression }) =>
    expression?.some((each) => each.startsWith(`Bundle.entry[${index}]`)),
  );
}

function refuseUnsupported(entries: readonly BundleEntry[]): void {
  for (const { index, route } of entries) {
    if (!SUPPORTED.has(route.name) || route.body === 'form') {
      throw faultIn(index, 'request', `'${route.name}' cannot be part of a transaction.`);
    }
  }
}

/** @see https://hl7.org/fhir/R4/http.html#trules: no two entries may be about the same resource */
function refuseDuplicates(entries: readonly BundleEntry[]): void {
  const fullUrls = new Set<string>();
  const written = new Set<string>();
  for (const { index, fullUrl, route, request } of entries) {
    if (fullUrl !== undefined) {
      if (fullUrls.has(fullUrl)) throw faultIn(index, 'fullUrl', 'Another entry has the same fullUrl.');
      fullUrls.add(fullUrl);
    }
    const reference = locateFaults(index, () => writtenBy(route.name, request));
    if (reference === undefined) continue;
    if (written.has(reference)) {
      throw faultIn(index, 'request.url', 'Another entry writes the same resource.');
    }
    written.add(reference);
  }
}

/** What an entry writes, as far as it says: the resource, or the criteria that mean it. */
function writtenBy(name: string, request: FhirRequest): string | undefined {
  const criteria = criteriaOf(name, request);
  if (criteria) return criteriaKey(request.type, criteria);
  return name === 'update' || name === 'patch' || name === 'delete'
    ? `${request.type}/${request.id}`
    : undefined;
}

async function judgeEntries(
  session: Session,
  entries: readonly BundleEntry[],
): Promise<readonly JudgedEntry[]> {
  const judged: JudgedEntry[] = [];
  const issues: Issue[] = [];
  for (const entry of entries) {
    try {
      judged.push(await judgeEntry(session, entry));
    } catch (thrown) {
      const error = locateError(entry.index, thrown);
      if (!(error instanceof SiltaError) || error.code !== 'invalid-resource') throw error;
      issues.push(...error.issues);
    }
  }
  if (issues.length > 0) {
    throw new SiltaError('invalid-resource', 'Resources of the transaction have errors.', { issues });
  }
  return judged;
}

async function judgeEntry(session: Session, entry: BundleEntry): Promise<JudgedEntry> {
  const { rest, principal } = session;
  const { name } = entry.route;
  if (name === 'patch') {
    const { current, content } = await judgePatch(entry.request, session);
    return { ...entry, content, patched: current };
  }
  if (name !== 'create' && name !== 'update') return entry;
  const isConditional = entry.request.id === '' && name === 'update';
  if (!isConditional) refuseParameters(entry.request, []);
  rest.access.authorize(principal, name, entry.request.type);
  const resource = requireResource(entry.request);
  const named = name === 'update' && !isConditional ? requireId(entry.request, resource) : resource;
  return { ...entry, content: await judgeContent(session, named) };
}

interface Outcome {
  readonly answers: readonly EntryText[];
  readonly shown: Parameters<Audit>[0];
  readonly wrote: boolean;
  /** Everything that the answer tells of. */
  readonly references: readonly string[];
}

async function run(
  entries: readonly JudgedEntry[],
  session: Session,
  tx: Pick<StoreTransaction, 'write' | 'lock'>,
): Promise<Outcome> {
  const answers: EntryText[] = new Array<EntryText>(entries.length);
  const plan = await planWrites(entries, session, tx);
  const writes = plan.flatMap(({ write: one }) => (one ? [one] : []));
  const stored = writes.length > 0 ? await tx.write(writes, writeContext(session)) : [];
  let next = 0;
  for (const planned of plan) {
    const version = planned.write ? stored[next++] : planned.existing;
    if (planned.write && !version) throw new TypeError('the store returned no version for a write');
    answers[planned.entry.index] = answerPlanned(session, planned, version);
  }
  const shown: Parameters<Audit>[0][number][] = [];
  for (const entry of entries.filter(({ route }) => route.method === 'GET')) {
    const response = await readWithin(entry, session);
    if (response.shown) shown.push(auditShown(session, response.shown, entry.request));
    answers[entry.index] = answerEntry(entry.request, entry.route, response);
  }
  const told = [...stored, ...plan.flatMap(({ existing }) => existing ?? [])].map(referenceOf);
  const references = [...new Set([...told, ...shown.flatMap(({ entities }) => entities)])];
  return { answers, shown, wrote: writes.length > 0, references };
}

function answerPlanned(
  session: Session,
  { entry, write }: PlannedWrite,
  version: StoredVersion | undefined,
): EntryText {
  if (!version) return answerEntry(entry.request, entry.route, { status: 204 });
  const status = entry.route.method === 'DELETE' ? 204 : write && version.method === 'create' ? 201 : 200;
  const warnings = entry.content?.warnings ?? [];
  return answerEntry(
    entry.request,
    entry.route,
    answerWrite(session.rest, entry.request, version, { status, warnings }),
  );
}

async function readWithin(entry: JudgedEntry, session: Session): Promise<FhirResponse> {
  const work = locateFaults(entry.index, () => entry.route.interact(entry.request, session));
  return work.catch((error: unknown) => {
    throw locateError(entry.index, error);
  });
}
