/**
 * Values of a Task that are computed when the rule fires.
 * @see https://hl7.org/fhir/R4/activitydefinition-definitions.html#ActivityDefinition.dynamicValue
 */
import type { ActivityDefinition, PlanDefinition } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { evaluateExpression, type Place, type Scope } from './expression.ts';
import { type PlacedAction, placeOf } from './rule.ts';

type Step = string | number;

/**
 * Reads the simple path of a dynamic value: names separated by dots, a list's place in brackets, e.g.
 * `note[0].text`. `Task.` in front may be left out. Elements that repeat are always given their index.
 * @returns undefined when the path is not of this form
 */
export function parsePath(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  for (const part of path.replace(/^(Task|%action)\./, '').split('.')) {
    const match = /^([A-Za-z][A-Za-z0-9]*)(?:\[(\d{1,3})\])?$/.exec(part);
    const name = match?.[1];
    // The resource's identity is the store's; and no path may reach a prototype.
    if (name === undefined || ['resourceType', 'id', 'constructor', 'prototype'].includes(name)) {
      return undefined;
    }
    steps.push(name);
    if (match?.[2] !== undefined) steps.push(Number(match[2]));
  }
  return steps;
}

/**
 * Sets the dynamic values of the activity, then those of the action, which therefore prevail. An expression that
 * yields nothing leaves the element as it is.
 * @param task - the Task under construction; it is changed and returned
 * @throws SiltaError `invalid-resource` naming plan, action and expression
 */
export function applyDynamicValues(
  task: Resource & { readonly id: string },
  plan: PlanDefinition,
  placed: PlacedAction,
  definition: ActivityDefinition,
  scope: Scope,
): Resource & { readonly id: string } {
  const values = [...(definition.dynamicValue ?? []), ...(placed.action.dynamicValue ?? [])];
  values.forEach(({ path, expression }, index) => {
    const place = placeOf(plan, placed, `dynamicValue[${index}]`);
    const steps = parsePath(path ?? '');
    if (!steps) throw pathError(path ?? '', place);
    const result = evaluateExpression(expression, scope, place);
    if (result.length > 0) setAt(task, steps, result.length === 1 ? result[0] : result);
  });
  return task;
}

function setAt(target: object, steps: readonly Step[], value: unknown): void {
  let at = target as Record<Step, unknown>;
  steps.slice(0, -1).forEach((step, index) => {
    at[step] ??= typeof steps[index + 1] === 'number' ? [] : {};
    at = at[step] as Record<Step, unknown>;
  });
  const last = steps.at(-1);
  if (last !== undefined) at[last] = value;
}

function pathError(path: string, place: Place): SiltaError {
  return new SiltaError(
    'invalid-resource',
    `${place.plan}, action '${place.action}': '${path}' is not a path that a value can be set at`,
    { expression: [`${place.path}.path`], key: 'plan-dynamic-value' },
  );
}
