/** Compiles the values of one search parameter to a condition on its index rows. */
import { dateRange, toTimestamp } from './date-range.ts';
import type { IndexedParameter } from './index-plan.ts';
import { foldText, indexText } from './index-values.ts';
import { malformed, type SearchInput, splitEscaped, unescapeValue } from './search-input.ts';
import { equalsAny, type SearchScope } from './search-scope.ts';

/** @see https://hl7.org/fhir/R4/search.html#token */
export function matchTokens(scope: SearchScope, input: SearchInput, x: string): string {
  const plain: string[] = [];
  const others: string[] = [];
  for (const value of input.values) {
    const [first = '', second, ...more] = splitEscaped(value, '|').map((each) =>
      indexText(unescapeValue(each)),
    );
    if (more.length > 0)
      throw malformed(input.name, "a token is 'code', 'system|code', '|code' or 'system|'");
    if (second === undefined) plain.push(first);
    else others.push(matchSystem(scope, input, x, [first, second]));
  }
  return [...(plain.length > 0 ? [equalsAny(scope, `${x}.code`, plain)] : []), ...others].join(' OR ');
}

function matchSystem(
  scope: SearchScope,
  input: SearchInput,
  x: string,
  [system, code]: [string, string],
): string {
  if (system === '' && code === '') throw malformed(input.name, 'neither a system nor a code is given');
  if (code === '') return `${x}.system = ${scope.bind(system)}`;
  const same = `${x}.code = ${scope.bind(code)}`;
  return system === ''
    ? `(${same} AND ${x}.system IS NULL)`
    : `(${same} AND ${x}.system = ${scope.bind(system)})`;
}

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

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const RELATIVE = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/;

/** @see https://hl7.org/fhir/R4/search.html#reference */
export function matchReferences(
  scope: SearchScope,
  input: SearchInput,
  x: string,
  parameter: IndexedParameter,
): string {
  const match = parameter.definition.type === 'uri' ? matchUri : matchReference;
  return input.values.map((value) => match(scope, input, x, value)).join(' OR ');
}

/** `meta.profile` is a canonical although its parameter is of type uri: a version is told apart. */
function matchUri(scope: SearchScope, input: SearchInput, x: string, value: string): string {
  const text = unescapeValue(value);
  if (input.modifier === 'below') return matchBelow(scope, input.name, x, text);
  if (input.modifier === 'above') return equalsAny(scope, `${x}.url`, listAbove(text));
  const whole = `${x}.url = ${scope.bind(indexText(text))}`;
  const bar = text.lastIndexOf('|');
  return bar < 0
    ? whole
    : `(${whole} OR ${matchCanonical(scope, x, text.slice(0, bar), text.slice(bar + 1))})`;
}

/** The URI itself and those it is the start of, by whole segments of a path. */
function matchBelow(scope: SearchScope, name: string, x: string, text: string): string {
  const start = text.replace(/\/+$/, '');
  if (start === '' || start.length > LONGEST_START)
    throw malformed(name, 'the start of a URI is too short or too long');
  const from = `${start}/`;
  // Behind '/' comes '0': everything between the two begins with the slash.
  const range = `${x}.url >= ${scope.bind(from)} AND ${x}.url < ${scope.bind(`${start}0`)}`;
  return `(${equalsAny(scope, `${x}.url`, [...new Set([text, start, from])].map(indexText))} OR (${range}))`;
}

/** The URI itself and all that it lies below. */
function listAbove(text: string): readonly string[] {
  const parts = text.split('/');
  const above = parts.map((_, count) => parts.slice(0, count + 1).join('/'));
  return [...new Set([...above, ...above.map((each) => `${each}/`), text])]
    .filter((each) => each !== '' && each !== '/')
    .slice(-MOST_SEGMENTS)
    .map(indexText);
}

const MOST_SEGMENTS = 200;
/** The index keeps the start of longer URIs as it is. */
const LONGEST_START = 200;

function matchCanonical(scope: SearchScope, x: string, url: string, version: string): string {
  return `(${x}.url = ${scope.bind(indexText(url))} AND ${x}.version = ${scope.bind(indexText(version))})`;
}

function matchReference(scope: SearchScope, input: SearchInput, x: string, value: string): string {
  const type = input.modifier;
  const [url = '', version, ...more] = splitEscaped(value, '|').map(unescapeValue);
  const target = version === undefined ? RELATIVE.exec(url) : null;
  if (target) return matchTarget(scope, input, x, [target[1] as string, target[2] as string]);
  if (version === undefined && ID.test(url)) {
    const same = `${x}.target_id = ${scope.bind(url)}`;
    return type ? `(${same} AND ${x}.target_type = ${scope.bind(type)})` : same;
  }
  if (more.length > 0 || version === '' || !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(url)) {
    throw malformed(input.name, "a reference is 'id', 'Type/id', a URL or a canonical 'url|version'");
  }
  if (version !== undefined) return matchCanonical(scope, x, url, version);
  return `${x}.url = ${scope.bind(indexText(url))}`;
}

function matchTarget(
  scope: SearchScope,
  input: SearchInput,
  x: string,
  [type, id]: [string, string],
): string {
  if (!scope.definitions.resourceTypes.has(type))
    throw malformed(input.name, 'a reference names no resource type');
  if (input.modifier !== undefined && input.modifier !== type) return 'false';
  return `(${x}.target_id = ${scope.bind(id)} AND ${x}.target_type = ${scope.bind(type)})`;
}

const NUMBER = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * Numbers and quantities; a searched number stands for all that round to it.
 * @see https://hl7.org/fhir/R4/search.html#number
 */
export function matchQuantities(
  scope: SearchScope,
  input: SearchInput,
  x: string,
  parameter: IndexedParameter,
): string {
  const isQuantity = parameter.definition.type === 'quantity';
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
