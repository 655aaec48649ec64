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
    checks.push(boundCheck(type, minValue, 'least', -1, (order) => order >= 0));
  }
  if (maxValue !== undefined && maxValue !== base?.maxValue) {
    checks.push(boundCheck(type, maxValue, 'most', 1, (order) => order <= 0));
  }
  return checks;
}

const DATES: ReadonlySet<string> = new Set(['date', 'dateTime', 'instant']);

/** A date may be bound by a duration: so long before now at the least, so long after now at the most. */
function boundCheck(
  type: string,
  bound: unknown,
  word: string,
  direction: 1 | -1,
  holds: (order: number) => boolean,
): ValueCheck {
  if (!DATES.has(type) || !isObject(bound)) return rangeCheck({ type, value: bound }, word, holds);
  return (value, parent, step, index, run) => {
    const limit = run.now && shifted(run.now, bound, direction);
    if (limit === undefined) return;
    // A date is compared with the day alone.
    const precise = type === 'date' ? limit.slice(0, 10) : limit;
    rangeCheck({ type: type === 'date' ? type : 'dateTime', value: precise }, word, holds)(
      value,
      parent,
      step,
      index,
      run,
    );
  };
}

/** Milliseconds by the codes that durations have in UCUM, a year and a month as UCUM counts them. */
const UNITS: Readonly<Record<string, number>> = {
  a: 31_557_600_000,
  mo: 2_629_800_000,
  wk: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  min: 60_000,
  s: 1000,
};

function shifted(now: Date, duration: Record<string, unknown>, direction: 1 | -1): string | undefined {
  const unit = UNITS[String(duration['code'])];
  const amount = duration['value'];
  if (unit === undefined || typeof amount !== 'number') return undefined;
  const moment = new Date(now.getTime() + direction * amount * unit);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
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
