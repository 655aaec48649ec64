/**
 * Media types of the two forms of a resource.
 * @see https://hl7.org/fhir/R4/http.html#mime-type
 */
import { SiltaError } from '../outcome.ts';

/** The forms that a resource is taken and given in. */
export type Format = 'json' | 'xml';

/** What a body or an answer can be: a StructureMap also as FHIR Mapping Language. */
export type BodyFormat = Format | 'fml';

/** @see https://build.fhir.org/mapping-language.html */
export const MAPPING_TYPE = 'text/fhir-mapping';

/** What a body or an answer may be called; the first of each form is what answers are called. */
export const MEDIA_TYPES: Readonly<Record<Format, readonly string[]>> = {
  json: ['application/fhir+json', 'application/json', 'text/json'],
  xml: ['application/fhir+xml', 'application/xml', 'text/xml'],
};

/** The form that a media type means; undefined for one of none. */
export function formatOf(type: string): BodyFormat | undefined {
  if (type === MAPPING_TYPE) return 'fml';
  if (MEDIA_TYPES.json.includes(type)) return 'json';
  return MEDIA_TYPES.xml.includes(type) ? 'xml' : undefined;
}

/** Type and parameters of a media type, names and type in lower case. */
export function splitMediaType(text: string): {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
} {
  const [type = '', ...rest] = text.split(';');
  const parameters = rest.map((part): [string, string] => {
    const [name = '', value = ''] = part.split('=', 2);
    return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
  });
  return { type: type.trim().toLowerCase(), parameters: new Map(parameters) };
}

/** Whether a `fhirVersion` parameter means the version that is spoken here; none means it, too. */
export function isR4(version: string | undefined): boolean {
  return version === undefined || version === '4.0' || version === '4.0.1';
}

/**
 * @throws SiltaError of the code given
 * @see https://hl7.org/fhir/R4/http.html#version-parameter
 */
export function requireR4(
  version: string | undefined,
  code: 'unsupported-media-type' | 'not-acceptable',
): void {
  if (!isR4(version)) throw new SiltaError(code, 'This server speaks FHIR 4.0 only.');
}
