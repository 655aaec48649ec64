// https://hl7.org/fhir/R4/group-definitions.html#Group.member
import type { Group, Period } from 'fhir/r4';
import { dateRange } from '../../store/index.ts';

/**
 * Ids of the Patients that belong to a Group at a moment: active members whose period, if any, covers it.
 * @param content JSON text of the Group
 */
export function listMembers(content: string, now: Date): readonly string[] {
  const { member = [] } = JSON.parse(content) as Group;
  const ids = member
    .filter(({ inactive, period }) => inactive !== true && covers(period, now.getTime()))
    .map(({ entity }) => /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(entity?.reference ?? '')?.[1]);
  return [...new Set(ids.filter((id) => id !== undefined))];
}

function covers({ start, end }: Period = {}, now: number): boolean {
  const [first, last] = [start, end].map((text) => (text === undefined ? undefined : dateRange(text)));
  return (first === undefined || first.low <= now) && (last === undefined || now <= last.high);
}
