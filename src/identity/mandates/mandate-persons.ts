/**
 * The persons of a mandate as resources: whom to ask the mandate service about, the Patient who is acted for, and the
 * RelatedPerson that what is written names as its author.
 * @see https://hl7.org/fhir/R4/relatedperson.html
 */
import { createHash, randomUUID } from 'node:crypto';
import { HETU_SYSTEM, parseHetu } from '../../hetu.ts';
import { SiltaError } from '../../outcome.ts';
import { GATEWAY } from '../../principal.ts';
import type { Coding, Resource } from '../../resource.ts';
import type { Store, StoreTransaction } from '../../store/index.ts';
import { findOrCreatePatient } from '../find-patient.ts';
import { MINOR_DATA_SYSTEM, type MinorDataCode } from './mandate-rules.ts';
import type { ChosenPerson } from './valtuudet-client.ts';

const ROLE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';
const RELEASE_EXTENSION = 'https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/RestrictionParent';
const BOTH_SECTORS = { sectors: ['health', 'social'] } as const;
/** What a RelatedPerson is by what it acts on: guardian, or somebody with power of attorney. */
const RELATIONSHIPS: Readonly<Record<string, string>> = {
  guardian: 'GUARD',
  'appointed-guardian': 'GUARD',
  mandate: 'POWATT',
};

/**
 * The personal identity code of a Patient, for the question to the mandate service.
 * @throws SiltaError `forbidden` (key `mandate-no-code`) for a person without one
 */
export async function readHetu(store: Store, patientId: string): Promise<string> {
  const identifiers = ((await readPatient(store, patientId))?.['identifier'] ?? []) as readonly Identifier[];
  const value = identifiers.find(({ system }) => system === HETU_SYSTEM)?.value;
  if (value !== undefined) return value;
  throw new SiltaError('forbidden', 'Acting for another needs a Finnish personal identity code.', {
    key: 'mandate-no-code',
  });
}

interface Identifier {
  readonly system?: string;
  readonly value?: string;
}

async function readPatient(store: Store, id: string): Promise<Resource | undefined> {
  const stored = await store.read('Patient', id);
  return stored?.content ? (JSON.parse(stored.content) as Resource) : undefined;
}

export interface ActedFor {
  readonly patientId: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
}

/**
 * The Patient who is acted for, found by the code or created.
 * @throws SiltaError `unavailable` when the mandate service told no valid code; as {@link findOrCreatePatient}
 */
export async function findActedFor(
  store: Store,
  { hetu, name }: ChosenPerson,
  requestId: string,
): Promise<ActedFor> {
  const parsed = parseHetu(hetu);
  if (!parsed.ok) {
    throw new SiltaError('unavailable', 'The mandate service names a person whose code is wrong.', {
      key: 'mandate-service',
    });
  }
  // The service tells family name first: `Sandstrand Svea Linnea`.
  const [familyName = name, ...givenNames] = name.trim().split(/\s+/);
  const patientId = await findOrCreatePatient(
    store,
    {
      identifier: { system: HETU_SYSTEM, value: parsed.value },
      familyName,
      givenNames,
      birthDate: parsed.birthDate,
      nonDisclosure: false,
    },
    requestId,
  );
  return { patientId, birthDate: parsed.birthDate };
}

/** What the latest Provenance about a Patient records of releasing a minor's data to guardians. */
export async function readMinorDataCode(store: Store, patientId: string): Promise<MinorDataCode | undefined> {
  const page = await store.search({
    type: 'Provenance',
    parameters: [
      ['target', `Patient/${patientId}`],
      ['_sort', '-_lastUpdated'],
    ],
    visibility: BOTH_SECTORS,
  });
  for (const { content } of page.matches) {
    const { extension = [] } = JSON.parse(content ?? '{}') as {
      extension?: readonly { readonly url?: string; readonly valueCoding?: Coding }[];
    };
    const coding = extension.find(({ url }) => url === RELEASE_EXTENSION)?.valueCoding;
    if (coding?.code && coding.system === MINOR_DATA_SYSTEM) return coding.code as MinorDataCode;
  }
  return undefined;
}

/**
 * The RelatedPerson by which a person acts for another: found or created, under a lock.
 * @returns a reference
 */
export async function findActor(
  store: Store,
  who: { readonly delegateId: string; readonly patientId: string; readonly basis: string },
  requestId: string,
): Promise<string> {
  const delegate = await readPatient(store, who.delegateId);
  const hetu = await readHetu(store, who.delegateId);
  const digest = createHash('sha256').update(`${who.patientId}|${hetu}`).digest('base64url');
  return store.transaction(async (tx) => {
    await tx.lock(`related-person:${digest}`);
    const known = await findRelatedPerson(tx, who.patientId, hetu);
    if (known) return `RelatedPerson/${known}`;
    const id = randomUUID();
    const labels = delegate?.meta?.security?.filter(({ code }) => code === 'TURVAKIELTO') ?? [];
    const resource = {
      resourceType: 'RelatedPerson',
      id,
      ...(labels.length > 0 && { meta: { security: labels } }),
      identifier: [{ system: HETU_SYSTEM, value: hetu }],
      active: true,
      patient: { reference: `Patient/${who.patientId}` },
      relationship: [{ coding: [{ system: ROLE_SYSTEM, code: RELATIONSHIPS[who.basis] ?? 'POWATT' }] }],
      ...(delegate?.['name'] !== undefined && { name: delegate['name'] }),
    };
    await tx.write([{ kind: 'create', resource }], { principal: GATEWAY, requestId });
    return `RelatedPerson/${id}`;
  });
}

async function findRelatedPerson(
  tx: StoreTransaction,
  patientId: string,
  hetu: string,
): Promise<string | undefined> {
  const { matches } = await tx.search({
    type: 'RelatedPerson',
    parameters: [
      ['patient', `Patient/${patientId}`],
      ['identifier', `${HETU_SYSTEM}|${hetu}`],
    ],
    visibility: BOTH_SECTORS,
  });
  return matches[0]?.id;
}
