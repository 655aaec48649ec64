// https://hl7.org/fhir/R4/http.html#create
// https://hl7.org/fhir/R4/http.html#ccreate
import type { StoredVersion, StoreTransaction } from '../store/index.ts';
import { admitWrite, writeContext } from './admit-write.ts';
import { answerInTransaction } from './answer-once.ts';
import { answerWrite } from './answer-write.ts';
import { criteriaKey, findExisting, parseCriteria } from './find-existing.ts';
import { type JudgedContent, judgeContent } from './judge-content.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { referenceOf } from './represent.ts';
import { requireResource } from './require-resource.ts';
import type { FhirResponse, Interact, Session } from './types.ts';

/** Creates a resource under an id of the server's; with If-None-Exist only when nothing matches yet. */
export const create: Interact = async (request, session) => {
  const { rest, principal } = session;
  refuseParameters(request, []);
  rest.access.authorize(principal, 'create', request.type);
  const content = await judgeContent(session, requireResource(request));
  const { idempotency, ifNoneExist } = request;
  const answer = (stored: StoredVersion, created: boolean): FhirResponse =>
    answerWrite(rest, request, stored, { status: created ? 201 : 200, warnings: content.warnings });
  if (idempotency === undefined && ifNoneExist === undefined) {
    const stored = await insert(session, content, rest.store.write);
    rest.onWritten?.();
    return answer(stored, true);
  }
  const { response, repeated } = await answerInTransaction(session, idempotency, async (tx) => {
    const { stored, created } = await insertUnlessExisting(
      { ...session, reader: tx },
      tx,
      content,
      ifNoneExist,
    );
    return { ...answer(stored, created), shown: { action: 'create', entities: [referenceOf(stored)] } };
  });
  // What was there before is shown, and so is what an earlier request created.
  if (repeated || response.status !== 201) return response;
  rest.onWritten?.();
  const { shown: _, ...written } = response;
  return written;
};

async function insert(
  session: Session,
  content: JudgedContent,
  write: Session['rest']['store']['write'],
): Promise<StoredVersion> {
  const resource = await admitWrite(session, content);
  const id = session.rest.uuid();
  const [stored] = await write([{ kind: 'create', resource: { ...resource, id } }], writeContext(session));
  if (!stored) throw new TypeError('the store returned no version for a write');
  return stored;
}

async function insertUnlessExisting(
  session: Session,
  tx: StoreTransaction,
  content: JudgedContent,
  condition: string | undefined,
): Promise<{ readonly stored: StoredVersion; readonly created: boolean }> {
  if (condition !== undefined) {
    const { resourceType } = content.resource;
    const criteria = parseCriteria(resourceType, condition);
    await tx.lock(criteriaKey(resourceType, criteria));
    const existing = await findExisting(session, resourceType, criteria);
    if (existing) return { stored: existing, created: false };
  }
  return { stored: await insert(session, content, tx.write), created: true };
}
