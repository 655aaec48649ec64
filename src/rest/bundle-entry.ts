/**
 * Entries of a batch or transaction as the requests they stand for.
 * @see https://hl7.org/fhir/R4/http.html#transaction
 */
import { STATUS_CODES } from 'node:http';
import { type Issue, SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { EntryText } from './assemble-bundle.ts';
import { parseParameters } from './parse-parameters.ts';
import { readEntryPatch } from './patch-document.ts';
import { findRoute, type Route } from './routes.ts';
import type { FhirRequest, FhirResponse, RestOptions } from './types.ts';

export interface BundleEntry {
  readonly index: number;
  readonly fullUrl: string | undefined;
  readonly route: Route;
  readonly request: FhirRequest;
}

/** Order in which entries are processed, whatever their order in the Bundle. */
export const PROCESSING_ORDER: readonly string[] = ['DELETE', 'POST', 'PUT', 'PATCH', 'GET'];

/**
 * The raw entries of a Bundle.
 * @throws SiltaError `invalid-request`, `too-large`
 */
export function listEntries(rest: RestOptions, bundle: Resource): readonly unknown[] {
  const entries = bundle['entry'] ?? [];
  if (!Array.isArray(entries)) {
    throw new SiltaError('invalid-request', 'The entries must be a list.', { expression: ['Bundle.entry'] });
  }
  if (entries.length > rest.limits.bundleEntries) {
    throw new SiltaError('too-large', `A Bundle may hold ${rest.limits.bundleEntries} entries at most.`, {
      expression: ['Bundle.entry'],
    });
  }
  return entries;
}

/**
 * One entry as a request.
 * @throws SiltaError with the expression of what is wrong in the entry
 */
export function parseEntry(
  rest: RestOptions,
  raw: unknown,
  index: number,
  preferReturn: FhirRequest['preferReturn'],
): BundleEntry {
  const entry = asObject(raw);
  const asked = asObject(entry['request']);
  const method = textOf(asked, 'method', index);
  const url = textOf(asked, 'url', index);
  if (method === undefined || url === undefined) {
    throw faultIn(index, 'request', 'An entry needs a request with a method and a url.');
  }
  const { path, query } = splitUrl(rest, url, index);
  const { route, address } = locateFaults(index, () =>
    findRoute(method, path, rest.definitions.resourceTypes),
  );
  if (route.alone)
    throw faultIn(index, 'request.url', 'This is a request of its own and has no place in a Bundle.');
  const resource = entry['resource'];
  if (resource !== undefined && typeof asObject(resource)['resourceType'] !== 'string') {
    throw faultIn(index, 'resource', 'This is not a resource.');
  }
  return {
    index,
    fullUrl: fullUrlOf(entry, index),
    route,
    request: {
      ...address,
      parameters: locateFaults(index, () => parseParameters(query)),
      ...(resource !== undefined && route.body === 'resource' && { resource: resource as Resource }),
      ...(route.body === 'patch' && {
        patch: locateFaults(index, () => readEntryPatch(resource as Resource | undefined, rest.limits)),
      }),
      ...conditions(asked, index),
      preferReturn: preferReturn ?? 'minimal',
    },
  };
}

function conditions(asked: Readonly<Record<string, unknown>>, index: number): Partial<FhirRequest> {
  const names = ['ifMatch', 'ifNoneMatch', 'ifModifiedSince', 'ifNoneExist'] as const;
  const given = names.map((name) => [name, textOf(asked, name, index)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function fullUrlOf(entry: Readonly<Record<string, unknown>>, index: number): string | undefined {
  const value = entry['fullUrl'];
  if (value === undefined || typeof value === 'string') return value;
  throw faultIn(index, 'fullUrl', 'This must be a URL.');
}

function textOf(asked: Readonly<Record<string, unknown>>, name: string, index: number): string | undefined {
  const value = asked[name];
  if (value === undefined || typeof value === 'string') return value;
  throw faultIn(index, `request.${name}`, 'This must be text.');
}

function splitUrl(rest: RestOptions, url: string, index: number): { path: string; query: string } {
  const own = `${rest.baseUrl}/`;
  const relative = url.startsWith(own) ? url.slice(own.length) : url.replace(/^\//, '');
  const [path = '', query = ''] = relative.split(/\?(.*)/s, 2);
  try {
    return { path: decodeURIComponent(path), query };
  } catch (cause) {
    throw new SiltaError('invalid-request', 'This url is not percent-encoded UTF-8.', {
      expression: [`Bundle.entry[${index}].request.url`],
      cause,
    });
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}

export function faultIn(index: number, element: string, message: string): SiltaError {
  return new SiltaError('invalid-request', message, { expression: [`Bundle.entry[${index}].${element}`] });
}

/** Runs work on one entry; what it throws says where in the Bundle it happened. */
export function locateFaults<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw locateError(index, error);
  }
}

/** The same error, its expressions from the Bundle's root on. */
export function locateError(index: number, error: unknown): unknown {
  if (!(error instanceof SiltaError)) return error;
  return new SiltaError(error.code, error.message, {
    issues: error.issues.map((issue) => locateIssue(index, issue)),
    ...(error.cause !== undefined && { cause: error.cause }),
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  });
}

function locateIssue(index: number, issue: Issue): Issue {
  const entry = `Bundle.entry[${index}]`;
  const expression = (issue.expression ?? [entry]).map((path) => {
    if (path.startsWith('Bundle.entry[')) return path;
    if (path === 'resourceType') return `${entry}.resource`;
    return path.replace(/^[A-Z][A-Za-z]*/, `${entry}.resource`);
  });
  return { ...issue, expression };
}

/** An answer as an entry of the response Bundle. */
export function answerEntry(request: FhirRequest, route: Route, response: FhirResponse): EntryText {
  const asOutcome = route.method !== 'GET' && request.preferReturn === 'OperationOutcome';
  const { body } = response;
  return {
    ...(body !== undefined && !asOutcome && { resource: body }),
    response: {
      status: `${response.status} ${STATUS_CODES[response.status] ?? ''}`.trim(),
      ...(response.location !== undefined && { location: response.location }),
      ...(response.etag !== undefined && { etag: response.etag }),
      ...(response.lastModified !== undefined && { lastModified: response.lastModified }),
      ...(body !== undefined && asOutcome && { outcome: body }),
    },
  };
}
