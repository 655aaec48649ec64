/**
 * What a caller confined to one patient may write: their own answers, and the progress of their own Tasks.
 * Everything else is refused.
 */
import { isDeepStrictEqual } from 'node:util';
import { CANONICAL_ROOT, type Resource } from '../resource.ts';
import { forbid } from './refusals.ts';
import type { Interaction } from './types.ts';

/** Interactions by type; what is not listed is refused before the body is looked at. */
const WRITABLE: Readonly<Record<string, readonly Interaction[]>> = {
  QuestionnaireResponse: ['create', 'update', 'patch'],
  Task: ['update', 'patch'],
};

/**
 * Moves between states of an answer that the one who gave it may make. An answer once given stays given: it can
 * be amended or withdrawn, not taken back into work.
 * @see https://hl7.org/fhir/R4/valueset-questionnaire-answers-status.html
 */
const RESPONSE_MOVES: Readonly<Record<string, readonly string[]>> = {
  new: ['in-progress', 'completed'],
  'in-progress': ['in-progress', 'completed', 'stopped'],
  completed: ['completed', 'amended', 'entered-in-error'],
  amended: ['amended', 'entered-in-error'],
  stopped: ['stopped', 'in-progress'],
};

/**
 * Moves of a Task that the person it is for may make.
 * @see https://hl7.org/fhir/R4/task.html#statemachine
 */
const TASK_MOVES: Readonly<Record<string, readonly string[]>> = {
  requested: ['requested', 'received', 'accepted', 'rejected', 'in-progress', 'completed'],
  received: ['received', 'accepted', 'rejected', 'in-progress', 'completed'],
  accepted: ['accepted', 'rejected', 'in-progress', 'completed'],
  ready: ['ready', 'in-progress', 'completed'],
  'in-progress': ['in-progress', 'on-hold', 'completed'],
  'on-hold': ['on-hold', 'in-progress', 'completed'],
};

const TASK_CODE_SYSTEM = `${CANONICAL_ROOT}/CodeSystem/task-code`;
/** Elements of a Task that change with its progress. */
const TASK_PROGRESS: ReadonlySet<string> = new Set(['status', 'output', 'meta', 'text']);

/** Whether a confined caller may write this type so at all. */
export function isCitizenWritable(interaction: Interaction, type: string): boolean {
  return WRITABLE[type]?.includes(interaction) ?? false;
}

/** A citizen, or one who acts for another by a mandate. */
export interface Writer {
  /** Whose data it is. */
  readonly patientId: string;
  /** Reference to whoever writes: the patient, or the RelatedPerson who acts for them. */
  readonly author: string;
}

/**
 * The resource as the citizen may write it.
 * @throws SiltaError `forbidden` with the element that is not theirs to write so
 */
export function admitCitizenWrite(
  writer: Writer,
  resource: Resource,
  current: Resource | undefined,
): Resource {
  if (resource.resourceType === 'QuestionnaireResponse') return admitResponse(writer, resource, current);
  if (resource.resourceType === 'Task' && current) return admitTask(writer, resource, current);
  throw forbid(`A citizen cannot write a ${resource.resourceType}.`);
}

function admitResponse(writer: Writer, response: Resource, current: Resource | undefined): Resource {
  const { author } = writer;
  requireSelf(response, 'subject', `Patient/${writer.patientId}`);
  if (response['questionnaire'] === undefined) {
    throw forbid('A citizen answers a known questionnaire only.', 'QuestionnaireResponse.questionnaire');
  }
  for (const element of ['author', 'source'] as const) {
    if (response[element] !== undefined) requireSelf(response, element, author);
    if (current) requireSelf(current, element, author);
  }
  if (current && current['questionnaire'] !== response['questionnaire']) {
    throw forbid(
      'An answer stays with the questionnaire it was given to.',
      'QuestionnaireResponse.questionnaire',
    );
  }
  requireMove(RESPONSE_MOVES, current, response);
  return { ...response, author: { reference: author }, source: { reference: author } };
}

function admitTask(writer: Writer, task: Resource, current: Resource): Resource {
  const patient = `Patient/${writer.patientId}`;
  requireSelf(current, 'for', patient);
  const owner = (current['owner'] as { reference?: unknown } | undefined)?.reference;
  if (current['owner'] !== undefined && owner !== writer.author) requireSelf(current, 'owner', patient);
  if (hasTaskCode(current, 'contact')) {
    throw forbid('A request for contact is handled by the professionals it went to.', 'Task.code');
  }
  for (const element of new Set([...Object.keys(current), ...Object.keys(task)])) {
    if (!TASK_PROGRESS.has(element) && !isDeepStrictEqual(current[element], task[element])) {
      throw forbid('A citizen changes only the status and the output of a Task.', `Task.${element}`);
    }
  }
  requireMove(TASK_MOVES, current, task);
  return task;
}

function requireSelf(resource: Resource, element: string, self: string): void {
  const value = resource[element] as { reference?: unknown } | undefined;
  if (value?.reference !== self) {
    throw forbid(
      `This must refer to ${self.startsWith('Patient/') ? 'the Patient who is signed in or acted for' : 'the person who acts'}, as a relative reference.`,
      `${resource.resourceType}.${element}`,
    );
  }
}

function requireMove(
  moves: Readonly<Record<string, readonly string[]>>,
  current: Resource | undefined,
  next: Resource,
): void {
  const from = current ? String(current['status']) : 'new';
  const to = String(next['status']);
  if (moves[from]?.includes(to)) return;
  const allowed = (moves[from] ?? []).join(', ') || 'none';
  throw forbid(
    `The status cannot become this from '${from}'; possible: ${allowed}.`,
    `${next.resourceType}.status`,
  );
}

function hasTaskCode(task: Resource, code: string): boolean {
  const { coding = [] } = (task['code'] ?? {}) as { coding?: readonly { system?: string; code?: string }[] };
  return coding.some((each) => each.system === TASK_CODE_SYSTEM && each.code === code);
}
