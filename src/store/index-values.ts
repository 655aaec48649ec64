/**
 * What a search parameter's values are indexed as, by the type of the parameter.
 * @see https://hl7.org/fhir/R4/search.html#ptypes
 */
import { createHash } from 'node:crypto';
import { digitsOf } from '../exact-json.ts';
import { type DateRange, dateRange } from './date-range.ts';
import { type Found, isObject } from './index-path.ts';

export interface TokenValue {
  readonly system?: string | undefined;
  readonly code: string;
}

export interface ReferenceValue {
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  readonly url?: string | undefined;
  readonly version?: string | undefined;
}

export interface QuantityValue {
  /** Decimal numbers as text; `Infinity` when open. */
  readonly low: string;
  readonly high: string;
  readonly system?: string | undefined;
  readonly code?: string | undefined;
  readonly unit?: string | undefined;
}

const LONGEST = 300;

/** A text as the index keeps it. Postgres cannot index long ones: those end in the hash of the whole. */
export function indexText(text: string): string {
  const clean = text.includes('\u0000') ? text.replaceAll('\u0000', '') : text;
  if (clean.length <= LONGEST) return clean;
  return clean.slice(0, LONGEST - 64) + createHash('sha256').update(clean).digest('hex');
}

/** A text without case, accents and repeated white space. */
export function foldText(text: string): string {
  const folded = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return folded.replaceAll('\u0000', '').replace(/\s+/g, ' ').trim();
}

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
};

/** @see https://hl7.org/fhir/R4/search.html#token */
export function* tokenValues({ value, type, system }: Found): Generator<TokenValue> {
  if (!isObject(value)) {
    const code = textOf(value);
    if (code !== undefined) yield { system, code };
  } else if (Array.isArray(value['coding']) || type === 'CodeableConcept') {
    const codings = Array.isArray(value['coding']) ? value['coding'] : [];
    for (const coding of codings) yield* tokenValues({ value: coding, type: 'Coding' });
  } else if (type === 'ContactPoint') {
    const code = textOf(value['value']);
    if (code !== undefined) yield { code };
  } else {
    // Coding has a code, Identifier a value.
    const code = textOf(value['code']) ?? textOf(value['value']);
    if (code !== undefined) yield { system: textOf(value['system']), code };
  }
}

const STRING_PARTS = [
  'text',
  'family',
  'given',
  'prefix',
  'suffix',
  'line',
  'city',
  'district',
  'state',
  'postalCode',
  'country',
];

/** @see https://hl7.org/fhir/R4/search.html#string */
export function* stringValues({ value }: Found): Generator<string> {
  if (!isObject(value)) {
    const text = textOf(value);
    if (text !== undefined) yield text;
    return;
  }
  for (const part of STRING_PARTS) {
    const found = value[part];
    for (const each of Array.isArray(found) ? found : [found]) {
      const text = textOf(each);
      if (text !== undefined) yield text;
    }
  }
}

/** @see https://hl7.org/fhir/R4/search.html#date */
export function* dateValues({ value }: Found): Generator<DateRange> {
  if (typeof value === 'string') {
    const range = dateRange(value);
    if (range) yield range;
    return;
  }
  if (!isObject(value)) return;
  const repeat = value['repeat'];
  const bounds = isObject(repeat) && isObject(repeat['boundsPeriod']) ? repeat['boundsPeriod'] : undefined;
  if (Array.isArray(value['event'])) {
    for (const event of value['event']) yield* dateValues({ value: event, type: 'dateTime' });
  }
  if (bounds) yield* dateValues({ value: bounds, type: 'Period' });
  if (value['start'] === undefined && value['end'] === undefined) return;
  const start = typeof value['start'] === 'string' ? dateRange(value['start']) : undefined;
  const end = typeof value['end'] === 'string' ? dateRange(value['end']) : undefined;
  const low = start?.low ?? Number.NEGATIVE_INFINITY;
  const high = end?.high ?? Number.POSITIVE_INFINITY;
  if ((start || end) && low <= high) yield { low, high };
}

const RELATIVE = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const ELSEWHERE = /\/([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/**
 * References, canonicals and URIs.
 * @param base address of this server: what is referred to by it is here
 * @see https://hl7.org/fhir/R4/search.html#reference
 */
export function* referenceValues(
  { value, type }: Found,
  base: string | undefined,
): Generator<ReferenceValue> {
  const given = isObject(value) ? value['reference'] : value;
  if (typeof given !== 'string' || given === '') return;
  // A part of the resource itself; a mere URI may begin like that, too.
  if (given.startsWith('#') && (isObject(value) || type === 'canonical')) return;
  const text = isObject(value) ? relativeTo(base, given) : given;
  const isLocal = isObject(value) || type === 'canonical';
  const [, target, id] = (isLocal && RELATIVE.exec(text)) || [];
  if (target !== undefined) {
    yield { type: target, id };
    // A canonical should be absolute; one that is not is found by either reading.
    if (isObject(value)) return;
  }
  if (isObject(value)) {
    // What is elsewhere still says its type.
    yield { type: ELSEWHERE.exec(text)?.[1], url: indexText(text) };
    return;
  }
  if (isLocal && ID.test(text)) yield { id: text };
  const bar = type === 'canonical' ? text.indexOf('|') : -1;
  const url = indexText(bar < 0 ? text : text.slice(0, bar));
  yield { url, version: bar < 0 ? undefined : indexText(text.slice(bar + 1)) };
}

/** A reference without the address of this server. */
export function relativeTo(base: string | undefined, reference: string): string {
  return base !== undefined && reference.startsWith(`${base}/`)
    ? reference.slice(base.length + 1)
    : reference;
}

/** Texts that belong to tokens, for `:text`. @see https://hl7.org/fhir/R4/search.html#modifiers */
export function* tokenTexts({ value, type }: Found): Generator<string> {
  if (!isObject(value)) return;
  const identified = isObject(value['type']) && type === 'Identifier' ? value['type'] : value;
  const codings = Array.isArray(identified['coding']) ? identified['coding'] : [];
  const texts = [
    identified['text'],
    identified['display'],
    ...codings.map((each) => isObject(each) && each['display']),
  ];
  for (const each of texts) if (typeof each === 'string' && each !== '') yield each;
}

/** Values of an identifier by the codes of its type, for `:of-type`: the system holds `system|code`. */
export function* typedIdentifiers({ value, type }: Found): Generator<TokenValue> {
  if (type !== 'Identifier' || !isObject(value) || !isObject(value['type'])) return;
  const code = textOf(value['value']);
  if (code === undefined) return;
  for (const each of tokenValues({ value: value['type'], type: 'CodeableConcept' })) {
    yield { system: `${each.system ?? ''}|${each.code}`, code };
  }
}

/** The identifier of a logical reference. @see https://hl7.org/fhir/R4/search.html#reference */
export function* identifierValues({ value }: Found): Generator<TokenValue> {
  if (isObject(value) && isObject(value['identifier'])) {
    yield* tokenValues({ value: value['identifier'], type: 'Identifier' });
  }
}

/** @see https://hl7.org/fhir/R4/search.html#quantity */
export function* quantityValues({ value }: Found): Generator<QuantityValue> {
  if (typeof value === 'number') {
    yield { low: String(value), high: String(value) };
    return;
  }
  if (!isObject(value)) return;
  if (isObject(value['low']) || isObject(value['high'])) {
    yield* rangeValue(value['low'], value['high']);
    return;
  }
  const amount = value['value'];
  if (typeof amount !== 'number') return;
  const comparator = textOf(value['comparator']);
  const currency = textOf(value['currency']);
  yield {
    low: comparator?.startsWith('<') ? '-Infinity' : amountOf(value),
    high: comparator?.startsWith('>') ? 'Infinity' : amountOf(value),
    ...(currency ? { system: 'urn:iso:std:iso:4217', code: currency } : unitOf(value)),
  };
}

function* rangeValue(low: unknown, high: unknown): Generator<QuantityValue> {
  const from = isObject(low) && typeof low['value'] === 'number' ? low : undefined;
  const to = isObject(high) && typeof high['value'] === 'number' ? high : undefined;
  if (!from && !to) return;
  yield {
    low: from ? amountOf(from) : '-Infinity',
    high: to ? amountOf(to) : 'Infinity',
    ...unitOf((from ?? to) as Record<string, unknown>),
  };
}

/** All digits of a Quantity's value, which may be more than a double holds. */
function amountOf(quantity: Record<string, unknown>): string {
  const digits = digitsOf(quantity, 'value');
  return digits === undefined || /e/i.test(digits) ? String(quantity['value']) : digits;
}

function unitOf(value: Record<string, unknown>): Pick<QuantityValue, 'system' | 'code' | 'unit'> {
  return { system: textOf(value['system']), code: textOf(value['code']), unit: textOf(value['unit']) };
}
