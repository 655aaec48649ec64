import type { Issue } from '../../outcome.ts';
import { finding } from '../finding.ts';
import { at, type Place } from '../place.ts';
import { type Said, say } from '../say.ts';
import { isObject, textOf } from './answer-value.ts';
import type { CompiledQuestionnaire } from './compiled-item.ts';

/**
 * Warnings that a Questionnaire is not, or was not, meant for use: its status, its effective period.
 *
 * @see https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.effectivePeriod
 */
export function usabilityWarnings(questionnaire: Record<string, unknown>): CompiledQuestionnaire['warnings'] {
  const period = isObject(questionnaire['effectivePeriod']) ? questionnaire['effectivePeriod'] : {};
  const [start, end] = [textOf(period['start']), textOf(period['end'])];
  const status = textOf(questionnaire['status']);
  return [
    (_authored, place) =>
      status === 'active'
        ? undefined
        : warn(
            place,
            say`The questionnaire has status '${status ?? 'none'}'; only an active one should be answered.`,
          ),
    (authored, place) =>
      start !== undefined && authored !== undefined && isBefore(authored, start)
        ? warn(place, say`The response was authored before the questionnaire came into use on ${start}.`)
        : undefined,
    (authored, place) =>
      end !== undefined && authored !== undefined && isBefore(end, authored)
        ? warn(place, say`The response was authored after the questionnaire went out of use on ${end}.`)
        : undefined,
  ];
}

function warn(place: Place, text: Said): Issue {
  return finding('business-rule', 'questionnaire-status', at(place, 'questionnaire'), text, 'warning');
}

/** Compares as far as both are precise, so that `2022-05-01` is within `2022`. */
function isBefore(a: string, b: string): boolean {
  const precision = Math.min(a.length, b.length, 10);
  if (a.length > 10 && b.length > 10) return Date.parse(a) < Date.parse(b);
  return a.slice(0, precision) < b.slice(0, precision);
}
