/**
 * Rules that a Questionnaire sets to its answers by FHIRPath, of the whole response or of each answer to an item.
 *
 * @see https://hl7.org/fhir/R4/extension-questionnaire-constraint.html
 * @see http://hl7.org/fhir/StructureDefinition/targetConstraint
 */
import type { Resource } from '../../resource.ts';
import { finding } from '../finding.ts';
import type { Place } from '../place.ts';
import { say } from '../say.ts';
import { compileFree } from '../structure/fhirpath.ts';
import { isObject, objectsOf, textOf } from './answer-value.ts';
import type { Report } from './compiled-item.ts';
import { EXTENSION, extensionsOf } from './extension.ts';

/** Judges the response or one of its items by one rule. */
export type ConstraintCheck = (
  element: Record<string, unknown>,
  place: Place,
  response: Resource,
  report: Report,
) => void;

/** The rules of a Questionnaire or of one of its items. */
export function readConstraints(
  holder: Record<string, unknown>,
  questionnaire: Resource,
): readonly ConstraintCheck[] {
  const base = holder === questionnaire ? 'QuestionnaireResponse' : 'QuestionnaireResponse.item';
  return [EXTENSION.constraint, EXTENSION.targetConstraint].flatMap((url) =>
    extensionsOf(holder, url).flatMap((extension) => readConstraint(extension, base, questionnaire) ?? []),
  );
}

function readConstraint(
  extension: Record<string, unknown>,
  base: string,
  questionnaire: Resource,
): ConstraintCheck | undefined {
  const part = (name: string) => objectsOf(extension['extension']).find(({ url }) => url === name);
  const stated = part('expression');
  const inner = isObject(stated?.['valueExpression']) ? stated['valueExpression'] : {};
  if (inner['language'] !== undefined && inner['language'] !== 'text/fhirpath') return undefined;
  const expression = textOf(stated?.['valueString']) ?? textOf(inner['expression']);
  if (expression === undefined) return undefined;
  const key = textOf(part('key')?.['valueId']) ?? '';
  const human = textOf(part('human')?.['valueString']) ?? '';
  const severity = part('severity')?.['valueCode'] === 'warning' ? 'warning' : 'error';
  const evaluate = compileFree(expression, base);
  return (element, place, response, report) => {
    const result = evaluate(element, { resource: response, rootResource: response, questionnaire });
    if (result === undefined) {
      const text = say`The rule '${key}' of the questionnaire could not be judged here.`;
      report(finding('not-supported', 'answer-constraint', place, text, 'warning'));
    } else if (result.length > 0 && result[0] !== true) {
      const text = say`The rule '${key}' of the questionnaire does not hold: ${human}`;
      report(finding('invariant', 'answer-constraint', place, text, severity));
    }
  };
}
