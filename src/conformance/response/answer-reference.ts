/**
 * What a reference answer may point at.
 *
 * @see https://hl7.org/fhir/R4/extension-questionnaire-referenceresource.html
 */

import { didYouMean } from '../../suggest.ts';
import { finding } from '../finding.ts';
import { at } from '../place.ts';
import { statedType, targetTypeOf } from '../reference-target.ts';
import { say } from '../say.ts';
import { isObject, textOf } from './answer-value.ts';
import type { AnswerCheck } from './compiled-item.ts';
import { EXTENSION, textsOf } from './extension.ts';

/** The check of a reference's target type; undefined for items of other types. */
export function checkReference(
  item: Record<string, unknown>,
  resourceTypes: ReadonlySet<string>,
): AnswerCheck | undefined {
  if (item['type'] !== 'reference') return undefined;
  const allowed = textsOf(item, EXTENSION.referenceResource);
  const linkId = textOf(item['linkId']) ?? '';
  return (given, answer, report) => {
    if (!isObject(given.value)) return;
    const type = targetTypeOf(given.value, resourceTypes) ?? statedType(given.value);
    if (type === undefined) return;
    const place = at(answer, 'value');
    if (!resourceTypes.has(type)) {
      const text = say`The answer to '${linkId}' refers to a resource type that does not exist.${didYouMean(type, resourceTypes)}`;
      report(finding('invariant', 'answer-reference', place, text));
    } else if (allowed.length > 0 && !allowed.includes(type)) {
      const text = say`The answer to '${linkId}' may not refer to ${type}. Allowed: ${allowed.join(', ')}.`;
      report(finding('invariant', 'answer-reference', place, text));
    }
  };
}
