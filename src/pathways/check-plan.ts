/**
 * Static check of a plan: what would fail, or never happen, when it runs.
 */
import type { ActivityDefinition, Expression, PlanDefinition, TriggerDefinition } from 'fhir/r4';
import type { Issue } from '../outcome.ts';
import { parsePath } from './dynamic-value.ts';
import { findExpressionFault } from './expression.ts';
import { isDataTrigger } from './match-trigger.ts';
import { findRules, namePlan, type PlacedAction, placeActions } from './rule.ts';
import type { FindActivity } from './types.ts';

/** What a plan may refer to. */
export interface PlanContext {
  readonly activity: FindActivity;
  /** Whether a Questionnaire is known by its canonical; left out, questionnaires are not looked for. */
  readonly hasQuestionnaire?: (canonical: string) => boolean;
}

/**
 * Checks a plan without running it: expressions parse, ids are there and unique, definitions exist and make Tasks
 * that somebody owns, triggers and behaviours are ones that {@link evaluateRules} honours.
 * @returns the findings, each with the element it is about; none when the plan is sound
 */
export function checkPlan(plan: PlanDefinition, context: PlanContext): readonly Issue[] {
  const actions = allActions(placeActions(plan.action, undefined));
  return [
    ...checkHead(plan),
    ...checkIds(actions),
    ...actions.flatMap((placed) => [
      ...checkTriggers(placed),
      ...checkConditions(placed),
      ...checkBehaviour(placed),
      ...checkDynamicValues(placed.action.dynamicValue, placed.path),
      ...checkDefinition(placed, context),
    ]),
  ].map((issue) => ({ ...issue, diagnostics: `${namePlan(plan)}: ${issue.diagnostics}` }));
}

function allActions(placed: readonly PlacedAction[]): readonly PlacedAction[] {
  return placed.flatMap((one) => [one, ...allActions(placeActions(one.action.action, one))]);
}

function error(path: string, diagnostics: string, key: string): Issue {
  return { severity: 'error', code: 'invalid', diagnostics, expression: [path], key };
}

function warning(path: string, diagnostics: string, key: string): Issue {
  return { severity: 'warning', code: 'business-rule', diagnostics, expression: [path], key };
}

function checkHead(plan: PlanDefinition): readonly Issue[] {
  const issues: Issue[] = [];
  if (plan.url === undefined) issues.push(error('PlanDefinition.url', 'the plan has no url', 'plan-url'));
  if (plan.version === undefined) {
    issues.push(warning('PlanDefinition.version', 'the plan has no version', 'plan-version'));
  }
  if (plan.status !== 'active') {
    issues.push(warning('PlanDefinition.status', `a plan that is ${plan.status} never fires`, 'plan-status'));
  }
  if (findRules(plan).length === 0) {
    issues.push(warning('PlanDefinition.action', 'no action has a trigger', 'plan-rules'));
  }
  return issues;
}

function checkIds(actions: readonly PlacedAction[]): readonly Issue[] {
  const seen = new Set<string>();
  return actions.flatMap(({ action, path }) => {
    if (action.id === undefined) {
      return [
        error(path, 'the action has no id, so its cause would change with its place', 'plan-action-id'),
      ];
    }
    if (seen.has(action.id)) return [error(path, `the id '${action.id}' is used twice`, 'plan-action-id')];
    seen.add(action.id);
    return [];
  });
}

function checkTriggers({ action, path }: PlacedAction): readonly Issue[] {
  return (action.trigger ?? []).flatMap((trigger, index) =>
    checkTrigger(trigger, `${path}.trigger[${index}]`),
  );
}

function checkTrigger(trigger: TriggerDefinition, path: string): readonly Issue[] {
  // A named event is raised by the caller of $apply, not by a written resource.
  if (trigger.type === 'named-event') return [];
  if (!isDataTrigger(trigger)) {
    return [warning(path, `a trigger of type '${trigger.type}' is never set off`, 'plan-trigger')];
  }
  const data = trigger.data ?? [];
  const filters = data.flatMap(({ codeFilter }) => codeFilter ?? []);
  return [
    ...(data.length === 0 ? [error(path, 'the trigger names no data', 'plan-trigger')] : []),
    ...(data.some(({ dateFilter }) => dateFilter?.length)
      ? [error(path, 'dateFilter is not evaluated', 'plan-trigger')]
      : []),
    ...filters.flatMap((filter) =>
      filter.path === undefined || filter.valueSet !== undefined
        ? [error(path, 'codeFilter needs a path and codes', 'plan-trigger')]
        : checkExpression({ language: 'text/fhirpath', expression: filter.path }, path),
    ),
    ...(trigger.condition ? checkExpression(trigger.condition, `${path}.condition`) : []),
  ];
}

function checkConditions({ action, path }: PlacedAction): readonly Issue[] {
  return (action.condition ?? []).flatMap((condition, index) => {
    const at = `${path}.condition[${index}]`;
    if (condition.kind !== 'applicability') {
      return [warning(at, `a condition of kind '${condition.kind}' is not evaluated`, 'plan-condition')];
    }
    return checkExpression(condition.expression, at);
  });
}

function checkExpression(expression: Expression | undefined, path: string): readonly Issue[] {
  const fault = findExpressionFault(expression);
  if (fault === undefined) return [];
  return [error(path, `the expression '${expression?.expression ?? ''}': ${fault}`, 'plan-expression')];
}

function checkBehaviour({ action, path }: PlacedAction): readonly Issue[] {
  const { selectionBehavior } = action;
  if (selectionBehavior === undefined || selectionBehavior === 'all' || selectionBehavior === 'any')
    return [];
  const text = `selectionBehavior '${selectionBehavior}' is not evaluated; use conditions`;
  return [error(`${path}.selectionBehavior`, text, 'plan-behaviour')];
}

function checkDynamicValues(
  values: readonly {
    readonly path?: string | undefined;
    readonly expression?: Expression | undefined;
  }[] = [],
  path: string,
): readonly Issue[] {
  return values.flatMap((value, index) => {
    const at = `${path}.dynamicValue[${index}]`;
    return [
      ...(parsePath(value.path ?? '') === undefined
        ? [error(at, `'${value.path ?? ''}' is not a path that a value can be set at`, 'plan-dynamic-value')]
        : []),
      ...checkExpression(value.expression, at),
    ];
  });
}

function checkDefinition({ action, path }: PlacedAction, context: PlanContext): readonly Issue[] {
  const at = `${path}.definitionCanonical`;
  if (action.definitionUri !== undefined) {
    return [error(`${path}.definitionUri`, 'only definitionCanonical is followed', 'plan-definition')];
  }
  if (action.definitionCanonical === undefined) {
    return action.action?.length
      ? []
      : [warning(path, 'the action has neither a definition nor actions', 'plan-definition')];
  }
  const definition = context.activity(action.definitionCanonical);
  if (!definition) return [error(at, `'${action.definitionCanonical}' is not known`, 'plan-definition')];
  return checkActivity(definition, at, context);
}

function checkActivity(
  definition: ActivityDefinition,
  at: string,
  { hasQuestionnaire }: PlanContext,
): readonly Issue[] {
  const name = definition.url ?? definition.id ?? '';
  const questionnaires = (definition.relatedArtifact ?? []).flatMap(({ resource }) =>
    resource?.includes('/Questionnaire/') ? [resource] : [],
  );
  return [
    ...(definition.kind === 'Task' ? [] : [error(at, `'${name}' does not define a Task`, 'plan-definition')]),
    ...(definition.participant?.length
      ? []
      : [warning(at, `nobody owns the Task of '${name}'`, 'plan-owner')]),
    ...questionnaires
      .filter((canonical) => hasQuestionnaire?.(canonical) === false)
      .map((canonical) => error(at, `'${canonical}' is not known`, 'plan-questionnaire')),
    ...checkDynamicValues(definition.dynamicValue, at),
  ];
}
