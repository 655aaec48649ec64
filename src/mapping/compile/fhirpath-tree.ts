/**
 * The fhirpath library as this room uses it: parse to a tree, compile once, evaluate.
 *
 * @see https://github.com/HL7/fhirpath.js
 */
import { createRequire } from 'node:module';
import { parseCommonPath } from './parse-common-path.ts';

/** A node of the library's tree; positions are on the nodes that stand for a token. */
export interface PathNode {
  readonly type: string;
  readonly text?: string;
  readonly children?: readonly PathNode[];
  readonly start?: { readonly line: number; readonly column: number };
  readonly length?: number;
}

export type CompiledPath = (data: unknown, variables?: Readonly<Record<string, unknown>>) => unknown[];

interface FhirPathLibrary {
  parse(expression: string): PathNode;
  compile(
    path: string | { readonly base: string; readonly expression: string },
    model: unknown,
    options?: Readonly<Record<string, unknown>>,
  ): CompiledPath;
}

const require = createRequire(import.meta.url);
const library = require('fhirpath') as FhirPathLibrary;
const model: unknown = require('fhirpath/fhir-context/r4');

/** Parses an expression; throws an Error of the library with the place inside the expression. */
export function parsePath(text: string): PathNode {
  return parseCommonPath(text) ?? library.parse(text);
}

/**
 * Compiles an expression.
 *
 * @param base the FHIR path of what it is evaluated on, e.g. `QuestionnaireResponse.item`
 */
export function compilePath(
  text: string,
  base: string | undefined,
  options: Readonly<Record<string, unknown>> = {},
): CompiledPath {
  const path = base === undefined ? text : { base, expression: text };
  return library.compile(path, model, { traceFn: () => undefined, ...options });
}

/** A function giving values their FHIR type before they go into an expression as a variable. */
export function typeWriter(base: string): (value: unknown) => unknown {
  const typed = compilePath('$this', base, { resolveInternalTypes: false });
  return (value) => (value === undefined || value === null ? [] : typed(value));
}
