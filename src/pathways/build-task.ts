/**
 * One action of a plan, with its ActivityDefinition, made into a Task.
 * @see https://hl7.org/fhir/R4/activitydefinition.html
 * @see https://hl7.org/fhir/R4/task.html
 */
import type {
  ActivityDefinition,
  CodeableConcept,
  Coding,
  Identifier,
  PlanDefinition,
  Reference,
  Task,
  TaskInput,
} from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import { GATEWAY, SECTOR_SYSTEM } from '../principal.ts';
import { CANONICAL_ROOT, type Resource } from '../resource.ts';
import { applyDynamicValues } from './dynamic-value.ts';
import { findTotal } from './expression.ts';
import { namePlan, type PlacedAction } from './rule.ts';
import { readSubject } from './subject.ts';
import { readPeriod } from './task-period.ts';
import type { RuleInput } from './types.ts';

const TASK_PROFILE = `${CANONICAL_ROOT}/StructureDefinition/silta-task`;
const TASK_CODE = `${CANONICAL_ROOT}/CodeSystem/task-code`;
const TASK_INPUT = `${CANONICAL_ROOT}/CodeSystem/task-input`;
const TICKET_IDENTIFIER = `${CANONICAL_ROOT}/identifier/ticket`;

/**
 * Builds the Task that an action's `definitionCanonical` stands for.
 * @throws SiltaError `invalid-resource` when the definition is unknown or a dynamic value fails, `not-supported`
 *   when it defines something else than a Task
 */
export function buildTask(
  plan: PlanDefinition,
  placed: PlacedAction,
  input: RuleInput,
  reason: CodeableConcept,
): Resource & { readonly id: string } {
  const definition = findDefinition(plan, placed, input);
  const { resource, now } = input;
  const subject = readSubject(resource);
  const period = readPeriod(placed.action, now) ?? readPeriod(definition, now);
  const id = input.uuid();
  const task: Task & { id: string } = {
    resourceType: 'Task',
    id,
    meta: readMeta(definition, resource),
    ...(definition.language && { language: definition.language }),
    ...(isContact(definition) && { identifier: [ticketIdentifier(input.uuid())] }),
    instantiatesCanonical: nameActivity(definition),
    ...readBasedOn(resource),
    status: 'requested',
    intent: 'order',
    priority: placed.action.priority ?? definition.priority ?? 'routine',
    ...(definition.code && { code: definition.code }),
    ...readDescription(definition),
    focus: { reference: `${resource.resourceType}/${resource.id ?? ''}` },
    ...(subject && { for: subject }),
    authoredOn: now.toISOString(),
    lastModified: now.toISOString(),
    requester: { reference: GATEWAY.who },
    ...readPerformer(definition, subject),
    reasonCode: reason,
    ...(period && { restriction: { period } }),
    ...readInputs(definition, resource),
  };
  const scope = { resource, previous: input.previous };
  // The copy shares nothing with the frozen definitions. FHIR's types and ours differ only in readonly and undefined.
  const copy = structuredClone(task) as unknown as Resource & { readonly id: string };
  return applyDynamicValues(copy, plan, placed, definition, scope);
}

function findDefinition(plan: PlanDefinition, placed: PlacedAction, input: RuleInput): ActivityDefinition {
  const canonical = placed.action.definitionCanonical ?? '';
  const definition = input.activity(canonical);
  const where = { expression: [`${placed.path}.definitionCanonical`], key: 'plan-definition' };
  const prefix = `${namePlan(plan)}, action '${placed.id}'`;
  if (!definition) {
    throw new SiltaError('invalid-resource', `${prefix}: '${canonical}' is not known`, where);
  }
  if (definition.kind !== 'Task') {
    const kind = definition.kind ?? 'nothing';
    throw new SiltaError(
      'not-supported',
      `${prefix}: '${canonical}' defines ${kind}; only a Task can be made`,
      where,
    );
  }
  return definition;
}

function nameActivity({ url, id, version }: ActivityDefinition): string {
  const canonical = url ?? `ActivityDefinition/${id ?? ''}`;
  return version === undefined ? canonical : `${canonical}|${version}`;
}

/** The Task belongs to the sector of what set it off. */
function readMeta(definition: ActivityDefinition, resource: Resource): NonNullable<Task['meta']> {
  const sector = (resource.meta?.security ?? []).filter(({ system }) => system === SECTOR_SYSTEM);
  return {
    profile: [definition.profile ?? TASK_PROFILE],
    ...(sector.length > 0 && { security: sector.map((label): Coding => ({ ...label })) }),
  };
}

function isContact(definition: ActivityDefinition): boolean {
  return hasTaskCode(definition, 'contact');
}

function hasTaskCode(definition: ActivityDefinition, code: string): boolean {
  return (definition.code?.coding ?? []).some(
    (coding) => coding.system === TASK_CODE && coding.code === code,
  );
}

function ticketIdentifier(uuid: string): Identifier {
  return { system: TICKET_IDENTIFIER, value: uuid };
}

/** The care plans that the answer was given for. */
function readBasedOn(resource: Resource): Pick<Task, 'basedOn'> {
  const given = (resource['basedOn'] ?? []) as readonly Reference[];
  const plans = given.filter(({ reference }) => reference?.includes('CarePlan/'));
  return plans.length > 0 ? { basedOn: plans.map(({ reference = '' }) => ({ reference })) } : {};
}

function readDescription(definition: ActivityDefinition): Pick<Task, 'description' | '_description'> {
  const { description, _description } = definition;
  return {
    ...(description !== undefined && { description }),
    ...(_description && { _description }),
  };
}

/** A patient's activity is owned by the patient; a professional's is open to everyone in its role. */
function readPerformer(
  definition: ActivityDefinition,
  subject: Reference | undefined,
): Pick<Task, 'owner' | 'performerType'> {
  const participants = definition.participant ?? [];
  const roles = participants.flatMap(({ role }) => (role ? [role] : []));
  const isPatients = participants.some(({ type }) => type === 'patient');
  return {
    ...(isPatients && subject && { owner: subject }),
    ...(roles.length > 0 && { performerType: roles }),
  };
}

function readInputs(definition: ActivityDefinition, resource: Resource): Pick<Task, 'input'> {
  const total = isContact(definition) ? findTotal(resource) : undefined;
  const inputs: readonly TaskInput[] = [
    ...(total === undefined ? [] : [{ type: inputType('score', 'Score'), valueInteger: total }]),
    ...findQuestionnaires(definition).map((canonical) => ({
      type: inputType('questionnaire', 'Questionnaire to complete'),
      valueCanonical: canonical,
    })),
  ];
  return inputs.length > 0 ? { input: [...inputs] } : {};
}

function inputType(code: string, display: string): CodeableConcept {
  return { coding: [{ system: TASK_INPUT, code, display }] };
}

/** The questionnaires that a `complete-questionnaire` activity depends on. */
function findQuestionnaires(definition: ActivityDefinition): readonly string[] {
  if (!hasTaskCode(definition, 'complete-questionnaire')) return [];
  return (definition.relatedArtifact ?? []).flatMap(({ type, resource }) =>
    type === 'depends-on' && resource?.includes('/Questionnaire/') ? [resource] : [],
  );
}
