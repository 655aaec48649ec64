/** Compiles the values of one search parameter to a condition on its index rows. */
import type { SearchParameter } from '../definitions/index.ts';
import { dateRange, toTimestamp } from './date-range.ts';
import { foldText, indexText } from './index-values.ts';
import { malformed, type SearchInput, splitEscaped, unescapeValue } from './search-input.ts';
import type { SearchScope } from './search-scope.ts';

/** Characters of a string that the index holds. */
const INDEXED = 200;
/** Sorts behind every continuation of a text. */
const LAST = '\u{10ffff}';

/** @see https://hl7.org/fhir/R4/search.html#string */
export function matchStrings(scope: SearchScope, input: SearchInput, x: string): string {
  const conditions = input.values.map((value) => {
    // The index holds no null characters.
    const text = unescapeValue(value).replaceAll('\u0000', '');
    const folded = foldText(text);
    if (folded === '') throw malformed(input.name, 'a value is empty');
    const start = Array.from(folded).slice(0, INDEXED).join('');
    const indexed = `left(${x}.value, ${INDEXED})`;
    switch (input.modifier) {
      case 'exact':
        return `(${indexed} = ${scope.bind(start)} AND ${x}.exact = ${scope.bind(text)})`;
      case 'contains':
        return `position(${scope.bind(folded)} IN ${x}.value) > 0`;
      default: {
        const range = `${indexed} >= ${scope.bind(start)} AND ${indexed} < ${scope.bind(start + LAST)}`;
        return start === folded
          ? `(${range})`
          : `(${range} AND starts_with(${x}.value, ${scope.bind(folded)}))`;
      }
    }
  });
  return conditions.join(' OR ');
}

const PREFIXED = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s;

/**
 * Compares spans of time: a value matches by what its whole span says.
 * @param low column with the first moment; `high` with the last (the same for a point in time)
 * @see https://hl7.org/fhir/R4/search.html#prefix
 */
export function matchDates(scope: SearchScope, input: SearchInput, low: string, high: string): string {
  const conditions = input.values.map((value) => {
    const [, prefix = 'eq', text = ''] = PREFIXED.exec(unescapeValue(value)) ?? [];
    const range = dateRange(text);
    if (!range) throw malformed(input.name, 'a date is [prefix]YYYY[-MM[-DD[Thh:mm[:ss[.fff]][zone]]]]');
    const moment = (ms: number): string => `${scope.bind(toTimestamp(ms))}::timestamptz`;
    if (prefix === 'ap') {
      const slack = Math.abs(scope.now - range.low) / 10;
      return `(${low} <= ${moment(range.high + slack)} AND ${high} >= ${moment(range.low - slack)})`;
    }
    return compareSpans(prefix, { low, high, from: () => moment(range.low), to: () => moment(range.high) });
  });
  return conditions.join(' OR ');
}

interface Span {
  readonly low: string;
  readonly high: string;
  /** First and last moment of the searched span; each call binds it. */
  readonly from: () => string;
  readonly to: () => string;
}

function compareSpans(prefix: string, { low, high, from, to }: Span): string {
  switch (prefix) {
    case 'ne':
      return `(${low} < ${from()} OR ${high} > ${to()})`;
    case 'gt':
      return `${high} > ${to()}`;
    case 'lt':
      return `${low} < ${from()}`;
    // The first comparison follows from the second; the index needs it.
    case 'ge':
      return `(${high} >= ${from()} AND (${low} >= ${from()} OR ${high} > ${to()}))`;
    case 'le':
      return `(${low} <= ${to()} AND (${high} <= ${to()} OR ${low} < ${from()}))`;
    case 'sa':
      return `${low} > ${to()}`;
    case 'eb':
      return `${high} < ${from()}`;
    default:
      return `(${low} >= ${from()} AND ${low} <= ${to()} AND ${high} <= ${to()})`;
  }
}

const NUMBER = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Numbers and quantities; a searched number stands for all that round to it.
 * @see https://hl7.org/fhir/R4/search.html#number
 */
export function matchQuantities(
  scope: SearchScope,
  input: SearchInput,
  x: string,
  kind: SearchParameter['type'],
): string {
  const isQuantity = kind === 'quantity';
  const conditions = input.values.map((value) => {
    const [amount = '', ...unit] = splitEscaped(value, '|').map(unescapeValue);
    const [, prefix = 'eq', text = ''] = PREFIXED.exec(amount) ?? [];
    const match = NUMBER.exec(text);
    if (!match || (unit.length !== 0 && (!isQuantity || unit.length !== 2))) {
      throw malformed(
        input.name,
        `the form is ${isQuantity ? '[prefix]number[|system|code]' : '[prefix]number'}`,
      );
    }
    const digits = (match[3]?.length ?? 0) - Number(match[4] ?? 0);
    const compared = compareNumbers(scope, prefix, x, { text, half: `5e${-digits - 1}` });
    return [compared, ...matchUnit(scope, x, unit)].map((each) => `(${each})`).join(' AND ');
  });
  return conditions.map((each) => `(${each})`).join(' OR ');
}

function compareNumbers(
  scope: SearchScope,
  prefix: string,
  x: string,
  { text, half }: { readonly text: string; readonly half: string },
): string {
  const number = (value: string): string => `${scope.bind(value)}::numeric`;
  switch (prefix) {
    case 'ne':
      return `${x}.low < ${number(text)} - ${number(half)} OR ${x}.high >= ${number(text)} + ${number(half)}`;
    case 'gt':
      return `${x}.high > ${number(text)}`;
    case 'lt':
      return `${x}.low < ${number(text)}`;
    case 'ge':
      return `${x}.high >= ${number(text)}`;
    case 'le':
      return `${x}.low <= ${number(text)}`;
    case 'sa':
      return `${x}.low > ${number(text)}`;
    case 'eb':
      return `${x}.high < ${number(text)}`;
    case 'ap': {
      const near = number(text);
      return `${x}.low <= ${near} + abs(${near}) / 10 AND ${x}.high >= ${near} - abs(${near}) / 10`;
    }
    default:
      return `${x}.low >= ${number(text)} - ${number(half)} AND ${x}.high < ${number(text)} + ${number(half)}`;
  }
}

function matchUnit(scope: SearchScope, x: string, [system, code]: readonly string[]): string[] {
  const conditions: string[] = [];
  if (system) conditions.push(`${x}.system = ${scope.bind(indexText(system))}`);
  if (code && system) conditions.push(`${x}.code = ${scope.bind(indexText(code))}`);
  if (code && !system) {
    const place = scope.bind(indexText(code));
    conditions.push(`${x}.code = ${place} OR ${x}.unit = ${place}`);
  }
  return conditions;
}
