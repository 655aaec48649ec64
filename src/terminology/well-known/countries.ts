/**
 * Countries, their parts and the regions of the world.
 * @see https://www.iso.org/iso-3166-country-codes.html
 * @see https://unstats.un.org/unsd/methodology/m49/
 */
import type { CodeSystemView, Concept } from '../types.ts';
import { nameIn, plainConcept, SHOWN_LANGUAGES } from './named-concept.ts';
import { THREE_LETTERS } from './three-letter-countries.ts';

let countries: ReadonlyMap<string, Concept> | undefined;
let regions: ReadonlyMap<string, Concept> | undefined;

/** ISO 3166-1 by two letters, three letters and numbers; ICU gives the names, and which number is which country. */
export const COUNTRIES: CodeSystemView = {
  url: 'urn:iso:std:iso:3166',
  name: 'ISO3166Part1',
  language: 'en',
  complete: true,
  looseNames: true,
  properties: new Map(),
  get concepts() {
    return [...listCountries().values()];
  },
  find: (code) => listCountries().get(code),
};

/** ISO 3166-2 by its form alone: a country and up to three letters or digits. */
export const SUBDIVISIONS: CodeSystemView = {
  url: 'urn:iso:std:iso:3166:-2',
  name: 'ISO3166Part2',
  complete: true,
  properties: new Map(),
  find: (code) => {
    const country = /^([A-Z]{2})-[A-Z0-9]{1,3}$/.exec(code)?.[1];
    return country !== undefined && THREE_LETTERS.has(country) ? plainConcept(code, undefined) : undefined;
  },
};

/** The regions and countries of the United Nations' M49, of class `region` and `country`. */
export const WORLD_REGIONS: CodeSystemView = {
  url: 'http://unstats.un.org/unsd/methods/m49/m49.htm',
  name: 'M49',
  language: 'en',
  complete: true,
  looseNames: true,
  properties: new Map([['class', { description: 'region or country' }]]),
  get concepts() {
    return [...listRegions().values()];
  },
  find: (code) => listRegions().get(code),
};

function listCountries(): ReadonlyMap<string, Concept> {
  countries ??= new Map([
    ...[...THREE_LETTERS.keys()].map((code) => [code, named(code, code)] as const),
    ...[...THREE_LETTERS].map(([letters, code]) => [code, named(code, letters)] as const),
    ...numbered().flatMap(({ number, letters }) =>
      letters === undefined ? [] : [[number, named(number, letters)] as const],
    ),
  ]);
  return countries;
}

function listRegions(): ReadonlyMap<string, Concept> {
  regions ??= new Map(
    numbered().flatMap(({ number, letters }) => {
      const concept = named(number, letters ?? number);
      if (concept.display === undefined) return [];
      const property = { code: 'class', member: 'valueString', value: letters ? 'country' : 'region' };
      return [[number, { ...concept, properties: [property] }] as const];
    }),
  );
  return regions;
}

function named(code: string, region: string): Concept {
  const [display, ...others] = SHOWN_LANGUAGES.map((language) => nameIn('region', language, region));
  return plainConcept(code, display, others);
}

/** @see https://unicode.org/reports/tr35/#Canonical_Unicode_Locale_Identifiers a country's number becomes its letters */
function numbered(): readonly { readonly number: string; readonly letters: string | undefined }[] {
  const digits = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));
  return digits
    .map((number) => ({ number, region: new Intl.Locale(`und-${number}`).region ?? '' }))
    .filter(({ number, region }) => region === number || THREE_LETTERS.has(region))
    .map(({ number, region }) => ({ number, letters: region === number ? undefined : region }));
}
