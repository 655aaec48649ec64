import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { scanJson } from './scan-json.ts';

/** Media types of a JSON body. @see https://hl7.org/fhir/R4/http.html#mime-type */
const JSON_TYPES: ReadonlySet<string> = new Set(['application/fhir+json', 'application/json']);

/**
 * Refuses a body that is not declared as FHIR R4 JSON in UTF-8.
 * @throws SiltaError `unsupported-media-type`
 */
export function requireJsonBody(contentType: string | undefined): void {
  const { type, parameters } = splitMediaType(contentType ?? '');
  if (!JSON_TYPES.has(type)) {
    throw new SiltaError(
      'unsupported-media-type',
      'The body must be JSON: send Content-Type application/fhir+json.',
    );
  }
  const charset = parameters.get('charset');
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new SiltaError('unsupported-media-type', 'The body must be in UTF-8.');
  }
  requireR4(parameters.get('fhirversion'), 'unsupported-media-type');
}

/** @see https://hl7.org/fhir/R4/http.html#version-parameter */
export function requireR4(
  version: string | undefined,
  code: 'unsupported-media-type' | 'not-acceptable',
): void {
  if (version !== undefined && version !== '4.0' && version !== '4.0.1') {
    throw new SiltaError(code, 'This server speaks FHIR 4.0 only.');
  }
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

/**
 * The resource in a body.
 * @param maxDepth levels of nesting at most
 * @throws SiltaError `invalid-json` with line and column, never with content
 */
export function parseResource(bytes: Uint8Array, maxDepth: number): Resource {
  const value = parseJson(decodeUtf8(bytes), maxDepth);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SiltaError('invalid-json', 'The body must be one JSON object: a resource.');
  }
  if (typeof (value as Partial<Resource>).resourceType !== 'string') {
    throw new SiltaError('invalid-json', "The body must name its 'resourceType'.", {
      expression: ['resourceType'],
    });
  }
  return value as Resource;
}

/**
 * Any JSON value, read strictly.
 * @throws SiltaError `invalid-json` with line and column
 */
export function parseJson(text: string, maxDepth: number): unknown {
  if (text.trim() === '') throw new SiltaError('invalid-json', 'The body is empty; a resource is expected.');
  scanJson(text, maxDepth);
  return JSON.parse(text) as unknown;
}

/** @throws SiltaError `invalid-json` */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SiltaError('invalid-json', 'The body is not valid UTF-8.', { cause });
  }
}
