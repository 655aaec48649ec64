// https://hl7.org/fhir/R4/http.html#delete
import { writeContext } from './admit-write.ts';
import { answerWrite } from './answer-write.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { retryStale } from './retry-stale.ts';
import type { Interact } from './types.ts';
import { parseIfMatch, requireVersion } from './version-headers.ts';

/** Deletes a resource; its versions stay. What is deleted already stays as it is. */
export const remove: Interact = async (request, session) => {
  const { rest, principal, reader } = session;
  refuseParameters(request, []);
  rest.access.authorize(principal, 'delete', request.type);
  const { type, id } = request;
  const ifMatch = parseIfMatch(request.ifMatch);
  return retryStale(ifMatch, async () => {
    const current = rest.access.authorizeDelete(principal, type, await reader.read(type, id));
    requireVersion(current, ifMatch);
    if (current.content === null) return answerWrite(rest, request, current, { status: 204 });
    const write = { kind: 'delete', type, id, ifMatch: current.versionId } as const;
    const [stored] = await rest.store.write([write], writeContext(session));
    rest.onWritten?.();
    return answerWrite(rest, request, stored ?? current, { status: 204 });
  });
};
