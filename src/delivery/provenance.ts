import type { CodeableConcept } from 'fhir/r4';
import { GATEWAY, SECTOR_SYSTEM, type Sector } from '../principal.ts';
import type { Resource } from '../resource.ts';

const PARTICIPANT = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';
const LIFECYCLE = 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle';
const DATA_OPERATION = 'http://terminology.hl7.org/CodeSystem/v3-DataOperation';

/** What a Provenance of ours says. References are relative, e.g. `Task/1/_history/2`. */
interface Statement {
  readonly id: string;
  readonly recorded: Date;
  readonly targets: readonly string[];
  /** Patients concerned: a Provenance is in a patient's compartment by its targets only. */
  readonly patients: readonly string[];
  readonly sector: Sector;
  readonly activity: { readonly system: string; readonly code: string };
  /** Canonicals of the rule or map that was followed. */
  readonly policy: readonly string[];
  readonly sources: readonly string[];
  readonly reason?: CodeableConcept | undefined;
  readonly agents: readonly { readonly role: string; readonly who: object }[];
  /** What came of it elsewhere. */
  readonly derivation?: object;
}

/** The Provenance of what a rule made because of a version. */
export function describeEffect(
  effect: Pick<Statement, 'id' | 'recorded' | 'targets' | 'patients' | 'sector'> & {
    readonly rule: string;
    readonly cause: string;
    readonly reason: CodeableConcept | undefined;
  },
): Resource & { readonly id: string } {
  return toProvenance({
    ...effect,
    activity: { system: DATA_OPERATION, code: 'CREATE' },
    policy: [effect.rule],
    sources: [effect.cause],
    agents: [{ role: 'assembler', who: { reference: GATEWAY.who } }],
  });
}

/** The Provenance of a delivery: which version went through which map to which system. */
export function describeDelivery(
  delivery: Pick<Statement, 'id' | 'recorded' | 'patients' | 'sector'> & {
    readonly source: string;
    readonly inputs: readonly string[];
    readonly map: string;
    readonly system: string;
    readonly remoteId: string | undefined;
  },
): Resource & { readonly id: string } {
  return toProvenance({
    ...delivery,
    targets: [delivery.source],
    activity: { system: LIFECYCLE, code: 'transmit' },
    policy: [delivery.map],
    sources: [delivery.source, ...delivery.inputs],
    agents: [
      { role: 'assembler', who: { reference: GATEWAY.who } },
      { role: 'custodian', who: { display: delivery.system } },
    ],
    derivation: {
      display: delivery.system,
      ...(delivery.remoteId !== undefined && { identifier: { value: delivery.remoteId } }),
    },
  });
}

/** @see https://hl7.org/fhir/R4/provenance.html */
function toProvenance(statement: Statement): Resource & { readonly id: string } {
  const patients = statement.patients.map((id) => `Patient/${id}`);
  return {
    resourceType: 'Provenance',
    id: statement.id,
    meta: { security: [{ system: SECTOR_SYSTEM, code: statement.sector }] },
    target: [...new Set([...statement.targets, ...patients])].map((reference) => ({ reference })),
    recorded: statement.recorded.toISOString(),
    policy: statement.policy,
    ...(statement.reason && { reason: [statement.reason] }),
    activity: { coding: [statement.activity] },
    agent: statement.agents.map(({ role, who }) => ({
      type: { coding: [{ system: PARTICIPANT, code: role }] },
      who,
    })),
    entity: [
      ...statement.sources.map((reference) => ({ role: 'source', what: { reference } })),
      ...(statement.derivation ? [{ role: 'derivation', what: statement.derivation }] : []),
    ],
  };
}
