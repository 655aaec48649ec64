/**
 * The two forms of a patch: JSON Patch, and FHIRPath Patch as a Parameters resource.
 * @see https://hl7.org/fhir/R4/http.html#patch
 */
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { MEDIA_TYPES, splitMediaType } from './media-type.ts';
import { decodeUtf8, parseJson, type ReadResource } from './parse-body.ts';
import type { RestLimits } from './types.ts';

export type PatchDocument =
  | { readonly kind: 'json'; readonly operations: readonly unknown[] }
  | { readonly kind: 'fhirpath'; readonly operations: readonly unknown[] };

/** Media type of a JSON Patch. @see https://www.rfc-editor.org/rfc/rfc6902 */
const JSON_PATCH = 'application/json-patch+json';
export const PATCH_FORMATS: readonly string[] = [
  JSON_PATCH,
  ...Object.values(MEDIA_TYPES).flatMap((types) => types.slice(0, 1)),
];

const MOST_OPERATIONS = 500;

/**
 * The patch in the body of a request.
 * @throws SiltaError `unsupported-media-type`, `invalid-json`, `invalid-xml`, `invalid-request`
 */
export function readPatch(
  contentType: string | undefined,
  bytes: Uint8Array,
  limits: RestLimits,
  readResource: ReadResource,
): PatchDocument {
  if (splitMediaType(contentType ?? '').type === JSON_PATCH) return readJsonPatch(bytes, limits);
  return readParameters(readResource(contentType, bytes));
}

/**
 * The patch of a Bundle's entry: a Binary that holds a JSON Patch, or Parameters.
 * @throws SiltaError `invalid-json`, `invalid-request`
 * @see https://hl7.org/fhir/R4/http.html#jsonpatch
 */
export function readEntryPatch(resource: Resource | undefined, limits: RestLimits): PatchDocument {
  if (resource?.resourceType !== 'Binary') return readParameters(resource);
  const { contentType, data } = resource as { contentType?: unknown; data?: unknown };
  if (splitMediaType(String(contentType)).type !== JSON_PATCH || typeof data !== 'string') {
    throw refuse(`The Binary must hold its data as ${JSON_PATCH}.`, 'Binary.contentType');
  }
  if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(data)) throw refuse('The data are not base64.', 'Binary.data');
  return readJsonPatch(Buffer.from(data, 'base64'), limits);
}

function readJsonPatch(bytes: Uint8Array, limits: RestLimits): PatchDocument {
  const operations = parseJson(decodeUtf8(bytes), limits.bodyDepth);
  if (!Array.isArray(operations)) {
    throw new SiltaError('invalid-request', 'A JSON Patch is a list of operations.');
  }
  return { kind: 'json', operations: requireFew(operations) };
}

function readParameters(resource: Resource | undefined): PatchDocument {
  if (resource?.resourceType !== 'Parameters') {
    throw refuse('A FHIRPath Patch is a Parameters resource.', 'resourceType');
  }
  const operations: unknown = resource['parameter'];
  if (!Array.isArray(operations)) throw refuse('The patch has no operation.', 'Parameters.parameter');
  return { kind: 'fhirpath', operations: requireFew(operations) };
}

function requireFew(operations: readonly unknown[]): readonly unknown[] {
  if (operations.length <= MOST_OPERATIONS) return operations;
  throw new SiltaError('too-large', `A patch has ${MOST_OPERATIONS} operations at most.`);
}

function refuse(message: string, expression: string): SiltaError {
  return new SiltaError('invalid-request', message, { expression: [expression] });
}
