/** From an HTTP request to a FHIR request. */
import { promisify } from 'node:util';
import express, { type Request, type Response } from 'express';
import type { Language } from '../conformance/index.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { readIdempotency } from './answer-once.ts';
import { formatOf, splitMediaType } from './media-type.ts';
import { decodeUtf8, type ReadResource } from './parse-body.ts';
import { type Parameters, parseParameters } from './parse-parameters.ts';
import { readPatch } from './patch-document.ts';
import type { Address, Route } from './routes.ts';
import type { FhirRequest, RestLimits } from './types.ts';

/** The path below the FHIR base, decoded, without slashes at its ends. */
export function pathOf(request: Request): string {
  try {
    return decodeURIComponent(request.path).replace(/^\/+|\/+$/g, '');
  } catch (cause) {
    throw new SiltaError('invalid-request', 'The address is not percent-encoded UTF-8.', { cause });
  }
}

export function queryOf(request: Request): Parameters {
  const start = request.url.indexOf('?');
  return parseParameters(start < 0 ? '' : request.url.slice(start + 1));
}

/**
 * Reads the whole body, whatever its declared type; compressed bodies are decompressed within the same limit.
 * @returns a function of one request
 */
export function createBodyReader(
  limits: RestLimits,
): (request: Request, response: Response) => Promise<Uint8Array> {
  const parse = promisify(express.raw({ type: () => true, limit: limits.bodyBytes }));
  return async (request, response) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    if (length === undefined && coding === undefined) return NOTHING;
    await parse(request, response);
    return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  };
}

const NOTHING: Uint8Array = Buffer.alloc(0);

/** The language of ours that the caller understands best; English when none is named. */
export function languageOf(http: Request): Language {
  if (http.headers['accept-language'] === undefined) return 'en';
  return (http.acceptsLanguages(['en', 'fi', 'sv']) as Language | false) || 'en';
}

/** @throws SiltaError for what the headers or the body get wrong */
export function buildRequest(
  http: Request,
  parts: {
    readonly route: Route;
    readonly address: Address;
    readonly query: Parameters;
    readonly bytes: Uint8Array;
    readonly takesPieces: boolean;
  },
  limits: RestLimits,
  readResource: ReadResource,
): FhirRequest {
  const { route, address, query, bytes, takesPieces } = parts;
  const contentType = http.get('content-type');
  const form = route.body === 'form' ? readForm(http, bytes) : [];
  const resource =
    route.body === 'resource' ? withId(readResource(contentType, bytes), address, contentType) : undefined;
  const headers = readHeaders(http);
  const idempotency =
    route.name === 'create'
      ? readIdempotency(http.get('idempotency-key'), [address.type, headers.ifNoneExist ?? '', bytes])
      : undefined;
  return {
    ...address,
    parameters: [...query, ...form],
    takesPieces,
    respondAsync: prefersAsync(http.get('prefer')),
    ...(route.answersLines && { acceptsGzip: http.acceptsEncodings('gzip', 'identity') === 'gzip' }),
    ...(resource && { resource }),
    ...(idempotency && { idempotency }),
    ...(route.body === 'patch' && { patch: readPatch(contentType, bytes, limits, readResource) }),
    ...headers,
  };
}

/** Conditions and preferences, as far as they are given. */
function readHeaders(http: Request): Partial<FhirRequest> {
  const headers = {
    ifMatch: http.get('if-match'),
    ifNoneMatch: http.get('if-none-match'),
    ifModifiedSince: http.get('if-modified-since'),
    ifNoneExist: http.get('if-none-exist'),
    preferReturn: preferredReturn(http.get('prefer')),
    preferHandling: preferredHandling(http.get('prefer')),
  };
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

/** A map's text has no id: it is the one of the address. */
function withId(resource: Resource, { id }: Address, contentType: string | undefined): Resource {
  const isText = formatOf(splitMediaType(contentType ?? '').type) === 'fml';
  return isText && id !== '' ? { ...resource, id } : resource;
}

/** @see https://hl7.org/fhir/R4/search.html#Introduction POST searches are forms */
function readForm(http: Request, bytes: Uint8Array): Parameters {
  if (bytes.length === 0) return [];
  if (splitMediaType(http.get('content-type') ?? '').type !== 'application/x-www-form-urlencoded') {
    throw new SiltaError('unsupported-media-type', 'Send a search as application/x-www-form-urlencoded.');
  }
  return parseParameters(decodeUtf8(bytes));
}

/** @see https://hl7.org/fhir/R4/search.html#errors */
function preferredHandling(header: string | undefined): FhirRequest['preferHandling'] {
  const value = /(?:^|[,;\s])handling\s*=\s*"?(strict|lenient)\b/i.exec(header ?? '')?.[1];
  return value?.toLowerCase() as FhirRequest['preferHandling'];
}

/** @see https://www.rfc-editor.org/rfc/rfc7240#section-4.1 */
const prefersAsync = (header: string | undefined): boolean =>
  /(?:^|[,;\s])respond-async\b/i.test(header ?? '');

/** @see https://www.rfc-editor.org/rfc/rfc7240 unknown preferences are ignored */
export function preferredReturn(header: string | undefined): FhirRequest['preferReturn'] {
  const value = /(?:^|[,;\s])return\s*=\s*"?(minimal|representation|OperationOutcome)\b/i.exec(
    header ?? '',
  )?.[1];
  if (value === undefined) return undefined;
  return value.toLowerCase() === 'operationoutcome' ? 'OperationOutcome' : (value.toLowerCase() as 'minimal');
}
