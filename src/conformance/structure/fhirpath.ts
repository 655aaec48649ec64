/**
 * FHIRPath as the invariants of definitions use it.
 *
 * @see https://hl7.org/fhir/R4/fhirpath.html
 */
import fhirpath, { type Model, type UserInvocationTable } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import type { JsonObject } from '../json.ts';
import type { Run } from './run.ts';

// The model's own type leaves out what the engine's type allows to be left out.
const MODEL = r4 as Model;

// The engine compiles regular expressions in Unicode mode, which refuses escapes that R4's own invariants contain.
const FUNCTIONS: UserInvocationTable = {
  matches: {
    fn: (values: readonly unknown[], pattern: string) =>
      values.length === 1 && typeof values[0] === 'string' ? [new RegExp(pattern, 's').test(values[0])] : [],
    arity: { 1: ['String'] },
  },
};

const OPTIONS = { async: false, traceFn: () => undefined, userInvocationTable: FUNCTIONS } as const;

export type Evaluate = (object: unknown, run: Run) => readonly unknown[];

/**
 * Parses an expression once.
 *
 * @param base path of the element or name of the type that it starts from, e.g. `Task.input`
 * @throws when the expression cannot be parsed; what it returns throws when it cannot be evaluated
 */
export function compilePath(expression: string, base: string): Evaluate {
  const compiled = fhirpath.compile({ base, expression }, MODEL, OPTIONS);
  return (object, run) =>
    compiled(object as JsonObject, { resource: run.resource, rootResource: run.rootResource });
}

/** Evaluates an expression that is rarely asked; undefined when it cannot be. */
export function evaluateList(
  expression: string,
  object: JsonObject,
  run: Run,
): readonly unknown[] | undefined {
  try {
    return compilePath(expression, String(object['resourceType']))(object, run);
  } catch {
    return undefined;
  }
}

/**
 * An expression of somebody's Questionnaire, parsed when it is first asked. What it gives is undefined when it cannot be
 * parsed or evaluated.
 *
 * @param base path of the element that it starts from
 */
export function compileFree(
  expression: string,
  base: string,
): (object: JsonObject, variables: Record<string, unknown>) => readonly unknown[] | undefined {
  let compiled: ((object: JsonObject, variables: Record<string, unknown>) => readonly unknown[]) | undefined;
  return (object, variables) => {
    try {
      compiled ??= fhirpath.compile({ base, expression }, MODEL, OPTIONS);
      return compiled(object, variables);
    } catch {
      return undefined;
    }
  };
}
