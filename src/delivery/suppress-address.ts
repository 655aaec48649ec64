import type { Resource } from '../resource.ts';

/**
 * Non-disclosure for personal safety.
 * @see https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs
 */
const LABEL_SYSTEM = 'https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs';
const LABEL_CODE = 'TURVAKIELTO';
/** Elements from which a person's whereabouts can be told; contacts, the general practitioner's unit and what is contained included. */
const WHEREABOUTS = new Set([
  'address',
  'telecom',
  'contact',
  'generalPractitioner',
  'managingOrganization',
  'contained',
  'text',
]);

/** Whether the resource carries the non-disclosure label. */
export function isAddressProtected(resource: Resource): boolean {
  return (resource.meta?.security ?? []).some(
    (label) => label.system === LABEL_SYSTEM && label.code === LABEL_CODE,
  );
}

/**
 * The Patient without what tells where the person is, when the Patient carries the non-disclosure label; any other
 * resource as it is.
 */
export function suppressAddress(resource: Resource): Resource {
  if (resource.resourceType !== 'Patient' || !isAddressProtected(resource)) return resource;
  const kept = Object.entries(resource).filter(([name]) => !WHEREABOUTS.has(name.replace(/^_/, '')));
  const patient = Object.fromEntries(kept) as unknown as Resource;
  const extensions = patient['extension'];
  if (!Array.isArray(extensions)) return patient;
  return { ...patient, extension: extensions.filter((extension) => !tellsMunicipality(extension)) };
}

function tellsMunicipality(extension: unknown): boolean {
  const url = (extension as { url?: unknown } | null)?.url;
  return typeof url === 'string' && /municipality|address|birthPlace/i.test(url);
}
