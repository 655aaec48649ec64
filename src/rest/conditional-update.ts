// https://hl7.org/fhir/R4/http.html#cond-update
import type { StoredVersion } from '../store/index.ts';
import { admitWrite, writeContext } from './admit-write.ts';
import { answerWrite } from './answer-write.ts';
import { criteriaKey, queryCriteria } from './find-existing.ts';
import { type JudgedContent, judgeContent } from './judge-content.ts';
import type { Parameters } from './parse-parameters.ts';
import { requireResource } from './require-resource.ts';
import { retryStale } from './retry-stale.ts';
import type { FhirRequest, Interact, Session } from './types.ts';
import { updateTo } from './update.ts';
import { findUpdateTarget } from './update-target.ts';
import { parseIfMatch } from './version-headers.ts';

/** Replaces the one resource that the query matches, or creates it when there is none. */
export const conditionalUpdate: Interact = async (request, session) => {
  const { rest, principal } = session;
  rest.access.authorize(principal, 'update', request.type);
  const criteria = queryCriteria(request);
  const content = await judgeContent(session, requireResource(request));
  const stored = await retryStale(parseIfMatch(request.ifMatch), () =>
    writeMatch(session, request, criteria, content),
  );
  rest.onWritten?.();
  return answerWrite(rest, request, stored, {
    status: stored.method === 'create' ? 201 : 200,
    warnings: content.warnings,
  });
};

/** Whoever would create by the same criteria waits until this has. */
async function writeMatch(
  session: Session,
  request: FhirRequest,
  criteria: Parameters,
  content: JudgedContent,
): Promise<StoredVersion> {
  return session.rest.store.transaction(async (tx) => {
    await tx.lock(criteriaKey(request.type, criteria));
    const within = { ...session, reader: tx };
    const { id, current } = await findUpdateTarget(within, request, criteria, content.resource);
    const resource = { ...(await admitWrite(within, content, current)), id };
    const write = current ? updateTo(resource, current) : ({ kind: 'create', resource } as const);
    const [stored] = await tx.write([write], writeContext(session));
    if (!stored) throw new TypeError('the store returned no version for a write');
    return stored;
  });
}
