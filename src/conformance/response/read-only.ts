import { finding } from '../finding.ts';
import { say } from '../say.ts';
import { type AnswerValue, textOf } from './answer-value.ts';
import { sameValue } from './compare.ts';
import type { AnswersCheck } from './compiled-item.ts';

/**
 * The check that a read-only item still has the values it began with; undefined when people may answer it, or when it
 * began with none (then it is filled by other means than an answer).
 *
 * @see https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.readOnly
 */
export function checkReadOnly(
  item: Record<string, unknown>,
  initial: readonly AnswerValue[],
): AnswersCheck | undefined {
  if (item['readOnly'] !== true || initial.length === 0) return undefined;
  const linkId = textOf(item['linkId']) ?? '';
  return (values, place, report) => {
    const kept =
      values.length === initial.length &&
      initial.every((value, index) => {
        const given = values[index];
        return given !== undefined && sameValue(value, given);
      });
    if (values.length === 0 || kept) return;
    const text = say`'${linkId}' is read-only: its answer must stay the initial value of the questionnaire.`;
    report(finding('business-rule', 'read-only', place, text));
  };
}
