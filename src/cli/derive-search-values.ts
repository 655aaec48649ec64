/**
 * The values by which an example should be found, taken from it by its parameters' own FHIRPath: by another way than
 * the search index goes, so that the two can be compared.
 * @see https://hl7.org/fhir/R4/search.html
 */
import fhirpath, { type Model } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import type { SearchParameter } from '../definitions/index.ts';
import type { Resource } from '../resource.ts';

/** One condition: the modifier with its colon, or nothing, and the value. */
export interface DerivedValue {
  readonly modifier: string;
  readonly value: string;
}

/** Values of one parameter at most. */
const MOST = 5;

type Json = Readonly<Record<string, unknown>>;

/**
 * @param parameters those of the resource's type, by their canonical
 * @returns no values when the resource has none, or none that can be asked for
 */
export function deriveSearchValues(
  resource: Resource,
  definition: SearchParameter,
  parameters: ReadonlyMap<string, SearchParameter>,
): DerivedValue[] {
  // The server's own time takes the place of the example's.
  if (definition.code === '_lastUpdated') return [];
  if (definition.code === '_text' || definition.code === '_content') return words(resource);
  const found =
    definition.type === 'composite'
      ? deriveComposites(resource, definition, parameters)
      : evaluate(resource, definition.expression).flatMap((value) => deriveValues(definition.type, value));
  const distinct = new Map(found.map((each) => [`${each.modifier}=${each.value}`, each]));
  return [...distinct.values()].slice(0, MOST);
}

/** A word of the narrative, of plain letters and long enough to be no part of the markup. */
function words(resource: Resource): DerivedValue[] {
  const { div } = (resource['text'] ?? {}) as { readonly div?: unknown };
  const text = typeof div === 'string' ? div.replace(/<[^>]*>|&\w+;/g, ' ') : '';
  const word = /(?:^|\s)([a-z]{5,12})(?=\s)/i.exec(text)?.[1];
  return word === undefined ? [] : [{ modifier: '', value: word }];
}

function evaluate(subject: Json, expression: string, resource: Json = subject): unknown[] {
  if (expression === '') return [];
  // A reference says its target's type itself: nothing is resolved here. `as` of R4 takes collections, too.
  const plain = expression
    .replace(/\(\s*([\w.]+)\s+as\s+(\w+)\s*\)/g, '$1.ofType($2)')
    .replace(/\.as\(/g, '.ofType(')
    .replace(/resolve\(\) is (\w+)/g, "reference.matches('(^|/)$1/[^/]+$$')")
    .replaceAll('DateTime', 'dateTime');
  const options = { async: false, traceFn: () => undefined } as const;
  // Branch by branch: a union compares its members, and quantities with a comparator have no order.
  return plain
    .split(' | ')
    .flatMap(
      (branch) =>
        fhirpath.evaluate(structuredClone(subject), branch, { resource }, r4 as Model, options) as unknown[],
    );
}

function deriveComposites(
  resource: Resource,
  { expression, components }: SearchParameter,
  parameters: ReadonlyMap<string, SearchParameter>,
): DerivedValue[] {
  return evaluate(resource, expression).flatMap((element) => {
    const parts = components.map((component) => {
      const type = parameters.get(component.definition)?.type ?? 'token';
      const values = evaluate(element as Json, component.expression, resource);
      // R4 defines DocumentReference's `relationship` with its two components changed for one another.
      return values
        .flatMap((value) => deriveValues(swapped(type, value), value))
        .find((each) => each.modifier === '');
    });
    return parts.every((part) => part !== undefined)
      ? [{ modifier: '', value: parts.map((part) => part.value).join('$') }]
      : [];
  });
}

function swapped(type: SearchParameter['type'], value: unknown): SearchParameter['type'] {
  if (type === 'reference' && typeof value === 'string' && /^\w+$/.test(value)) return 'token';
  return type === 'token' && isObject(value) && 'reference' in value ? 'reference' : type;
}

function deriveValues(type: SearchParameter['type'], value: unknown): DerivedValue[] {
  switch (type) {
    case 'token':
      return tokens(value);
    case 'string':
      return strings(value).map((each) => plain(escaped(each)));
    case 'date':
      return dates(value).map(plain);
    case 'number':
      return typeof value === 'number' ? [plain(String(value))] : [];
    case 'quantity':
      return quantities(value).map(plain);
    case 'reference':
      return references(value);
    case 'uri':
      return typeof value === 'string' ? [plain(escaped(value))] : [];
    default:
      return [];
  }
}

const plain = (value: string): DerivedValue => ({ modifier: '', value });
const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

const CONTACT_SYSTEMS = new Set(['phone', 'fax', 'email', 'pager', 'url', 'sms', 'other']);

function tokens(value: unknown): DerivedValue[] {
  if (typeof value === 'boolean' || isText(value)) return [plain(escaped(String(value)))];
  if (!isObject(value) || typeof value['value'] === 'number') return [];
  const { coding, text, code, system, value: identifier } = value;
  if (Array.isArray(coding)) return coding.flatMap(tokens);
  if (isText(code)) return [plain(`${isText(system) ? escaped(system) : ''}|${escaped(code)}`)];
  if (isText(identifier)) {
    const own = isText(system) && !CONTACT_SYSTEMS.has(system);
    return [plain(own ? `${escaped(system)}|${escaped(identifier)}` : escaped(identifier))];
  }
  return isText(text) ? [{ modifier: ':text', value: escaped(text) }] : [];
}

function strings(value: unknown): string[] {
  if (isText(value)) return [value];
  if (!isObject(value)) return [];
  const parts = ['text', 'family', 'given', 'line', 'city', 'state', 'postalCode', 'country'];
  return parts.flatMap((part) => value[part]).filter(isText);
}

function dates(value: unknown): string[] {
  if (isText(value)) return /^\d{4}(-|$)/.test(value) ? [value] : [];
  if (!isObject(value)) return [];
  if (Array.isArray(value['event'])) return value['event'].filter(isText);
  const bounds = isObject(value['repeat']) ? value['repeat']['boundsPeriod'] : undefined;
  const period = isObject(bounds) ? bounds : value;
  return [
    ...(isText(period['start']) ? [`ge${period['start']}`] : []),
    ...(isText(period['end']) ? [`le${period['end']}`] : []),
  ];
}

function quantities(value: unknown): string[] {
  if (!isObject(value)) return [];
  const { low, high, value: amount, system, code, unit, currency, comparator } = value;
  if (isObject(low)) return quantities(low).map((each) => `ge${each}`);
  if (isObject(high)) return quantities(high).map((each) => `le${each}`);
  if (typeof amount !== 'number') return [];
  const prefix = isText(comparator) ? (comparator.startsWith('<') ? 'lt' : 'gt') : '';
  if (isText(currency)) return [`${prefix}${amount}|urn:iso:std:iso:4217|${currency}`];
  if (isText(system) && isText(code)) return [`${prefix}${amount}|${escaped(system)}|${escaped(code)}`];
  return [isText(unit) ? `${prefix}${amount}||${escaped(unit)}` : `${prefix}${amount}`];
}

function references(value: unknown): DerivedValue[] {
  const reference = isObject(value) ? value['reference'] : value;
  if (isText(reference)) {
    if (reference.startsWith('#')) return [];
    const target = reference.replace(/\/_history\/[^/]+$/, '');
    // The bar of a canonical parts its version.
    return [plain(isObject(value) ? escaped(target) : target)];
  }
  const identifier = isObject(value) ? value['identifier'] : undefined;
  return tokens(identifier).map((each) => ({ ...each, modifier: ':identifier' }));
}
