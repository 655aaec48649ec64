// https://hl7.org/fhir/R4/http.html#update
// https://hl7.org/fhir/R4/http.html#upsert
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { StoredVersion, Write } from '../store/index.ts';
import { admitWrite, writeContext } from './admit-write.ts';
import { answerWrite } from './answer-write.ts';
import { judgeContent } from './judge-content.ts';
import { maskHetu } from './mask-hetu.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { requireResource } from './require-resource.ts';
import { retryStale } from './retry-stale.ts';
import type { FhirRequest, Interact, Session } from './types.ts';
import { parseIfMatch, requireVersion } from './version-headers.ts';

/** Replaces a resource by a new version of it. */
export const update: Interact = async (request, session) => {
  const { rest, principal } = session;
  refuseParameters(request, []);
  rest.access.authorize(principal, 'update', request.type);
  const resource = requireId(request, requireResource(request));
  const ifMatch = parseIfMatch(request.ifMatch);
  const content = await judgeContent(session, resource);
  return retryStale(ifMatch, async () => {
    const current = await findCurrent(session, request, ifMatch);
    const admitted = await admitWrite(session, content, current);
    const write = updateTo({ ...admitted, id: request.id }, current);
    const [stored] = await rest.store.write([write], writeContext(session));
    if (!stored) throw new TypeError('the store returned no version for a write');
    rest.onWritten?.();
    return answerWrite(rest, request, stored, {
      status: stored.method === 'create' ? 201 : 200,
      warnings: content.warnings,
    });
  });
};

/**
 * The update is bound to the version that the policy looked at, so that nothing written in between is lost or
 * escapes it.
 */
export function updateTo(
  resource: Resource & { readonly id: string },
  current: StoredVersion | undefined,
): Write {
  if (!current) return { kind: 'update', resource, orCreate: true };
  return { kind: 'update', resource, ifMatch: current.versionId };
}

/**
 * The version to be replaced; undefined when the update creates the resource under the client's id.
 * @throws SiltaError `not-found`, `gone`, `precondition-failed`
 */
export async function findCurrent(
  session: Session,
  request: FhirRequest,
  ifMatch: number | undefined,
): Promise<StoredVersion | undefined> {
  const { rest, principal, reader } = session;
  const found = await reader.read(request.type, request.id);
  if (!found && rest.clientIds && ifMatch === undefined) {
    rest.access.authorize(principal, 'create', request.type);
    refusePersonalId(request);
    return undefined;
  }
  const current = rest.access.authorizeStored(principal, request.type, found);
  requireVersion(current, ifMatch);
  if (current.content === null && !rest.clientIds) {
    throw new SiltaError('gone', `This ${request.type} was deleted.`);
  }
  return current;
}

/** Ids stand in URLs and logs, where a personal identity code must never be. */
function refusePersonalId({ type, id }: FhirRequest): void {
  if (maskHetu(id) === id) return;
  throw new SiltaError('invalid-request', 'A personal identity code cannot be the id of a resource.', {
    expression: [`${type}.id`],
  });
}

/** @throws SiltaError `invalid-request` when the body is not the resource that the address names */
export function requireId(request: FhirRequest, resource: Resource): Resource {
  if (resource.id === request.id) return resource;
  throw new SiltaError(
    'invalid-request',
    resource.id === undefined
      ? "The body must hold the 'id' of the address."
      : "The body's 'id' is not that of the address.",
    { expression: [`${request.type}.id`] },
  );
}
