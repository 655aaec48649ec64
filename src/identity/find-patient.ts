/**
 * The Patient of an identified person: found by the identifier or created, under a lock, so that two first sign-ins at
 * once make one Patient.
 * @see https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/fi-base-patient
 */
import { createHash, randomUUID } from 'node:crypto';
import { HETU_SYSTEM } from '../hetu.ts';
import { SiltaError } from '../outcome.ts';
import { GATEWAY } from '../principal.ts';
import type { Coding, Resource } from '../resource.ts';
import type { Store, StoreTransaction } from '../store/index.ts';
import type { IdentifiedPerson } from './identified-person.ts';

/** Non-disclosure for personal safety, granted by the Digital and Population Data Services Agency. */
const NON_DISCLOSURE: Coding = {
  system: 'https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs',
  code: 'TURVAKIELTO',
};
const IDENTIFIER_TYPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v2-0203';
const BOTH_SECTORS = { sectors: ['health', 'social'] } as const;

/**
 * Finds the person's Patient or creates it; adds the non-disclosure label when it has come since.
 * @returns the Patient's id
 * @throws SiltaError `forbidden` with key `person-deceased`, `conflict` with key `person-ambiguous`
 */
export async function findOrCreatePatient(
  store: Store,
  person: IdentifiedPerson,
  requestId: string,
): Promise<string> {
  const context = { principal: GATEWAY, requestId };
  return store.transaction(async (tx) => {
    await tx.lock(lockKeyOf(person));
    const found = await findPatient(tx, person);
    if (!found) {
      const id = randomUUID();
      await tx.write([{ kind: 'create', resource: { ...toPatient(person), id } }], context);
      return id;
    }
    if (found['deceasedBoolean'] === true || found['deceasedDateTime'] !== undefined) {
      throw new SiltaError('forbidden', 'The person is registered as deceased.', { key: 'person-deceased' });
    }
    if (person.nonDisclosure && !found.meta?.security?.some(isNonDisclosure)) {
      const security = [...(found.meta?.security ?? []), NON_DISCLOSURE];
      const resource = { ...found, meta: { ...found.meta, security } };
      await tx.write([{ kind: 'update', resource }], context);
    }
    return found.id;
  });
}

async function findPatient(
  tx: StoreTransaction,
  { identifier }: IdentifiedPerson,
): Promise<(Resource & { readonly id: string }) | undefined> {
  const { matches } = await tx.search({
    type: 'Patient',
    parameters: [['identifier', `${identifier.system}|${escapeToken(identifier.value)}`]],
    visibility: BOTH_SECTORS,
  });
  if (matches.length > 1) {
    throw new SiltaError('conflict', 'More than one Patient has the identifier of the person.', {
      key: 'person-ambiguous',
    });
  }
  const [match] = matches;
  return match?.content ? (JSON.parse(match.content) as Resource & { id: string }) : undefined;
}

/** The Patient of a person who has not been here before. */
function toPatient(person: IdentifiedPerson): Resource {
  const official = person.identifier.system === HETU_SYSTEM;
  // FI Base reserves the use `official` for the personal identity code.
  const identifier = official
    ? { use: 'official', type: { coding: [{ system: IDENTIFIER_TYPE_SYSTEM, code: 'NNFIN' }] } }
    : { use: 'secondary' };
  return {
    resourceType: 'Patient',
    ...(person.nonDisclosure && { meta: { security: [NON_DISCLOSURE] } }),
    identifier: [{ ...identifier, ...person.identifier }],
    active: true,
    name: [
      {
        use: 'official',
        text: [...person.givenNames, person.familyName].join(' '),
        family: person.familyName,
        given: person.givenNames,
      },
    ],
    birthDate: person.birthDate,
  };
}

/** Hashed, because a lock's key may show up in the database's own logs. */
function lockKeyOf({ identifier }: IdentifiedPerson): string {
  const digest = createHash('sha256').update(`${identifier.system}|${identifier.value}`).digest('base64url');
  return `person:${digest}`;
}

/** https://hl7.org/fhir/R4/search.html#escaping */
function escapeToken(value: string): string {
  return value.replace(/[\\,|$]/g, '\\$&');
}

function isNonDisclosure(coding: Coding): boolean {
  return coding.system === NON_DISCLOSURE.system && coding.code === NON_DISCLOSURE.code;
}
