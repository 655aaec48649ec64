/** What a Task means to the citizen whose it is. */
import type { Task } from 'fhir/r4';
import { CANONICAL_ROOT } from '../resource.ts';

const TASK_CODE = `${CANONICAL_ROOT}/CodeSystem/task-code`;
const OPEN: ReadonlySet<string> = new Set([
  'requested',
  'received',
  'accepted',
  'ready',
  'in-progress',
  'on-hold',
]);

/** Whether something is still to be done. */
export function isOpen(task: Task): boolean {
  return OPEN.has(task.status);
}

/** Whether it is a professional's contact, which the citizen only watches. */
export function isContact(task: Task): boolean {
  return (task.code?.coding ?? []).some(({ system, code }) => system === TASK_CODE && code === 'contact');
}

/** The canonical of the questionnaire that the Task asks to be filled in. */
export function questionnaireOf(task: Task): string | undefined {
  const values = (task.input ?? []).map((input) => input.valueCanonical ?? input.valueUri ?? input.valueUrl);
  const isQuestionnaire = (value: string | undefined): value is string =>
    value?.includes('Questionnaire/') === true && !value.includes('QuestionnaireResponse/');
  // A portal may have named the questionnaire as what the Task is about instead.
  return [...values, task.focus?.reference].find(isQuestionnaire);
}

/** Whether the Task may be marked as done by the citizen without filling anything in. */
export function isMarkable(task: Task, patientId: string): boolean {
  const owner = task.owner?.reference;
  return (
    isOpen(task) &&
    !isContact(task) &&
    questionnaireOf(task) === undefined &&
    (owner === undefined || owner === `Patient/${patientId}`)
  );
}
