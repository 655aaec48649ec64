/**
 * Whether a person may act for another, from what is known at the moment: the roles that the mandate service tells, the
 * other's age, what is recorded of a minor's will, and the county's own rules. Pure. Deny by default: age alone never
 * opens anything, and what is not known closes.
 */
import { z } from 'zod';

/** Role of the population register: guardian of a minor. */
const GUARDIAN_OF_MINOR = 'ALL';
/** Role of a guardian that an authority has appointed for an adult. */
const APPOINTED_GUARDIAN = 'GUARDIAN';
const MAJORITY = 18;

/**
 * What may be recorded of releasing a minor's data to guardians.
 * @see https://hl7.fi/fhir/finnish-base-profiles (code system urn:oid:1.2.246.537.5.40202)
 */
export const MINOR_DATA_SYSTEM = 'urn:oid:1.2.246.537.5.40202.201901';
export type MinorDataCode = '1' | '2' | '3' | '4';

export const mandateRulesSchema = z.strictObject({
  /** Mandate themes (URIs) that let one adult act for another here. */
  themes: z.array(z.url()).default([]),
  /** Guardians act for a child younger than this without anything recorded; at most 18. */
  guardianUntilAge: z.number().int().min(0).max(MAJORITY).default(0),
  /** Recorded codes by which a guardian may act from that age on. */
  minorDataCodes: z.array(z.enum(['1', '2', '3', '4'])).default(['1', '2']),
  /** Whether a guardian appointed for an adult may act. */
  appointedGuardians: z.boolean().default(false),
});
export type MandateRules = Readonly<z.output<typeof mandateRulesSchema>>;

export interface MandateFacts {
  /** Roles by the mandate service; empty: no right. */
  readonly roles: readonly string[];
  /** Birth date of the person who is acted for, `YYYY-MM-DD`. */
  readonly birthDate: string;
  /** The latest that is recorded of releasing the minor's data; absent: nothing. */
  readonly minorDataCode?: MinorDataCode;
  readonly today: Date;
}

export type MandateVerdict =
  | { readonly allowed: true; readonly basis: 'guardian' | 'mandate' | 'appointed-guardian' }
  | { readonly allowed: false; readonly reason: MandateRefusal };

export type MandateRefusal = 'no-role' | 'minor-forbids' | 'minor-not-recorded' | 'theme-not-accepted';

/** Decides by the facts and the rules. */
export function judgeMandate(facts: MandateFacts, rules: MandateRules): MandateVerdict {
  const age = ageOf(facts.birthDate, facts.today);
  if (age < MAJORITY) return judgeGuardian(facts, rules, age);
  if (facts.roles.some((role) => rules.themes.includes(role))) return { allowed: true, basis: 'mandate' };
  if (rules.appointedGuardians && facts.roles.includes(APPOINTED_GUARDIAN)) {
    return { allowed: true, basis: 'appointed-guardian' };
  }
  return { allowed: false, reason: facts.roles.length === 0 ? 'no-role' : 'theme-not-accepted' };
}

/** A minor cannot give a mandate: only the population register's role counts. */
function judgeGuardian(
  { roles, minorDataCode }: MandateFacts,
  rules: MandateRules,
  age: number,
): MandateVerdict {
  if (!roles.includes(GUARDIAN_OF_MINOR)) return { allowed: false, reason: 'no-role' };
  // The minor's own recorded will holds at any age.
  if (minorDataCode !== undefined && !rules.minorDataCodes.includes(minorDataCode)) {
    return { allowed: false, reason: 'minor-forbids' };
  }
  if (minorDataCode !== undefined || age < rules.guardianUntilAge)
    return { allowed: true, basis: 'guardian' };
  return { allowed: false, reason: 'minor-not-recorded' };
}

/**
 * Full years on a day, in Finnish time: a child is a year older from midnight there.
 * @param birthDate `YYYY-MM-DD`
 */
export function ageOf(birthDate: string, today: Date): number {
  const local = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Helsinki' }).format(today);
  const years = Number(local.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return local.slice(5) < birthDate.slice(5) ? years - 1 : years;
}
