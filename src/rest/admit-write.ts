import { parseStored } from '../exact-json.ts';
import type { Resource } from '../resource.ts';
import type { StoredVersion, Visibility, WriteContext } from '../store/index.ts';
import { collectReferences, type FoundReference, findDangling } from './check-references.ts';
import { type JudgedContent, refuseErrors } from './judge-content.ts';
import { admitSubscription } from './subscription/admit-subscription.ts';
import type { Session } from './types.ts';

/**
 * The part of every write that depends on who writes and on what the store holds: labels and authorship, then
 * references.
 * @throws SiltaError `forbidden`, `invalid-resource`
 */
export async function admitWrite(
  session: Session,
  content: JudgedContent,
  current?: StoredVersion,
): Promise<Resource> {
  const admitted = session.rest.access.admitWrite(session.principal, {
    resource: content.resource,
    ...(current && { current }),
    ...(content.questionnaire && { questionnaire: content.questionnaire }),
  });
  const resource =
    admitted.resourceType === 'Subscription'
      ? await admitSubscription(
          session,
          admitted,
          current?.content ? (parseStored(current.content) as Resource) : undefined,
        )
      : admitted;
  await refuseDangling(session, collectReferences(resource));
  return resource;
}

/**
 * References must lead to what is here, as far as the gateway is set to see to it; a caller confined to one patient
 * must not refer to what is another's.
 * @param written `Type/id` of what the same transaction writes
 * @throws SiltaError `invalid-resource`
 */
export async function refuseDangling(
  session: Session,
  references: readonly FoundReference[],
  written?: ReadonlySet<string>,
): Promise<void> {
  const visibility = referableBy(session);
  if (!session.rest.enforceReferences && visibility.patientId === undefined) return;
  const { definitions } = session.rest;
  refuseErrors(await findDangling(session.reader, definitions, references, visibility, written));
}

/**
 * What a caller may refer to. A sector does not hide that a Patient exists from who already holds the id; a
 * caller confined to one patient refers to nothing outside what they may see.
 */
export function referableBy({ rest, principal }: Session): Visibility {
  return { ...rest.access.visibility(principal), sectors: ['health', 'social'] };
}

/** Who writes, for the store's audit and change rows. */
export function writeContext({ principal, requestId }: Session): WriteContext {
  return { principal, requestId };
}
