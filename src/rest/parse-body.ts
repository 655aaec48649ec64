import type { Definitions } from '../definitions/index.ts';
import { parseExactly } from '../exact-json.ts';
import { createFhirXml, type FhirXml } from '../mapping/index.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { parseMappingText } from './mapping-text.ts';
import { type BodyFormat, formatOf, requireR4, splitMediaType } from './media-type.ts';
import { scanJson } from './scan-json.ts';

/**
 * Reads the resource in a body of a declared type.
 * @throws SiltaError `unsupported-media-type`, `invalid-json`, `invalid-xml`, `invalid-request`
 */
export type ReadResource = (contentType: string | undefined, bytes: Uint8Array) => Resource;

/** Levels of nesting in a body, unless the gateway is built with others. */
export const BODY_DEPTH = 100;

/**
 * Makes the reader of bodies in JSON, XML and, for StructureMaps, FHIR Mapping Language.
 * @param maxDepth levels of nesting at most
 */
export function createResourceReader(definitions: Definitions, maxDepth: number): ReadResource {
  const xml = createFhirXml(definitions);
  return (contentType, bytes) => {
    const format = readFormat(contentType);
    if (format === 'json') return parseResource(bytes, maxDepth);
    if (format === 'xml') return parseXmlResource(xml, decodeUtf8(bytes, 'invalid-xml'), maxDepth);
    return parseMappingText(decodeUtf8(bytes, 'invalid-request'));
  };
}

/**
 * The form of a body; refuses one that is not declared as FHIR R4 in UTF-8.
 * @throws SiltaError `unsupported-media-type`
 */
function readFormat(contentType: string | undefined): BodyFormat {
  const { type, parameters } = splitMediaType(contentType ?? '');
  const format = formatOf(type);
  if (!format) {
    throw new SiltaError(
      'unsupported-media-type',
      'The body must be JSON or XML: send Content-Type application/fhir+json or application/fhir+xml.',
    );
  }
  const charset = parameters.get('charset');
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new SiltaError('unsupported-media-type', 'The body must be in UTF-8.');
  }
  requireR4(parameters.get('fhirversion'), 'unsupported-media-type');
  return format;
}

/**
 * The resource in a body of JSON.
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
 * Any JSON value, read strictly, its numbers with their digits.
 * @throws SiltaError `invalid-json` with line and column
 */
export function parseJson(text: string, maxDepth: number): unknown {
  if (text.trim() === '') throw new SiltaError('invalid-json', 'The body is empty; a resource is expected.');
  return scanJson(text, maxDepth) ? (JSON.parse(text) as unknown) : parseExactly(text);
}

/**
 * The resource in a body of XML. No document type and no entities of its own; every fault is told with its place.
 * @throws SiltaError `invalid-xml`
 */
function parseXmlResource(xml: FhirXml, text: string, maxDepth: number): Resource {
  if (text.trim() === '') throw new SiltaError('invalid-xml', 'The body is empty; a resource is expected.');
  const declared = /^\ufeff?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
  if (declared !== undefined && declared.toLowerCase() !== 'utf-8') {
    throw new SiltaError(
      'unsupported-media-type',
      'The body must be in UTF-8, and its XML declaration say so.',
    );
  }
  const { resource, faults } = xml.read(text, maxDepth);
  if (faults.length > 0) {
    throw new SiltaError('invalid-xml', 'The body is not a resource in XML.', {
      issues: faults.map(({ line, column, message, expression }) => ({
        severity: 'error',
        code: 'structure',
        diagnostics: `${line}:${column}: ${message}.`,
        ...(expression !== undefined && { expression: [expression] }),
      })),
    });
  }
  if (depthOf(resource) > maxDepth) {
    throw new SiltaError('invalid-xml', `The resource is nested more than ${maxDepth} levels deep.`);
  }
  return resource as Resource;
}

/** Objects and lists inside each other, as in the JSON form. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const member of Object.values(value)) deepest = Math.max(deepest, depthOf(member));
  return deepest + 1;
}

/** @throws SiltaError of the code given */
export function decodeUtf8(
  bytes: Uint8Array,
  code: 'invalid-json' | 'invalid-xml' | 'invalid-request' = 'invalid-json',
): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SiltaError(code, 'The body is not valid UTF-8.', { cause });
  }
}
