/**
 * What a citizen's act writes: the answer and the Task it settles, in one transaction.
 * @see https://hl7.org/fhir/R4/http.html#transaction
 */
import type { Bundle, Questionnaire, QuestionnaireResponse, QuestionnaireResponseItem, Task } from 'fhir/r4';
import { CANONICAL_ROOT, type Resource } from '../../resource.ts';
import type { Language } from '../texts/texts.ts';

type StoredTask = Task & { readonly id: string };

/** The answer without its items: who answers what, when, and for which plan. */
export function beginResponse(parts: {
  readonly questionnaire: Questionnaire;
  readonly task: StoredTask;
  readonly patientId: string;
  /** Reference to whoever answers: the patient, or who acts for them. */
  readonly author: string;
  readonly language: Language;
  readonly now: Date;
}): QuestionnaireResponse {
  const { questionnaire, task, author, language, now } = parts;
  const { url = '', version } = questionnaire;
  const plans = (task.basedOn ?? []).filter(({ reference }) => reference?.startsWith('CarePlan/'));
  return {
    resourceType: 'QuestionnaireResponse',
    language,
    ...(plans.length > 0 && { basedOn: plans }),
    questionnaire: version === undefined ? url : `${url}|${version}`,
    status: 'completed',
    subject: { reference: `Patient/${parts.patientId}` },
    authored: now.toISOString(),
    author: { reference: author },
    source: { reference: author },
  };
}

/** Creates the answer and completes the Task, which points to it. A Task that changed meanwhile refuses both. */
export function buildSubmission(
  head: QuestionnaireResponse,
  items: readonly QuestionnaireResponseItem[],
  { task, versionId }: { readonly task: StoredTask; readonly versionId: number },
  uuid: string,
): Resource {
  const fullUrl = `urn:uuid:${uuid}`;
  const output = {
    type: {
      coding: [{ system: `${CANONICAL_ROOT}/CodeSystem/task-output`, code: 'questionnaire-response' }],
    },
    valueReference: { reference: fullUrl },
  };
  const response = { ...head, ...(items.length > 0 && { item: [...items] }) };
  return toTransaction([
    { fullUrl, resource: response, request: { method: 'POST', url: 'QuestionnaireResponse' } },
    completeTask({ ...task, output: [...(task.output ?? []), output] }, versionId),
  ]);
}

/** Completes a Task that needs no answer. */
export function buildCompletion(task: StoredTask, versionId: number): Resource {
  return toTransaction([completeTask(task, versionId)]);
}

function completeTask(task: StoredTask, versionId: number): NonNullable<Bundle['entry']>[number] {
  const completed: StoredTask = { ...task, status: 'completed' };
  return {
    resource: completed,
    request: { method: 'PUT', url: `Task/${task.id}`, ifMatch: `W/"${versionId}"` },
  };
}

function toTransaction(entry: NonNullable<Bundle['entry']>): Resource {
  return { resourceType: 'Bundle', type: 'transaction', entry };
}
