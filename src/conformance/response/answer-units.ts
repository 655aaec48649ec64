/**
 * Units that an item allows its quantities to have.
 *
 * @see https://hl7.org/fhir/R4/extension-questionnaire-unitoption.html
 */
import type { ValueSetCodes } from '../../definitions/index.ts';
import type { CodeJudge } from '../code-judge.ts';
import { finding } from '../finding.ts';
import { at } from '../place.ts';
import { say } from '../say.ts';
import type { ValueSetLookup } from './answer-options.ts';
import { isObject, textOf } from './answer-value.ts';
import type { AnswerCheck } from './compiled-item.ts';
import { EXTENSION, extensionsOf, textsOf } from './extension.ts';

/** The check of a quantity's unit; undefined when the item allows any. */
export function checkUnits(
  item: Record<string, unknown>,
  lookup: ValueSetLookup,
  judge?: CodeJudge,
): AnswerCheck | undefined {
  if (item['type'] !== 'quantity') return undefined;
  const options = extensionsOf(item, EXTENSION.unitOption).flatMap((extension) =>
    isObject(extension['valueCoding']) ? [extension['valueCoding']] : [],
  );
  const valueSet = textsOf(item, EXTENSION.unitValueSet)[0];
  if (options.length === 0 && valueSet === undefined) return undefined;
  const linkId = textOf(item['linkId']) ?? '';
  const codes = valueSet === undefined ? undefined : lookup(valueSet);
  const allowed = options.map((option) => textOf(option['code']) ?? textOf(option['display'])).join(', ');
  return (given, answer, report) => {
    if (!isObject(given.value)) return;
    const unit = given.value;
    const place = at(answer, 'value');
    if (options.some((option) => isUnit(option, unit))) return;
    if (options.length > 0) {
      const text = say`The unit of the answer to '${linkId}' is not allowed. Allowed: ${allowed}.`;
      report(finding('invariant', 'answer-unit', place, text));
      return;
    }
    const isAllowed = isUnitOf(valueSet ?? '', unit, codes, judge);
    if (isAllowed === undefined) {
      const text = say`The value set '${valueSet}' of units of '${linkId}' is not known here, so the unit was not checked.`;
      report(finding('not-found', 'definition-unknown', place, text, 'warning'));
    } else if (!isAllowed) {
      const text = say`The unit of the answer to '${linkId}' is not in its value set '${valueSet}'.`;
      report(finding('invariant', 'answer-unit', place, text));
    }
  };
}

/** Undefined when it cannot be told; a unit without a code is in no value set. */
function isUnitOf(
  valueSet: string,
  unit: Record<string, unknown>,
  codes: ValueSetCodes | undefined,
  judge: CodeJudge | undefined,
): boolean | undefined {
  const [code, system] = [textOf(unit['code']), textOf(unit['system'])];
  if (codes) return codes.has(code ?? '', system);
  const verdict = judge?.judge(valueSet, { code: code ?? '', ...(system !== undefined && { system }) });
  return verdict && code !== undefined && verdict.fault !== 'code';
}

/** A unit with a code is compared by system and code; one without, by its text. */
function isUnit(option: Record<string, unknown>, quantity: Record<string, unknown>): boolean {
  if (option['code'] !== undefined) {
    return option['code'] === quantity['code'] && option['system'] === quantity['system'];
  }
  return option['display'] !== undefined && option['display'] === quantity['unit'];
}
