import { SiltaError } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';

/**
 * States that end a resource's life: what a system says afterwards does not reopen it. `entered-in-error` may always follow.
 * @see https://hl7.org/fhir/R4/task.html#statemachine
 * @see https://hl7.org/fhir/R4/request.html#statemachine
 */
const FINAL: Readonly<Record<string, readonly string[]>> = {
  Task: ['completed', 'failed', 'cancelled', 'rejected', 'entered-in-error'],
  CarePlan: ['completed', 'revoked', 'entered-in-error'],
  ServiceRequest: ['completed', 'revoked', 'entered-in-error'],
  Appointment: ['fulfilled', 'cancelled', 'noshow', 'entered-in-error'],
};
/** States before anybody acts on a resource: nothing returns to them. */
const INITIAL = new Set(['draft', 'proposed']);

/**
 * Checks that a status may follow another one.
 * @throws SiltaError `conflict` naming both
 */
export function checkTransition(current: Resource, next: Resource): void {
  const from = current['status'];
  const to = next['status'];
  const type = current.resourceType;
  if (from === to || typeof from !== 'string' || typeof to !== 'string') return;
  const isFinal = FINAL[type]?.includes(from) ?? false;
  const allowed = isFinal ? to === 'entered-in-error' && from !== to : !INITIAL.has(to);
  if (allowed) return;
  throw new SiltaError(
    'conflict',
    `${type}/${current.id} is ${from} and cannot become ${to}${isFinal ? ': it has ended' : ''}.`,
    { expression: [`${type}.status`], key: 'status-transition' },
  );
}
