import { pipeline } from 'node:stream/promises';
import express, { type Request, type Response, type Router } from 'express';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { readIdempotency } from './answer-once.ts';
import { batch } from './batch.ts';
import { describeCapabilities } from './capabilities.ts';
import { createAuditGroup } from './group-audit.ts';
import { MEDIA_TYPES } from './media-type.ts';
import { negotiateFormat, wantsPretty } from './negotiate-format.ts';
import { createResourceReader } from './parse-body.ts';
import type { Parameters } from './parse-parameters.ts';
import { type Audit, perform } from './perform.ts';
import {
  buildRequest,
  createBodyReader,
  languageOf,
  pathOf,
  preferredReturn,
  queryOf,
} from './read-request.ts';
import { GENERAL_PARAMETERS, refuseParameters } from './refuse-parameters.ts';
import { requestIdOf } from './request-id.ts';
import { allowedMethods, findRoute } from './routes.ts';
import { transaction } from './transaction.ts';
import type { FhirRequest, FhirResponse, RestOptions, Session } from './types.ts';
import { type AnswerForm, createBodyWriter, type WriteBody, type WrittenBody } from './write-body.ts';

/**
 * The FHIR RESTful API as a router to mount at `/fhir`. {@link requestId} goes before it, {@link renderError}
 * after it.
 * @see https://hl7.org/fhir/R4/http.html
 */
export function createRest(rest: RestOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const audit = createAuditGroup((entries) => rest.store.audit(entries));
  const write = createBodyWriter(rest.definitions);
  const capabilities = describeOnce(rest);
  const writeOnce = rememberWritten(write);
  router.use((_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  router.get('/metadata', (request, response) => {
    const form = askedForm(request, queryOf(request));
    send(response, { status: 200, body: capabilities() }, form, writeOnce);
  });
  router.get('/.well-known/smart-configuration', (_request, response) => {
    response.json(rest.smartConfiguration());
  });
  router.use(createServer(rest, audit, write));
  return router;
}

/** Made when it is first asked for: it plans the search of every type, of which most gateways use a few. */
function describeOnce(rest: RestOptions): () => string {
  const started = rest.clock();
  let text: string | undefined;
  return () => {
    text ??= JSON.stringify(describeCapabilities(rest, started));
    return text;
  };
}

/** The way of every request through this room, in order. */
function createServer(
  rest: RestOptions,
  audit: Audit,
  write: WriteBody,
): (request: Request, response: Response) => Promise<void> {
  const readBody = createBodyReader(rest.limits);
  const readResource = createResourceReader(rest.definitions, rest.limits.bodyDepth);
  return async (http, response) => {
    const query = queryOf(http);
    const path = pathOf(http);
    const isBundle = path === '' && http.method !== 'GET' && http.method !== 'HEAD';
    const target = isBundle ? undefined : routeOf(rest, http, response, path);
    const form = target?.route.answersLines ? LINES : askedForm(http, query);
    const takesPieces = form.format === 'json' && !form.pretty;
    if (!target) requirePost(http);
    const principal = await rest.authenticate(http);
    const bytes = await readBody(http, response);
    const session: Session = {
      rest,
      principal,
      requestId: requestIdOf(response),
      reader: rest.store,
      language: languageOf(http),
    };
    const answer = target
      ? await perform(
          target.route,
          buildRequest(http, { ...target, query, bytes, takesPieces }, rest.limits, readResource),
          session,
          audit,
        )
      : await performBundle(http, readResource(http.get('content-type'), bytes), bytes, session, audit);
    if (answer.stream) await sendStream(response, answer, answer.stream);
    else send(response, answer, form, write);
  };
}

/**
 * The route of a request; a refusal says which methods the address answers.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-405-method-not-allowed
 */
function routeOf(
  rest: RestOptions,
  { method }: Request,
  response: Response,
  path: string,
): ReturnType<typeof findRoute> {
  try {
    return findRoute(method, path, rest.definitions.resourceTypes);
  } catch (error) {
    const methods = path === '' ? [] : allowedMethods(path);
    if (methods.length > 0 && !methods.includes(method)) response.setHeader('Allow', methods.join(', '));
    throw error;
  }
}

function requirePost(http: Request): void {
  if (http.method === 'POST') return;
  throw new SiltaError(
    'method-not-allowed',
    'The FHIR base takes a batch or transaction Bundle by POST, and a search by GET.',
  );
}

/** A Bundle posted to the base; what is refused in it is audited by entry. */
async function performBundle(
  http: Request,
  bundle: Resource,
  bytes: Uint8Array,
  session: Session,
  audit: Audit,
): Promise<FhirResponse> {
  const request: FhirRequest = { type: '', id: '', versionId: '', parameters: queryOf(http) };
  refuseParameters(request, GENERAL_PARAMETERS);
  const kind = bundle['type'];
  if (bundle.resourceType !== 'Bundle' || (kind !== 'batch' && kind !== 'transaction')) {
    throw new SiltaError('invalid-request', "The body must be a Bundle of type 'batch' or 'transaction'.", {
      expression: [bundle.resourceType === 'Bundle' ? 'Bundle.type' : 'resourceType'],
    });
  }
  const preferReturn = preferredReturn(http.get('prefer'));
  const idempotency = readIdempotency(http.get('idempotency-key'), ['', bytes]);
  if (kind === 'transaction') {
    return transaction(bundle, session, audit, {
      ...(preferReturn && { preferReturn }),
      ...(idempotency && { idempotency }),
    });
  }
  if (!idempotency) return batch(bundle, session, preferReturn, audit);
  throw new SiltaError('invalid-request', 'A batch has no one effect: Idempotency-Key is for transactions.');
}

/** For one text that anyone may ask for again and again: each form of it is written once. */
function rememberWritten(write: WriteBody): WriteBody {
  const known = new Map<string, WrittenBody>();
  return (json, form) => {
    const name = `${form.format} ${form.pretty}`;
    const written = known.get(name) ?? write(json, form);
    known.set(name, written);
    return written;
  };
}

/** What a request has changed is not told to have failed because the answer cannot be XML. */
function writeAnswer({ method }: Request, body: string, form: AnswerForm, write: WriteBody): WrittenBody {
  try {
    return write(body, form);
  } catch (error) {
    if (method === 'GET' || method === 'HEAD' || !(error instanceof SiltaError)) throw error;
    return write(body, { ...form, format: 'json' });
  }
}

function askedForm(http: Request, parameters: Parameters): AnswerForm {
  const accept = http.get('accept');
  const format = negotiateFormat({ accept, contentType: http.get('content-type'), parameters });
  return { format, pretty: wantsPretty(parameters) };
}

/** Lines have one form; what is said beside them, is said in JSON. */
const LINES: AnswerForm = { format: 'json', pretty: false };

function send(response: Response, answer: FhirResponse, form: AnswerForm, write: WriteBody): void {
  const written =
    answer.body === undefined
      ? undefined
      : writeAnswer(response.req, answer.body, answer.isPlain ? LINES : form, write);
  response.status(answer.status);
  if (answer.etag !== undefined) response.setHeader('ETag', answer.etag);
  if (answer.lastModified !== undefined) {
    response.setHeader('Last-Modified', new Date(answer.lastModified).toUTCString());
  }
  if (answer.location !== undefined) response.setHeader('Location', answer.location);
  if (written) response.setHeader('Content-Type', written.contentType);
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.pieces) sendPieces(response, answer.pieces);
  else response.end(written?.text);
}

const JSON_TYPE = `${MEDIA_TYPES.json[0]}; charset=utf-8`;

/** Characters that are sent as one text; of more, each piece is encoded for itself and none is copied once more. */
const LARGE = 16_384;

function sendPieces(response: Response, pieces: readonly string[]): void {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const encoded = length < LARGE ? [Buffer.from(pieces.join(''))] : pieces.map((piece) => Buffer.from(piece));
  response.setHeader('Content-Type', JSON_TYPE);
  response.setHeader(
    'Content-Length',
    encoded.reduce((sum, bytes) => sum + bytes.length, 0),
  );
  response.cork();
  for (const bytes of encoded) response.write(bytes);
  response.end();
}

/** Sends bytes as fast as the caller takes them. Who goes away in the middle ends it, and nothing else. */
async function sendStream(
  response: Response,
  { status, headers = {} }: FhirResponse,
  stream: AsyncIterable<Uint8Array>,
): Promise<void> {
  response.status(status);
  response.setHeaders(new Map(Object.entries(headers)));
  try {
    await pipeline(stream, response);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
