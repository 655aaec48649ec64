/**
 * FHIRPath inside plans: parsed once, with errors that name the plan, the action and the expression.
 * @see https://hl7.org/fhir/R4/fhirpath.html
 */
import type { Expression } from 'fhir/r4';
import fhirpath, { type Compile } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';

/** Where an expression stands, for errors: the plan's canonical, the action's id, the element's path. */
export interface Place {
  readonly plan: string;
  readonly action: string;
  readonly path: string;
}

/** What an expression sees: `%resource`, `%total` and `%previous`; its own context is the resource, too. */
export interface Scope {
  readonly resource: Resource;
  readonly previous: Resource | undefined;
}

const compiled = new Map<string, Compile<{ traceFn: () => void }>>();

function compileOnce(expression: string): Compile<{ traceFn: () => void }> {
  const known = compiled.get(expression);
  if (known) return known;
  // A plan's trace() must not reach the console: its values are health data.
  const fresh = fhirpath.compile(expression, r4 as Parameters<typeof fhirpath.compile>[1], {
    traceFn: () => undefined,
  });
  compiled.set(expression, fresh);
  return fresh;
}

/**
 * Says what is wrong with an expression's language or syntax.
 * @returns undefined when it can be run
 */
export function findExpressionFault(expression: Expression | undefined): string | undefined {
  if (expression?.language !== 'text/fhirpath') return 'its language is not text/fhirpath';
  if (!expression.expression) return 'it has no expression';
  try {
    compileOnce(expression.expression);
    return undefined;
  } catch (error) {
    return describe(error);
  }
}

/**
 * Runs an expression of a plan over the triggering resource.
 * @throws SiltaError `invalid-resource` (key `plan-expression`) naming plan, action and expression
 */
export function evaluateExpression(
  expression: Expression | undefined,
  scope: Scope,
  place: Place,
): readonly unknown[] {
  const fault = findExpressionFault(expression);
  const text = expression?.expression ?? '';
  if (fault !== undefined) throw expressionError(text, place, fault);
  try {
    return compileOnce(text)(scope.resource, variables(scope)) as readonly unknown[];
  } catch (error) {
    throw expressionError(text, place, describe(error), error);
  }
}

/**
 * Runs a condition. An empty result is false.
 * @throws SiltaError `invalid-resource` also when the result is not one boolean
 */
export function holds(expression: Expression | undefined, scope: Scope, place: Place): boolean {
  const result = evaluateExpression(expression, scope, place);
  const [value] = result;
  if (value === undefined) return false;
  if (result.length === 1 && typeof value === 'boolean') return value;
  throw expressionError(expression?.expression ?? '', place, 'it does not yield one boolean');
}

function variables(scope: Scope): Record<string, unknown> {
  const total = findTotal(scope.resource);
  return {
    resource: scope.resource,
    previous: scope.previous ?? [],
    total: total === undefined ? [] : total,
  };
}

interface Item {
  readonly linkId?: string;
  readonly answer?: readonly { readonly valueInteger?: number; readonly item?: readonly Item[] }[];
  readonly item?: readonly Item[];
}

/** The value of the integer item `total` of a questionnaire response, wherever in the form it stands. */
export function findTotal(resource: Resource): number | undefined {
  if (resource.resourceType !== 'QuestionnaireResponse') return undefined;
  return findInItems(resource['item'] as readonly Item[] | undefined);
}

function findInItems(items: readonly Item[] = []): number | undefined {
  for (const item of items) {
    const own = item.linkId === 'total' ? item.answer?.[0]?.valueInteger : undefined;
    const found = own ?? findInItems(item.item) ?? findInItems(item.answer?.flatMap((a) => a.item ?? []));
    if (found !== undefined) return found;
  }
  return undefined;
}

function expressionError(text: string, place: Place, why: string, cause?: unknown): SiltaError {
  return new SiltaError(
    'invalid-resource',
    `${place.plan}, action '${place.action}': the expression '${text}' cannot be used: ${why}`,
    { expression: [place.path], key: 'plan-expression', cause },
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
