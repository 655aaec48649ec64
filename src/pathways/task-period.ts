/**
 * The time in which a Task is to be done, from the timing of its definitions.
 * @see https://hl7.org/fhir/R4/task-definitions.html#Task.restriction.period
 */
import type { ActivityDefinition, Duration, Period, PlanDefinitionAction } from 'fhir/r4';

type Timed = Pick<
  PlanDefinitionAction & ActivityDefinition,
  'timingDateTime' | 'timingPeriod' | 'timingDuration' | 'timingTiming'
>;

/** Milliseconds of the UCUM units that have a fixed length. */
const FIXED: Readonly<Record<string, number>> = {
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  wk: 604_800_000,
};

/**
 * @param timed - the action or the activity that carries a timing
 * @returns the period from `now`; undefined when there is no timing that limits it
 */
export function readPeriod(timed: Timed, now: Date): Period | undefined {
  const repeat = timed.timingTiming?.repeat;
  const duration = timed.timingDuration ?? repeat?.boundsDuration;
  if (duration) {
    const end = addDuration(now, duration);
    return end && { start: now.toISOString(), end: end.toISOString() };
  }
  if (timed.timingDateTime !== undefined) return { start: now.toISOString(), end: timed.timingDateTime };
  return timed.timingPeriod ?? repeat?.boundsPeriod;
}

/** @returns undefined when the unit is not one of time, or the value is missing */
function addDuration(start: Date, { value, code, unit }: Duration): Date | undefined {
  if (value === undefined) return undefined;
  const ucum = code ?? unit ?? '';
  const fixed = FIXED[ucum];
  if (fixed !== undefined) return new Date(start.getTime() + value * fixed);
  if (ucum === 'mo') return addMonths(start, value);
  if (ucum === 'a') return addMonths(start, value * 12);
  return undefined;
}

/** Calendar months; the day is cut to the length of the month it lands in (31 January + 1 = 28 February). */
function addMonths(start: Date, months: number): Date {
  const end = new Date(start);
  end.setUTCDate(1);
  end.setUTCMonth(end.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(start.getUTCDate(), lastDay));
  return end;
}
