/**
 * Compiles references, canonicals and URIs to a condition on the rows of their index.
 * @see https://hl7.org/fhir/R4/search.html#reference
 */
import type { SearchParameter } from '../definitions/index.ts';
import { indexText, relativeTo } from './index-values.ts';
import { malformed, type SearchInput, splitEscaped, unescapeValue } from './search-input.ts';
import { equalsAny, type SearchScope, visibleRows } from './search-scope.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const RELATIVE = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/;

/** @see https://hl7.org/fhir/R4/search.html#reference */
export function matchReferences(
  scope: SearchScope,
  input: SearchInput,
  x: string,
  kind: SearchParameter['type'],
): string {
  const match = kind === 'uri' ? matchUri : matchReference;
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
  if (input.modifier === 'above' || input.modifier === 'below') return matchHierarchy(scope, input, x, value);
  const type = input.modifier;
  const [given = '', version, ...more] = splitEscaped(value, '|').map(unescapeValue);
  const url = relativeTo(scope.base, given);
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

/** Versions of a canonical, or resources that are part of one another. @see https://hl7.org/fhir/R4/search.html#recursive */
function matchHierarchy(scope: SearchScope, input: SearchInput, x: string, value: string): string {
  const [given = '', version] = splitEscaped(value, '|').map(unescapeValue);
  const [, type, id] = RELATIVE.exec(relativeTo(scope.base, given)) ?? [];
  if (type !== undefined && id !== undefined && version === undefined) {
    return matchParts(scope, input, x, [type, id]);
  }
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(given)) {
    throw malformed(input.name, "the form is 'Type/id' or a canonical 'url|version'");
  }
  if (version === undefined || version === '') {
    return input.modifier === 'below'
      ? matchBelow(scope, input.name, x, given)
      : equalsAny(scope, `${x}.url`, listAbove(given));
  }
  const url = `${x}.url = ${scope.bind(indexText(given))}`;
  if (input.modifier === 'above') {
    const parts = version.split('.');
    const above = parts.map((_, count) => parts.slice(0, count + 1).join('.')).map(indexText);
    return `(${url} AND (${x}.version IS NULL OR ${equalsAny(scope, `${x}.version`, above)}))`;
  }
  const start = scope.bind(`${version}.`);
  return `(${url} AND (${x}.version = ${scope.bind(indexText(version))} OR starts_with(${x}.version, ${start})))`;
}

/** Names of the parameters by which resources are parts of others of their type. */
const PART_OF = ['partof', 'part-of'];

/** Walks only over what the caller may see: what is between must not be told of by what is reached. */
function matchParts(
  scope: SearchScope,
  input: SearchInput,
  x: string,
  [type, id]: readonly [type: string, id: string],
): string {
  const plan = scope.definitions.resourceTypes.has(type) ? scope.planOf(type) : undefined;
  const partOf = PART_OF.map((code) => plan?.parameters.get(code)).find((each) =>
    each?.definition.targets.includes(type),
  );
  if (!partOf) throw malformed(input.name, 'resources of the type are no parts of one another');
  const t = scope.alias();
  const visible = [`${t}.content IS NOT NULL`, ...visibleRows(scope, t, type)].join(' AND ');
  const step =
    input.modifier === 'below'
      ? `SELECT ${t}.id FROM h JOIN search_reference s ON s.param = ${partOf.param} AND s.target_type = '${type}'
           AND s.target_id = h.id JOIN resource ${t} ON ${t}.key = s.key AND ${t}.type = '${type}'`
      : `SELECT s.target_id FROM h JOIN resource ${t} ON ${t}.type = '${type}' AND ${t}.id = h.id
           JOIN search_reference s ON s.key = ${t}.key AND s.param = ${partOf.param} AND s.target_type = '${type}'`;
  return `(${x}.target_type = '${type}' AND ${x}.target_id IN (WITH RECURSIVE h(id) AS (
    SELECT ${scope.bind(id)}::text COLLATE "C" UNION ${step} WHERE ${visible}) SELECT id FROM h))`;
}
