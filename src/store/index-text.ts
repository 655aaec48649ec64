/**
 * The words of a resource, for `_text` and `_content`.
 * @see https://hl7.org/fhir/R4/search.html#content
 */
import { SECTOR_SYSTEM } from '../principal.ts';
import type { Resource } from '../resource.ts';
import { isObject } from './index-path.ts';
import { foldText } from './index-values.ts';

/** Postgres takes a megabyte of words; a resource with more is found by its first ones. */
const LONGEST = 200_000;

/** The narrative without its markup, folded; empty without one. */
export function narrativeText(resource: Resource): string {
  const text = resource['text'];
  const div = isObject(text) ? text['div'] : undefined;
  return typeof div === 'string' ? bounded([plainText(div)]) : '';
}

/** All texts of a resource, those of its narrative too, folded. */
export function contentText(resource: Resource): string {
  const texts: string[] = [];
  collect(resource, '', texts);
  return bounded(texts);
}

/**
 * What no one searches by words: addresses, links inside the resource, encoded data, and what the store itself writes
 * into `meta`, so that a stored resource has the words it had when it came.
 */
const WORDLESS: ReadonlySet<string> = new Set([
  'resourceType',
  'versionId',
  'lastUpdated',
  'system',
  'url',
  'reference',
  'linkId',
  'data',
]);

function collect(value: unknown, name: string, texts: string[]): void {
  if (typeof value === 'string') {
    texts.push(name === 'div' ? plainText(value) : value);
  } else if (Array.isArray(value)) {
    for (const each of value) collect(each, name, texts);
  } else if (isObject(value) && value['system'] !== SECTOR_SYSTEM) {
    for (const [key, each] of Object.entries(value)) if (!WORDLESS.has(key)) collect(each, key, texts);
  }
}

const bounded = (texts: readonly string[]): string => foldText(texts.join(' ').slice(0, LONGEST));

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function plainText(xhtml: string): string {
  return xhtml
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g, (_, decimal, hex, name) =>
      name === undefined
        ? character(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
        : (ENTITIES[name] ?? ' '),
    );
}

const character = (code: number): string => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ');
