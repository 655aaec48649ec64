/**
 * A stand-in of Lifecare's inbox for documents, in memory. Lifecare's own interface is not public: this one has the
 * shape that `mappings/lifecare` is configured for.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { createFaultControl } from '../fault-control.ts';
import type { SandboxDependencies } from '../types.ts';
import { refuseDocument } from './document-rules.ts';

export interface LifecareStandInOptions extends SandboxDependencies {
  /** Bearer secret the gateway shows. */
  readonly secret: string;
}

export interface StoredDocument {
  readonly documentId: string;
  readonly receivedAt: string;
  readonly document: Readonly<Record<string, unknown>>;
}

export interface LifecareStandIn {
  readonly app: Express;
  documents(): readonly StoredDocument[];
}

const DOCUMENTS = '/lifecare/api/documents';

interface Inbox {
  readonly documents: StoredDocument[];
  /** What was stored under an idempotency key, and a digest of the body it was stored for. */
  readonly byKey: Map<string, { readonly stored: StoredDocument; readonly digest: string }>;
}

/** Makes the stand-in's own Express app: the inbox and the control API under `/control`. */
export function createLifecareStandIn(options: LifecareStandInOptions): LifecareStandIn {
  const inbox: Inbox = { documents: [], byKey: new Map() };
  const control = createFaultControl({
    now: options.now,
    received: () => ({ documents: inbox.documents }),
  });
  const app = express();
  app.disable('x-powered-by');
  app.use(control.router);
  app.use(control.apply, bearer(options.secret), express.json({ limit: '2mb' }));
  app.get(DOCUMENTS, (_, response) => void response.json({ documents: inbox.documents }));
  app.post(DOCUMENTS, (request, response) => {
    const key = request.get('idempotency-key');
    if (key) control.about(response, key);
    receive(inbox, key, options, request, response);
  });
  app.use((_: Request, response: Response) => fail(response, 404, 'no such address'));
  app.use((error: { status?: number }, _: Request, response: Response, __: NextFunction) => {
    const status = error.status ?? 500;
    fail(response, status, status < 500 ? 'the body is not JSON or too large' : 'internal error');
  });
  return { app, documents: () => [...inbox.documents] };
}

function receive(
  inbox: Inbox,
  key: string | undefined,
  options: LifecareStandInOptions,
  request: Request,
  response: Response,
) {
  if (!key) return fail(response, 400, 'Idempotency-Key is missing');
  const digest = createHash('sha256')
    .update(JSON.stringify(request.body ?? null))
    .digest('hex');
  const earlier = inbox.byKey.get(key);
  if (earlier) {
    if (earlier.digest !== digest)
      return fail(response, 422, 'Idempotency-Key was used for another document');
    return answer(response, earlier.stored);
  }
  const problem = refuseDocument(request.body);
  if (problem) return fail(response, 400, problem);
  if (inbox.documents.some(({ document }) => sourceOf(document) === sourceOf(request.body))) {
    return fail(response, 409, 'this version of the source document is there already');
  }
  const stored: StoredDocument = {
    documentId: options.uuid(),
    receivedAt: options.now().toISOString(),
    document: request.body,
  };
  inbox.documents.push(stored);
  inbox.byKey.set(key, { stored, digest });
  answer(response, stored);
}

function sourceOf(document: Readonly<Record<string, unknown>>): string {
  const { id, version } = document['source'] as { id: string; version?: string };
  return JSON.stringify([id, version]);
}

function answer(response: Response, { documentId, receivedAt }: StoredDocument) {
  response.status(201).location(`${DOCUMENTS}/${documentId}`).json({ documentId, receivedAt });
}

function fail(response: Response, status: number, error: string) {
  response.status(status).json({ error });
}

function bearer(secret: string) {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${secret}`);
  return (request: Request, response: Response, next: NextFunction) => {
    if (timingSafeEqual(digest(request.get('authorization') ?? ''), expected)) return next();
    response.set('WWW-Authenticate', 'Bearer');
    fail(response, 401, 'the bearer secret is wrong or missing');
  };
}
