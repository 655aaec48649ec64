/**
 * What a conditional update replaces or creates.
 * @see https://hl7.org/fhir/R4/http.html#cond-update
 */
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { StoredVersion } from '../store/index.ts';
import { findExisting } from './find-existing.ts';
import type { Parameters } from './parse-parameters.ts';
import type { FhirRequest, Session } from './types.ts';
import { findCurrent } from './update.ts';
import { parseIfMatch, requireVersion } from './version-headers.ts';

export interface UpdateTarget {
  readonly id: string;
  /** The one match; absent when the update creates. */
  readonly current?: StoredVersion;
}

/**
 * @param body the resource as sent; its id, when it has one, must be that of the match
 * @throws SiltaError `multiple-matches`, `precondition-failed`, `forbidden`; `invalid-request` for an id that is not
 * the match's, or that the client may not choose
 */
export async function findUpdateTarget(
  session: Session,
  request: FhirRequest,
  criteria: Parameters,
  body: Resource,
): Promise<UpdateTarget> {
  const { rest, principal } = session;
  const { type } = request;
  const ifMatch = parseIfMatch(request.ifMatch);
  const current = await findExisting(session, type, criteria);
  if (current) {
    requireVersion(current, ifMatch);
    if (body.id === undefined || body.id === current.id) return { id: current.id, current };
    throw refuseId(type, "The body's 'id' is not that of the resource that the criteria match.");
  }
  if (ifMatch !== undefined) {
    throw new SiltaError('precondition-failed', 'Nothing matches the criteria, so there is no such version.');
  }
  rest.access.authorize(principal, 'create', type);
  if (body.id === undefined) return { id: rest.uuid() };
  if (!rest.clientIds)
    throw refuseId(type, "Nothing matches, and new ids are this server's: leave 'id' out.");
  await requireFree(session, { ...request, id: body.id });
  return { id: body.id };
}

/** An id that is in use is not what the criteria meant. */
async function requireFree(session: Session, request: FhirRequest): Promise<void> {
  const taken = await findCurrent(session, request, undefined);
  if (!taken) return;
  throw new SiltaError('conflict', "The body's 'id' is that of a resource that the criteria do not match.", {
    expression: [`${request.type}.id`],
  });
}

function refuseId(type: string, message: string): SiltaError {
  return new SiltaError('invalid-request', message, { expression: [`${type}.id`] });
}
