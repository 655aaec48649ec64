// https://hl7.org/fhir/R4/http.html#patch
import { parseStored, stringifyExactly } from '../exact-json.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { StoredVersion } from '../store/index.ts';
import { admitWrite, writeContext } from './admit-write.ts';
import { answerWrite } from './answer-write.ts';
import { applyFhirPathPatch } from './fhirpath-patch.ts';
import { findExisting, queryCriteria } from './find-existing.ts';
import { applyJsonPatch } from './json-patch.ts';
import { type JudgedContent, judgeContent } from './judge-content.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { retryStale } from './retry-stale.ts';
import { scanJson } from './scan-json.ts';
import type { FhirRequest, Interact, Session } from './types.ts';
import { updateTo } from './update.ts';
import { parseIfMatch, requireVersion } from './version-headers.ts';

/** Changes parts of a resource: of the one that the address names, or that the query matches. */
export const patch: Interact = async (request, session) => {
  const change = (before: Resource) => applyPatch(request, session, before);
  const { stored, warnings } = await changeStored(request, session, change);
  return answerWrite(session.rest, request, stored, { status: 200, warnings });
};

/** Makes a new version out of the current one; again, when someone else wrote in between. */
export function changeStored(
  request: FhirRequest,
  session: Session,
  change: (before: Resource) => Resource,
): Promise<{ readonly stored: StoredVersion; readonly warnings: JudgedContent['warnings'] }> {
  const { rest } = session;
  return retryStale(parseIfMatch(request.ifMatch), async () => {
    const { current, content } = await judgeChange(request, session, change);
    const admitted = await admitWrite(session, content, current);
    const write = updateTo({ ...admitted, id: current.id }, current);
    const [stored] = await rest.store.write([write], writeContext(session));
    if (!stored) throw new TypeError('the store returned no version for a write');
    rest.onWritten?.();
    return { stored, warnings: content.warnings };
  });
}

/** What the patch makes of the current version, judged as the content of any write. */
export function judgePatch(request: FhirRequest, session: Session): Promise<JudgedChange> {
  return judgeChange(request, session, (before) => applyPatch(request, session, before));
}

interface JudgedChange {
  readonly current: StoredVersion;
  readonly content: JudgedContent;
}

/**
 * Patching needs the permission to read: a `test` and the answer tell what the resource holds.
 * @throws SiltaError `forbidden`, `not-found`, `gone`, `precondition-failed`, `invalid-resource`, `invalid-request`
 */
async function judgeChange(
  request: FhirRequest,
  session: Session,
  change: (before: Resource) => Resource,
): Promise<JudgedChange> {
  const { rest, principal } = session;
  rest.access.authorize(principal, 'patch', request.type);
  rest.access.authorize(principal, 'read', request.type);
  const current = await findTarget(request, session);
  requireVersion(current, parseIfMatch(request.ifMatch));
  if (current.content === null) throw new SiltaError('gone', `This ${request.type} was deleted.`);
  return { current, content: await judgeContent(session, change(parseStored(current.content) as Resource)) };
}

async function findTarget(request: FhirRequest, session: Session): Promise<StoredVersion> {
  const { rest, principal, reader } = session;
  const { type, id } = request;
  if (id !== '') {
    refuseParameters(request, []);
    return rest.access.authorizeStored(principal, type, await reader.read(type, id));
  }
  const match = await findExisting(session, type, queryCriteria(request));
  if (match) return match;
  throw new SiltaError('not-found', `No ${type} matches the criteria.`);
}

function applyPatch({ patch: document }: FhirRequest, { rest }: Session, before: Resource): Resource {
  if (!document) throw new SiltaError('invalid-request', 'A patch is expected.');
  const { bodyBytes, bodyDepth } = rest.limits;
  const { operations } = document;
  const patched =
    document.kind === 'json'
      ? applyJsonPatch(before, operations, bodyBytes)
      : applyFhirPathPatch(rest.definitions, before, operations);
  if (patched.resourceType !== before.resourceType || patched.id !== before.id) {
    throw new SiltaError('invalid-resource', 'A patch cannot change the type or the id of a resource.', {
      expression: [before.resourceType],
    });
  }
  const text = stringifyExactly(patched);
  if (text.length > bodyBytes) {
    throw new SiltaError('too-large', 'The patch makes the resource larger than this server accepts.');
  }
  scanJson(text, bodyDepth);
  return patched;
}
