/**
 * Invariants of the definitions, as plain code where that is known and by FHIRPath otherwise.
 *
 * @see https://hl7.org/fhir/R4/conformance-rules.html#constraints
 */
import type { Constraint } from '../../definitions/index.ts';
import type { JsonObject } from '../json.ts';
import { UNDECIDED } from '../path/collection.ts';
import { compilePlain } from '../path/parse-path.ts';
import { expressionOf, type Place } from '../place.ts';
import { compilePath, type Evaluate } from './fhirpath.ts';
import { type NativeInvariant, nativeInvariant } from './native-invariants.ts';
import type { ObjectCheck, Run } from './run.ts';

/**
 * Rules that are judged while walking (an element has content, an extension has a value or extensions, contained
 * resources are used, narrative is plain) or that are advice on good practice only.
 */
const JUDGED_ELSEWHERE = new Set(['ele-1', 'ext-1', 'dom-3', 'dom-6', 'txt-1', 'txt-2']);

/**
 * The checks of an element's invariants.
 *
 * @param base path of the element or name of the type that the expressions start from, e.g. `Task.input`
 * @param inherited keys that the element's type judges already
 */
export function checkInvariants(
  constraints: readonly Constraint[],
  base: string,
  inherited: ReadonlySet<string> = new Set(),
): readonly ObjectCheck[] {
  return constraints
    .filter(({ key }) => !JUDGED_ELSEWHERE.has(key) && !inherited.has(key))
    .map((constraint) => checkInvariant(constraint, base));
}

function checkInvariant(constraint: Constraint, base: string): ObjectCheck {
  const native = nativeInvariant(constraint.expression) ?? plainInvariant(constraint.expression);
  let evaluate: Judge | undefined;
  return (object, place, run) => {
    const quick = native?.(object, run);
    if (quick === true) return;
    if (quick === undefined) {
      evaluate ??= compileExpression(constraint.expression, base);
      const verdict = evaluate(object, run);
      if (verdict === 'holds') return;
      if (verdict === 'unknown') {
        run.issues.push(unjudged(constraint, place));
        return;
      }
    }
    run.issues.push({
      severity: constraint.severity,
      code: 'invariant',
      diagnostics: `${constraint.key}: ${constraint.human}`,
      expression: [expressionOf(place)],
      key: constraint.key,
    });
  };
}

/** The invariant as plain code, where its FHIRPath is simple; it leaves open what only the complete engine can tell. */
function plainInvariant(expression: string): NativeInvariant | undefined {
  const evaluate = compilePlain(expression);
  if (!evaluate) return undefined;
  return (object, run) => {
    try {
      const result = evaluate([object], run);
      return result.length === 0 || result[0] === true;
    } catch (error) {
      if (error === UNDECIDED) return undefined;
      throw error;
    }
  };
}

type Judge = (object: JsonObject, run: Run) => 'holds' | 'fails' | 'unknown';

/** Parses once. An expression that the engine cannot evaluate on this content leaves the question open. */
function compileExpression(expression: string, base: string): Judge {
  let compiled: Evaluate | undefined;
  return (object, run) => {
    try {
      compiled ??= compilePath(expression, base);
      const result = compiled(object, run);
      return result.length === 0 || result[0] === true ? 'holds' : 'fails';
    } catch {
      return 'unknown';
    }
  };
}

function unjudged(constraint: Constraint, place: Place): Run['issues'][number] {
  return {
    severity: 'warning',
    code: 'not-supported',
    diagnostics: `${constraint.key} could not be judged here: ${constraint.human}`,
    expression: [expressionOf(place)],
    key: constraint.key,
  };
}
