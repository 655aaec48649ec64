import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import { SiltaError } from '../outcome.ts';

type Model = NonNullable<Parameters<typeof fhirpath.compile>[1]>;

/** A compiled FHIRPath expression over a JSON value. */
export type Path = (value: unknown) => readonly unknown[];

/**
 * Compiles a FHIRPath expression of a system's definition once. The evaluator may annotate what it is given, so values
 * that others hold must be copied first.
 * @throws SiltaError `invalid-request` when the expression does not parse
 * @see http://hl7.org/fhirpath/
 */
export function compilePath(expression: string): Path {
  try {
    const run = fhirpath.compile(expression, r4 as Model, { async: false, traceFn: () => undefined });
    return (value) => run(value as object) as unknown[];
  } catch (cause) {
    throw new SiltaError('invalid-request', `The FHIRPath expression '${expression}' cannot be compiled.`, {
      cause,
    });
  }
}

/** Compiles each expression once and remembers it. */
export function createPathCache(): (expression: string) => Path {
  const compiled = new Map<string, Path>();
  return (expression) => {
    const known = compiled.get(expression);
    if (known) return known;
    const path = compilePath(expression);
    compiled.set(expression, path);
    return path;
  };
}
