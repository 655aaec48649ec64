/**
 * Evaluates Consents for one disclosure across the border of health and social care. Pure.
 *
 * How a consent is written down here:
 * - `Consent.scope` is `patient-privacy`, `status` is `active`, `patient` is the person;
 * - `provision.type` is `permit`, `provision.period` says how long;
 * - `provision.securityLabel` names by the sector code system **whose data** are disclosed;
 * - `provision.actor` with the role `IRCP` (information recipient) and a logical reference
 *   `reference.identifier` (the sector code system, `health` or `social`) names **who receives** them;
 * - `provision.action`, when present, holds `disclose` or `access`;
 * - nested provisions are exceptions from the one around them, and may be nested in turn.
 *
 * Both sectors must be named for a permit: what a person did not write is not permitted. A limit that is not
 * evaluated here (purpose, class, code, data, dataPeriod) never widens: it withholds a permit and does not
 * weaken a denial. Of two Consents that disagree, the denial holds.
 * @see https://hl7.org/fhir/R4/consent.html
 */
import type { Coding, Consent, ConsentProvision, Period } from 'fhir/r4';
import { SECTOR_SYSTEM, type Sector } from '../principal.ts';

const SCOPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/consentscope';
const ACTION_SYSTEM = 'http://terminology.hl7.org/CodeSystem/consentaction';
const ROLE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const UNEVALUATED = ['purpose', 'class', 'code', 'data', 'dataPeriod'] as const;

export interface Transfer {
  readonly from: Sector;
  readonly to: Sector;
  readonly patientId: string;
  readonly at: Date;
}

export type Verdict = 'permit' | 'deny' | 'silent';

/** What the Consents together say of the transfer. */
export function judgeConsents(consents: readonly Consent[], transfer: Transfer): Verdict {
  const verdicts = consents
    .filter((consent) => concerns(consent, transfer.patientId))
    .map((consent) => (consent.provision ? judge(consent.provision, transfer) : 'silent'));
  if (verdicts.includes('deny')) return 'deny';
  return verdicts.includes('permit') ? 'permit' : 'silent';
}

function concerns(consent: Consent, patientId: string): boolean {
  return (
    consent.status === 'active' &&
    consent.patient?.reference === `Patient/${patientId}` &&
    (consent.scope?.coding ?? []).some(
      (coding) => coding.system === SCOPE_SYSTEM && coding.code === 'patient-privacy',
    )
  );
}

function judge(provision: ConsentProvision, transfer: Transfer): Verdict {
  const own = judgeAlone(provision, transfer);
  if (own === 'silent') return 'silent';
  const exceptions = (provision.provision ?? []).map((nested) => judge(nested, transfer));
  if (exceptions.includes('deny')) return 'deny';
  return exceptions.includes('permit') ? 'permit' : own;
}

function judgeAlone(provision: ConsentProvision, transfer: Transfer): Verdict {
  const within = isWithin(provision.period, transfer.at);
  const labels = sectorsOf(provision.securityLabel ?? []);
  const recipients = recipientsOf(provision);
  const limited = UNEVALUATED.some((element) => provision[element] !== undefined);
  if (provision.type === 'permit') {
    const named = labels.has(transfer.from) && recipients.has(transfer.to);
    return within && named && !limited && coversDisclosure(provision) ? 'permit' : 'silent';
  }
  if (provision.type !== 'deny') return 'silent';
  // A denial that names no sector or no recipient means all of them.
  const touches =
    ((provision.securityLabel ?? []).length === 0 || labels.has(transfer.from)) &&
    ((provision.actor ?? []).length === 0 || recipients.has(transfer.to));
  return within && touches && coversDisclosure(provision) ? 'deny' : 'silent';
}

/** @see https://hl7.org/fhir/R4/datatypes.html#Period an end given as a date includes that whole day */
function isWithin(period: Period | undefined, at: Date): boolean {
  if (period?.start !== undefined && !(Date.parse(period.start) <= at.getTime())) return false;
  return period?.end === undefined || endOf(period.end) > at.getTime();
}

function endOf(text: string): number {
  const parts = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text);
  if (!parts) return Date.parse(text) + 1;
  const [year, month, day] = [Number(parts[1]), Number(parts[2] ?? 12), parts[3]];
  return Date.UTC(year, day === undefined ? month : month - 1, day === undefined ? 1 : Number(day) + 1);
}

function coversDisclosure(provision: ConsentProvision): boolean {
  const codings = (provision.action ?? []).flatMap((action) => action.coding ?? []);
  if ((provision.action ?? []).length === 0) return true;
  return codings.some(
    ({ system, code }) => system === ACTION_SYSTEM && (code === 'disclose' || code === 'access'),
  );
}

function sectorsOf(codings: readonly Coding[]): ReadonlySet<string | undefined> {
  return new Set(codings.filter((coding) => coding.system === SECTOR_SYSTEM).map((coding) => coding.code));
}

function recipientsOf(provision: ConsentProvision): ReadonlySet<string | undefined> {
  const recipients = (provision.actor ?? []).filter((actor) =>
    (actor.role?.coding ?? []).some(({ system, code }) => system === ROLE_SYSTEM && code === 'IRCP'),
  );
  const identifiers = recipients.map((actor) => actor.reference?.identifier);
  return new Set(identifiers.filter((each) => each?.system === SECTOR_SYSTEM).map((each) => each?.value));
}
