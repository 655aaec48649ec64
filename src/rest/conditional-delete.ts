// https://hl7.org/fhir/R4/http.html#3.1.0.7.1 conditional delete

import { remove } from './delete.ts';
import { findExisting, queryCriteria } from './find-existing.ts';
import type { Interact } from './types.ts';

/** Deletes the one resource that the query matches. Where nothing matches there is nothing left to do. */
export const conditionalDelete: Interact = async (request, session) => {
  session.rest.access.authorize(session.principal, 'delete', request.type);
  const match = await findExisting(session, request.type, queryCriteria(request));
  if (!match) return { status: 204 };
  return remove({ ...request, id: match.id, parameters: [] }, session);
};
