// https://hl7.org/fhir/R4/http.html#create
// https://hl7.org/fhir/R4/http.html#ccreate
import type { StoredVersion } from '../store/index.ts';
import { admitWrite, writeContext } from './admit-write.ts';
import { answerWrite } from './answer-write.ts';
import { criteriaKey, findExisting, parseCriteria } from './find-existing.ts';
import { type JudgedContent, judgeContent } from './judge-content.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { requireResource } from './require-resource.ts';
import type { Interact, Session } from './types.ts';

/** Creates a resource under an id of the server's; with If-None-Exist only when nothing matches yet. */
export const create: Interact = async (request, session) => {
  const { rest, principal } = session;
  refuseParameters(request, []);
  rest.access.authorize(principal, 'create', request.type);
  const content = await judgeContent(rest, requireResource(request));
  const { stored, created } =
    request.ifNoneExist === undefined
      ? { stored: await insert(session, content, rest.store.write), created: true }
      : await insertUnlessExisting(session, content, request.ifNoneExist);
  if (created) rest.onWritten?.();
  return answerWrite(rest, request, stored, { status: created ? 201 : 200, warnings: content.warnings });
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
  content: JudgedContent,
  condition: string,
): Promise<{ readonly stored: StoredVersion; readonly created: boolean }> {
  const { resourceType } = content.resource;
  const criteria = parseCriteria(resourceType, condition);
  return session.rest.store.transaction(async (tx) => {
    await tx.lock(criteriaKey(resourceType, criteria));
    const within = { ...session, reader: tx };
    const existing = await findExisting(within, resourceType, criteria);
    if (existing) return { stored: existing, created: false };
    return { stored: await insert(within, content, tx.write), created: true };
  });
}
