/**
 * Lengths and ranges that an element sets to its values.
 *
 * @see https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.minValue_x_
 */
import type { Element } from '../../definitions/index.ts';
import { isObject } from '../json.ts';
import type { AnswerValue } from '../response/answer-value.ts';
import { compareValues } from '../response/compare.ts';
import { report, type ValueCheck } from './run.ts';

type Limits = Pick<Element, 'maxLength' | 'minValue' | 'maxValue'>;

/** The checks of an element's limits for values of one type, without those that `base` sets already. */
export function checkLimits(element: Limits, type: string, base?: Limits): readonly ValueCheck[] {
  const checks: ValueCheck[] = [];
  const { maxLength, minValue, maxValue } = element;
  if (maxLength !== undefined && maxLength !== base?.maxLength) checks.push(lengthCheck(maxLength));
  if (minValue !== undefined && minValue !== base?.minValue) {
    checks.push(rangeCheck({ type, value: minValue }, 'least', (order) => order >= 0));
  }
  if (maxValue !== undefined && maxValue !== base?.maxValue) {
    checks.push(rangeCheck({ type, value: maxValue }, 'most', (order) => order <= 0));
  }
  return checks;
}

function lengthCheck(max: number): ValueCheck {
  return (value, parent, step, index, run) => {
    const length = typeof value === 'string' && value.length > max ? [...value].length : 0;
    if (length <= max) return;
    const text = `${step} is ${length} characters long; the most is ${max}.`;
    report(run, 'too-long', 'limit', parent, step, index, text);
  };
}

function rangeCheck(bound: AnswerValue, word: string, holds: (order: number) => boolean): ValueCheck {
  const shown = isObject(bound.value)
    ? `${String(bound.value['value'])} ${String(bound.value['unit'] ?? bound.value['code'] ?? '')}`.trim()
    : String(bound.value);
  return (value, parent, step, index, run) => {
    const order = compareValues({ type: bound.type, value }, bound);
    if (order === undefined || holds(order)) return;
    report(run, 'value', 'limit', parent, step, index, `${step} is out of range; the ${word} is ${shown}.`);
  };
}
