import express, { type Request, type Response, type Router } from 'express';
import { SiltaError } from '../outcome.ts';
import { readIdempotency } from './answer-once.ts';
import { batch } from './batch.ts';
import { describeCapabilities } from './capabilities.ts';
import { createAuditGroup } from './group-audit.ts';
import { indentJson } from './indent-json.ts';
import { requireJsonAnswer, wantsPretty } from './negotiate-format.ts';
import { parseResource, requireJsonBody } from './parse-body.ts';
import { type Audit, perform } from './perform.ts';
import { buildRequest, createBodyReader, pathOf, preferredReturn, queryOf } from './read-request.ts';
import { GENERAL_PARAMETERS, refuseParameters } from './refuse-parameters.ts';
import { requestIdOf } from './request-id.ts';
import { allowedMethods, findRoute } from './routes.ts';
import { transaction } from './transaction.ts';
import type { FhirRequest, FhirResponse, RestOptions, Session } from './types.ts';

/**
 * The FHIR RESTful API as a router to mount at `/fhir`. {@link requestId} goes before it, {@link renderError}
 * after it.
 * @see https://hl7.org/fhir/R4/http.html
 */
export function createRest(rest: RestOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const audit = createAuditGroup((entries) => rest.store.audit(entries));
  const capabilities = JSON.stringify(describeCapabilities(rest));
  router.use((_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  router.get('/metadata', (request, response) => {
    requireJsonAnswer(request.get('accept'), queryOf(request));
    send(request, response, { status: 200, body: capabilities });
  });
  router.get('/.well-known/smart-configuration', (_request, response) => {
    response.json(rest.smartConfiguration());
  });
  router.use(createServer(rest, audit));
  return router;
}

/** The way of every request through this room, in order. */
function createServer(
  rest: RestOptions,
  audit: Audit,
): (request: Request, response: Response) => Promise<void> {
  const readBody = createBodyReader(rest.limits);
  return async (http, response) => {
    const query = queryOf(http);
    requireJsonAnswer(http.get('accept'), query);
    wantsPretty(query);
    const path = pathOf(http);
    if (path !== '') announceMethods(http, response, path);
    const isBundle = path === '' && http.method !== 'GET' && http.method !== 'HEAD';
    const target = isBundle ? undefined : findRoute(http.method, path, rest.definitions.resourceTypes);
    if (!target) requirePost(http);
    const principal = await rest.authenticate(http);
    const bytes = await readBody(http, response);
    const session: Session = { rest, principal, requestId: requestIdOf(response), reader: rest.store };
    const answer = target
      ? await perform(
          target.route,
          buildRequest(http, { ...target, query, bytes }, rest.limits),
          session,
          audit,
        )
      : await performBundle(http, bytes, session, audit);
    send(http, response, answer);
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-405-method-not-allowed */
function announceMethods(http: Request, response: Response, path: string): void {
  const methods = allowedMethods(path);
  if (methods.length > 0 && !methods.includes(http.method)) response.setHeader('Allow', methods.join(', '));
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
  bytes: Uint8Array,
  session: Session,
  audit: Audit,
): Promise<FhirResponse> {
  requireJsonBody(http.get('content-type'));
  const request: FhirRequest = { type: '', id: '', versionId: '', parameters: queryOf(http) };
  refuseParameters(request, GENERAL_PARAMETERS);
  const bundle = parseResource(bytes, session.rest.limits.bodyDepth);
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

function send(http: Request, response: Response, answer: FhirResponse): void {
  response.status(answer.status);
  if (answer.etag !== undefined) response.setHeader('ETag', answer.etag);
  if (answer.lastModified !== undefined) {
    response.setHeader('Last-Modified', new Date(answer.lastModified).toUTCString());
  }
  if (answer.location !== undefined) response.setHeader('Location', answer.location);
  if (answer.body === undefined) {
    response.end();
    return;
  }
  response.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
  response.end(wantsPretty(queryOf(http)) ? indentJson(answer.body) : answer.body);
}
