/**
 * Event rules of PlanDefinitions: which of them a written resource sets off, and the Tasks they ask for.
 * @see https://hl7.org/fhir/R4/plandefinition.html
 */
import type { CodeableConcept, PlanDefinition } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { buildTask } from './build-task.ts';
import { holds, type Scope } from './expression.ts';
import { type DataEvent, isSettled, matchesTrigger } from './match-trigger.ts';
import { findRules, namePlan, type PlacedAction, placeActions, placeOf } from './rule.ts';
import { readSubject } from './subject.ts';
import type { Firing, RuleInput } from './types.ts';

/**
 * Evaluates every rule of every plan in force over one written resource. Pure: the same input gives the same firings.
 *
 * A questionnaire response counts once it is `completed` or `amended`. A later change of it sets a rule off only when
 * the rule listens to `data-modified` and did not apply to the previous version, so a re-save fires nothing, while an
 * amendment that crosses a threshold does. Whoever writes the resources keeps `cause` unique, which holds the rest.
 * A resource about nobody (an anonymous answer) sets nothing off: there is nobody to give the Tasks to.
 *
 * @throws SiltaError `invalid-resource` naming plan, action and expression when FHIRPath of a plan is invalid or
 *   fails, or when a definition is missing; `not-supported` for what this gateway does not evaluate
 */
export function evaluateRules(input: RuleInput): readonly Firing[] {
  const { resource, previous } = input;
  if (!isSettled(resource) || readSubject(resource) === undefined) return [];
  const event: DataEvent = isSettled(previous) ? 'modified' : 'added';
  return input.plans
    .filter((plan) => isInForce(plan, input.now))
    .flatMap((plan) =>
      findRules(plan)
        .filter((rule) => isSetOff(plan, rule, event, { resource, previous }))
        .map((rule) => fire(plan, rule, input)),
    );
}

/** @see https://hl7.org/fhir/R4/plandefinition-definitions.html#PlanDefinition.effectivePeriod */
function isInForce(plan: PlanDefinition, now: Date): boolean {
  if (plan.status !== 'active') return false;
  const { start, end } = plan.effectivePeriod ?? {};
  // A date without a time ends with that day.
  const last = end === undefined ? undefined : new Date(end.length === 10 ? `${end}T23:59:59.999Z` : end);
  return (start === undefined || new Date(start) <= now) && (last === undefined || now <= last);
}

function isSetOff(plan: PlanDefinition, rule: PlacedAction, event: DataEvent, scope: Scope): boolean {
  const place = placeOf(plan, rule, 'trigger');
  const triggers = rule.action.trigger ?? [];
  if (!triggers.some((trigger) => matchesTrigger(trigger, event, scope, place))) return false;
  if (!applies(plan, rule, scope)) return false;
  if (event === 'added' || scope.previous === undefined) return true;
  return !applies(plan, rule, { resource: scope.previous, previous: undefined });
}

/** Whether the conditions of an action and of the groups around it hold. */
function applies(plan: PlanDefinition, placed: PlacedAction, scope: Scope): boolean {
  return [...placed.around, placed].every((one) => meetsConditions(plan, one, scope));
}

/** @see https://hl7.org/fhir/R4/valueset-action-condition-kind.html */
function meetsConditions(plan: PlanDefinition, placed: PlacedAction, scope: Scope): boolean {
  return (placed.action.condition ?? []).every(
    (condition, index) =>
      condition.kind !== 'applicability' ||
      holds(condition.expression, scope, placeOf(plan, placed, `condition[${index}]`)),
  );
}

function fire(plan: PlanDefinition, rule: PlacedAction, input: RuleInput): Firing {
  const { resource } = input;
  const reason = explain(plan, rule);
  return {
    planUrl: plan.url ?? namePlan(plan),
    planVersion: plan.version,
    actionId: rule.id,
    // Neither the resource's version nor the plan's takes part: one answer has each effect once.
    cause: `${resource.resourceType}/${resource.id ?? ''}#${plan.url ?? namePlan(plan)}#${rule.id}`,
    reason,
    resources: collectTasks(plan, rule, input, reason),
  };
}

/** The Tasks of an action and of the actions below it whose conditions hold, in the plan's order. */
function collectTasks(
  plan: PlanDefinition,
  placed: PlacedAction,
  input: RuleInput,
  reason: CodeableConcept,
): readonly (Resource & { readonly id: string })[] {
  refuseChoice(plan, placed);
  const scope: Scope = { resource: input.resource, previous: input.previous };
  const own = placed.action.definitionCanonical ? [buildTask(plan, placed, input, reason)] : [];
  const below = placeActions(placed.action.action, placed)
    .filter((child) => meetsConditions(plan, child, scope))
    .flatMap((child) => collectTasks(plan, child, input, reason));
  return [...own, ...below];
}

/**
 * All children whose conditions hold are carried out; a plan that lets somebody choose among them is not for a rule.
 * @see https://hl7.org/fhir/R4/valueset-action-selection-behavior.html
 */
function refuseChoice(plan: PlanDefinition, { action, id, path }: PlacedAction): void {
  const behaviour = action.selectionBehavior ?? 'all';
  if (behaviour === 'all' || behaviour === 'any') return;
  throw new SiltaError(
    'not-supported',
    `${namePlan(plan)}, action '${id}': selectionBehavior '${behaviour}' is not evaluated; use conditions`,
    { expression: [`${path}.selectionBehavior`], key: 'plan-behaviour' },
  );
}

/** Why the rule applies, in the words of the plan. */
function explain(plan: PlanDefinition, { action, id }: PlacedAction): CodeableConcept {
  const [given] = action.reason ?? [];
  if (given) return given;
  if (action.description !== undefined) return withText(action.description, action._description);
  if (action.title !== undefined) return withText(action.title, action._title);
  return { text: `${namePlan(plan)}#${id}` };
}

function withText(text: string, translations: CodeableConcept['_text']): CodeableConcept {
  return { text, ...(translations && { _text: translations }) };
}
