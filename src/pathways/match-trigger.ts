/**
 * Whether a change of a resource is the event a rule waits for.
 * @see https://hl7.org/fhir/R4/metadatatypes.html#TriggerDefinition
 */
import type { Coding, DataRequirement, DataRequirementCodeFilter, TriggerDefinition } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { evaluateExpression, holds, type Place, type Scope } from './expression.ts';

/** What happened to the resource: it is there for the first time, or it is there again with other content. */
export type DataEvent = 'added' | 'modified';

const EVENTS: Readonly<Record<string, readonly DataEvent[]>> = {
  'data-added': ['added'],
  'data-modified': ['modified'],
  'data-changed': ['added', 'modified'],
};

/** Whether the trigger is one that a written resource can set off. */
export function isDataTrigger(trigger: TriggerDefinition): boolean {
  return trigger.type in EVENTS;
}

/**
 * Whether a resource says what it means already. A questionnaire response does so once it is completed: an answer
 * still being written, stopped or entered in error sets nothing off.
 * @see https://hl7.org/fhir/R4/valueset-questionnaire-answers-status.html
 */
export function isSettled(resource: Resource | undefined): boolean {
  if (resource === undefined) return false;
  if (resource.resourceType !== 'QuestionnaireResponse') return true;
  return resource['status'] === 'completed' || resource['status'] === 'amended';
}

/**
 * @throws SiltaError `invalid-resource` for an expression that fails, `not-supported` for a filter that this
 *   gateway does not evaluate: a rule that quietly never matched would be worse
 */
export function matchesTrigger(
  trigger: TriggerDefinition,
  event: DataEvent,
  scope: Scope,
  place: Place,
): boolean {
  if (!EVENTS[trigger.type]?.includes(event)) return false;
  if (!(trigger.data ?? []).every((data) => matchesData(data, scope, place))) return false;
  return trigger.condition === undefined || holds(trigger.condition, scope, place);
}

function matchesData(data: DataRequirement, scope: Scope, place: Place): boolean {
  if (data.type !== scope.resource.resourceType) return false;
  if (data.dateFilter?.length) throw unsupported('dateFilter', place);
  return (data.codeFilter ?? []).every((filter) => matchesFilter(filter, scope, place));
}

function matchesFilter(filter: DataRequirementCodeFilter, scope: Scope, place: Place): boolean {
  if (filter.path === undefined || filter.valueSet !== undefined) {
    throw unsupported('codeFilter.searchParam and codeFilter.valueSet', place);
  }
  const path = { language: 'text/fhirpath', expression: filter.path } as const;
  const values = evaluateExpression(path, scope, place).flatMap(codingsOf);
  return (filter.code ?? []).some((wanted) => values.some((value) => sameCode(wanted, value)));
}

/** A value as codings: a code, uri or canonical stands for its own code. */
function codingsOf(value: unknown): readonly Coding[] {
  if (typeof value === 'string') return [{ code: value }];
  if (typeof value !== 'object' || value === null) return [];
  if ('coding' in value && Array.isArray(value.coding)) return value.coding as readonly Coding[];
  return [value as Coding];
}

function sameCode(wanted: Coding, value: Coding): boolean {
  if (wanted.system !== undefined && wanted.system !== value.system) return false;
  return wanted.code === value.code || sameCanonical(wanted.code, value.code);
}

/** Canonicals match when the versions do, or one of the two names none. */
function sameCanonical(one: string | undefined, other: string | undefined): boolean {
  const [url, version] = (one ?? '').split('|');
  const [otherUrl, otherVersion] = (other ?? '').split('|');
  return url !== '' && url === otherUrl && (version === undefined || otherVersion === undefined);
}

function unsupported(what: string, place: Place): SiltaError {
  return new SiltaError(
    'not-supported',
    `${place.plan}, action '${place.action}': ${what} of a trigger is not evaluated; use codeFilter.path with codes, or a condition`,
    { expression: [place.path], key: 'plan-trigger' },
  );
}
