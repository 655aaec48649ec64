import type { Definitions } from '../definitions/index.ts';
import type { Principal } from '../principal.ts';
import type { Resource } from '../resource.ts';
import type { Store, StoredVersion } from '../store/index.ts';
import { admitCitizenWrite, isCitizenWritable } from './citizen-writes.ts';
import { judgeDisclosure } from './disclosure.ts';
import { forbid, hide, missing } from './refusals.ts';
import { grants, LETTERS } from './scopes.ts';
import { labelSector, sectorOf } from './sector-labels.ts';
import type { Access, Interaction, ProposedWrite } from './types.ts';
import { isConfined, isOpenToConfined, isVisible, visibilityOf } from './visibility.ts';

/** Interactions that change what is stored. */
const WRITES: ReadonlySet<Interaction> = new Set(['create', 'update', 'patch', 'delete']);
/** Records of what happened: nobody but the gateway changes them, and nobody deletes them. */
const APPEND_ONLY: ReadonlySet<string> = new Set(['AuditEvent', 'Provenance']);

/**
 * The policy: what a caller may do. Deny by default.
 * @param options.store read for Consents, at the moment of each disclosure
 */
export function createAccess(options: {
  readonly definitions: Definitions;
  readonly store: Pick<Store, 'search'>;
  readonly clock: () => Date;
}): Access {
  const { definitions, store, clock } = options;
  const maySee = (principal: Principal, stored: StoredVersion): boolean =>
    grants(principal, 'read', stored.type) && isVisible(definitions, principal, stored);
  const authorizeStored: Access['authorizeStored'] = (principal, type, stored) => {
    if (!stored) throw missing(type);
    if (!isVisible(definitions, principal, stored)) throw hide(type);
    return stored;
  };
  return {
    authorize: (principal, interaction, type) => authorize(definitions, principal, interaction, type),
    permits: (principal, interaction, type) =>
      findRefusal(definitions, principal, interaction, type) === undefined,
    authorizeStored,
    admitWrite,
    authorizeDelete: (principal, type, current) => {
      authorize(definitions, principal, 'delete', type);
      return authorizeStored(principal, type, current);
    },
    visibility: visibilityOf,
    maySee,
    mayDisclose: (request) => judgeDisclosure(store, clock, request),
  };
}

function authorize(
  definitions: Definitions,
  principal: Principal,
  interaction: Interaction,
  type: string,
): void {
  const refusal = findRefusal(definitions, principal, interaction, type);
  if (refusal !== undefined) throw forbid(refusal);
}

/** Why the caller may not do this with any resource of the type; undefined when nothing speaks against it. */
function findRefusal(
  definitions: Definitions,
  principal: Principal,
  interaction: Interaction,
  type: string,
): string | undefined {
  if (principal.kind === 'gateway') return undefined;
  if (!grants(principal, interaction, type)) {
    const letters = LETTERS[interaction].join('');
    return `No granted scope allows '${interaction}' of ${type} (needs one of '${letters}').`;
  }
  const changes = WRITES.has(interaction);
  if (changes && interaction !== 'create' && APPEND_ONLY.has(type)) {
    return `A ${type} is a record of what happened and is never changed.`;
  }
  if (!isConfined(principal)) return undefined;
  if (changes ? !isCitizenWritable(interaction, type) : !isOpenToConfined(definitions, type)) {
    return `A caller confined to one patient cannot do '${interaction}' of ${type}.`;
  }
  return undefined;
}

function admitWrite(principal: Principal, { resource, current, questionnaire }: ProposedWrite): Resource {
  const before = current?.content ? (JSON.parse(current.content) as Resource) : undefined;
  const labelled = labelSector(principal, resource, before, sectorOf(questionnaire));
  if (!isConfined(principal)) return labelled;
  if (principal.patientId === undefined) throw forbid('The caller is not matched to a Patient.');
  const { patientId, actsAs } = principal;
  return admitCitizenWrite({ patientId, author: actsAs ?? `Patient/${patientId}` }, labelled, before);
}
