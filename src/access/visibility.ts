import type { Definitions } from '../definitions/index.ts';
import type { Principal, Sector } from '../principal.ts';
import type { StoredVersion, Visibility } from '../store/index.ts';

const ALL_SECTORS: readonly Sector[] = ['health', 'social'];

/**
 * Types outside the Patient compartment that hold no personal data of clients: published content and the
 * directory of services. A caller confined to one patient sees these and nothing else outside the compartment;
 * a Binary or a Subscription, for example, is in no compartment and still not everyone's.
 * @see https://hl7.org/fhir/R4/compartmentdefinition-patient.html
 */
const SHARED_TYPES: ReadonlySet<string> = new Set([
  'ActivityDefinition',
  'CodeSystem',
  'ConceptMap',
  'HealthcareService',
  'Library',
  'Location',
  'OperationDefinition',
  'Organization',
  'PlanDefinition',
  'Practitioner',
  'PractitionerRole',
  'Questionnaire',
  'SearchParameter',
  'StructureDefinition',
  'StructureMap',
  'ValueSet',
]);

/** Whether the principal is confined to one patient: a citizen always, others when their token says so. */
export function isConfined(principal: Principal): boolean {
  return principal.kind === 'citizen' || principal.patientId !== undefined;
}

/** What a search on the caller's behalf is confined to. A citizen without a Patient sees no compartment at all. */
export function visibilityOf(principal: Principal): Visibility {
  if (principal.kind === 'gateway') return { sectors: ALL_SECTORS };
  if (!isConfined(principal)) return { sectors: principal.sectors };
  return { patientId: principal.patientId ?? '', sectors: principal.sectors, sharedTypes: SHARED_TYPES };
}

/** Whether a type holds published content or the directory of services, and no data of clients. */
export function isSharedType(type: string): boolean {
  return SHARED_TYPES.has(type);
}

/** Whether a type can hold anything that a confined caller may see. */
export function isOpenToConfined(definitions: Definitions, type: string): boolean {
  return SHARED_TYPES.has(type) || isInCompartment(definitions, type);
}

/** Whether the caller may know of this version: its sector, and for confined callers its compartment. */
export function isVisible(definitions: Definitions, principal: Principal, stored: StoredVersion): boolean {
  if (principal.kind === 'gateway') return true;
  if (!principal.sectors.includes(stored.sector)) return false;
  if (!isConfined(principal)) return true;
  if (principal.patientId === undefined) return SHARED_TYPES.has(stored.type);
  if (stored.type === 'Patient') return stored.id === principal.patientId;
  if (isInCompartment(definitions, stored.type)) return stored.patients.includes(principal.patientId);
  return SHARED_TYPES.has(stored.type);
}

function isInCompartment(definitions: Definitions, type: string): boolean {
  return type === 'Patient' || definitions.patientCompartment(type).length > 0;
}
