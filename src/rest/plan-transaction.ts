/**
 * Turns the judged entries of a transaction into writes, inside the SQL transaction: which creates find an
 * existing resource, which ids the others get, what the references become, and whether the caller may.
 * @see https://hl7.org/fhir/R4/http.html#trules
 */
import { type Issue, SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { StoredVersion, StoreTransaction, Write } from '../store/index.ts';
import { refuseDangling } from './admit-write.ts';
import { locateError, PROCESSING_ORDER } from './bundle-entry.ts';
import { collectReferences, visitReferences } from './check-references.ts';
import { criteriaKey, criteriaOf, findExisting, parseCriteria } from './find-existing.ts';
import { refuseErrors } from './judge-content.ts';
import { isConditional, rewriteReferences } from './resolve-references.ts';
import type { JudgedEntry } from './transaction.ts';
import type { FhirRequest, Session } from './types.ts';
import { findCurrent, updateTo } from './update.ts';
import { findUpdateTarget } from './update-target.ts';
import { parseIfMatch, requireVersion } from './version-headers.ts';

/** One entry that writes: its write, or the version that made it unnecessary; neither when nothing is to be deleted. */
export interface PlannedWrite {
  readonly entry: JudgedEntry;
  readonly write?: Write;
  readonly existing?: StoredVersion;
}

/** An entry with the id it is going to have. */
interface Identified {
  readonly entry: JudgedEntry;
  readonly id: string;
  readonly existing?: StoredVersion;
  /** What the criteria of an update or a deletion matched; null for nothing. */
  readonly match?: StoredVersion | null;
}

/**
 * @returns the writes in processing order: DELETE, POST, PUT
 * @throws SiltaError located in the Bundle
 */
export async function planWrites(
  entries: readonly JudgedEntry[],
  session: Session,
  tx: Pick<StoreTransaction, 'lock'>,
): Promise<readonly PlannedWrite[]> {
  await lockCriteria(entries, tx);
  const identified: Identified[] = [];
  for (const method of PROCESSING_ORDER.filter((each) => each !== 'GET')) {
    for (const entry of entries.filter(({ route }) => route.method === method)) {
      identified.push(await within(entry, () => identify(entry, session)));
    }
  }
  const targets = await findTargets(identified, session);
  const issues: Issue[] = [];
  const rewritten = identified.map((each) => rewrite(each, targets, issues));
  refuseErrors(issues);
  const planned: { readonly plan: PlannedWrite; readonly resource: Resource | undefined }[] = [];
  for (const each of rewritten) planned.push(await within(each.entry, () => planOne(each, session)));
  await refuseDanglingWrites(planned, session);
  return planned.map(({ plan }) => plan);
}

/** In one order for everyone, so that two transactions never wait for each other. */
async function lockCriteria(
  entries: readonly JudgedEntry[],
  tx: Pick<StoreTransaction, 'lock'>,
): Promise<void> {
  const keys = entries.flatMap(({ request, route, index }) => {
    try {
      const criteria = criteriaOf(route.name, request);
      return criteria ? [criteriaKey(request.type, criteria)] : [];
    } catch (error) {
      throw locateError(index, error);
    }
  });
  for (const key of [...new Set(keys)].sort()) await tx.lock(key);
}

async function identify(entry: JudgedEntry, session: Session): Promise<Identified> {
  const { request, route } = entry;
  if (entry.patched) return { entry, id: entry.patched.id };
  const criteria = criteriaOf(route.name, request);
  if (!criteria) return { entry, id: route.name === 'create' ? session.rest.uuid() : request.id };
  if (route.name === 'update' && entry.content) {
    const { id, current = null } = await findUpdateTarget(session, request, criteria, entry.content.resource);
    return { entry, id, match: current };
  }
  const existing = await findExisting(session, request.type, criteria);
  if (route.name === 'delete') return { entry, id: existing?.id ?? '', match: existing ?? null };
  return existing ? { entry, id: existing.id, existing } : { entry, id: session.rest.uuid() };
}

/** What every fullUrl and every conditional reference of the Bundle stands for. */
async function findTargets(
  identified: readonly Identified[],
  session: Session,
): Promise<ReadonlyMap<string, string>> {
  const targets = new Map<string, string>();
  for (const { entry, id } of identified) {
    if (entry.fullUrl !== undefined) targets.set(entry.fullUrl, `${entry.request.type}/${id}`);
  }
  for (const { entry } of identified) {
    const conditional = new Map<string, string>();
    if (entry.content) {
      visitReferences(entry.content.resource, entry.request.type, (reference, expression) => {
        if (isConditional(reference) && !targets.has(reference)) conditional.set(reference, expression);
      });
    }
    for (const [reference, expression] of conditional) {
      targets.set(reference, await within(entry, () => findByCriteria(session, reference, expression)));
    }
  }
  return targets;
}

async function findByCriteria(session: Session, reference: string, expression: string): Promise<string> {
  const type = reference.slice(0, reference.indexOf('?'));
  if (!session.rest.definitions.resourceTypes.has(type)) {
    throw new SiltaError('invalid-resource', 'This refers to an unknown resource type.', {
      expression: [expression],
    });
  }
  const found = await findExisting(session, type, parseCriteria(type, reference));
  if (found) return `${type}/${found.id}`;
  throw new SiltaError('invalid-resource', `No ${type} matches this conditional reference.`, {
    expression: [expression],
  });
}

interface Rewritten extends Identified {
  readonly resource: Resource | undefined;
}

function rewrite(each: Identified, targets: ReadonlyMap<string, string>, issues: Issue[]): Rewritten {
  const { content, index } = each.entry;
  if (!content || each.existing) return { ...each, resource: undefined };
  const path = `Bundle.entry[${index}].resource`;
  return { ...each, resource: rewriteReferences(content.resource, targets, path, issues) };
}

async function planOne(
  { entry, id, existing, match, resource }: Rewritten,
  session: Session,
): Promise<{ plan: PlannedWrite; resource: Resource | undefined }> {
  const request = { ...entry.request, id };
  const { access } = session.rest;
  if (existing) return { plan: { entry, existing }, resource: undefined };
  if (!resource) {
    const plan = match === null ? { entry } : await planDelete(entry, request, session);
    return { plan, resource: undefined };
  }
  const creates = entry.route.name === 'create' || match === null;
  const current = creates ? undefined : (match ?? (await findWritten(entry, session, request)));
  const admitted = access.admitWrite(session.principal, {
    resource,
    ...(current && { current }),
    ...(entry.content?.questionnaire && { questionnaire: entry.content.questionnaire }),
  });
  const named = { ...admitted, id };
  const write: Write = creates ? { kind: 'create', resource: named } : updateTo(named, current);
  return { plan: { entry, write }, resource: named };
}

/** @throws SiltaError `precondition-failed` when what a patch was applied to is no longer current */
async function findWritten(
  { patched }: JudgedEntry,
  session: Session,
  request: FhirRequest,
): Promise<StoredVersion | undefined> {
  if (!patched) return findCurrent(session, request, parseIfMatch(request.ifMatch));
  const found = await session.reader.read(request.type, request.id);
  const current = session.rest.access.authorizeStored(session.principal, request.type, found);
  if (current.versionId === patched.versionId) return current;
  throw new SiltaError('precondition-failed', 'The resource was changed while it was patched.');
}

async function planDelete(
  entry: JudgedEntry,
  { type, id, ifMatch }: FhirRequest,
  session: Session,
): Promise<PlannedWrite> {
  const found = await session.reader.read(type, id);
  const current = session.rest.access.authorizeDelete(session.principal, type, found);
  requireVersion(current, parseIfMatch(ifMatch));
  if (current.content === null) return { entry, existing: current };
  return { entry, write: { kind: 'delete', type, id, ifMatch: current.versionId } };
}

async function refuseDanglingWrites(
  planned: readonly { readonly plan: PlannedWrite; readonly resource: Resource | undefined }[],
  session: Session,
): Promise<void> {
  const written = new Set(
    planned.flatMap(({ resource }) => (resource?.id ? [`${resource.resourceType}/${resource.id}`] : [])),
  );
  const references = planned.flatMap(({ plan, resource }) =>
    resource ? collectReferences(resource, `Bundle.entry[${plan.entry.index}].resource`) : [],
  );
  await refuseDangling(session, references, written);
}

async function within<T>(entry: JudgedEntry, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw locateError(entry.index, error);
  }
}
