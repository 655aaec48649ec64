/** The HTTP application: what every request passes, in order, and where each part is mounted. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import express, { type Express, type Request, type RequestHandler, type Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Histogram, type Registry } from 'prom-client';
import type { Definitions } from './definitions/index.ts';
import { SiltaError } from './outcome.ts';
import { logRequests, renderError, requestId } from './rest/index.ts';

export interface AppParts {
  readonly logger: Logger;
  readonly definitions: Definitions;
  readonly registry: Registry;
  readonly trustProxy: number;
  readonly requestsPerMinute: number;
  /** Bearer token of `/metrics`; without one it answers in the sandbox only. */
  readonly metricsToken: string | undefined;
  readonly sandbox: boolean;
  /** Throws when the gateway cannot serve: database unreachable, shutting down. */
  readonly checkReady: () => Promise<void>;
  readonly identity: Router;
  readonly fhir: Router;
  readonly inbound: Router;
  readonly admin: Router;
  readonly web: Router;
}

/** Builds the application; it does not listen. */
export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', parts.trustProxy);
  app.use(inSequence(requestId(randomUUID), setHeaders(securityHeaders(parts.sandbox))));
  const counted = inSequence(
    logRequests(parts.logger),
    measure(parts.registry),
    limitRate(parts.requestsPerMinute),
  );
  // The API first: what comes before it is paid for by every one of its requests.
  app.use('/fhir', counted, parts.fhir);
  mountOperation(app, parts);
  app.use(counted);
  app.use(parts.identity);
  app.use('/inbound', parts.inbound);
  app.use('/admin/deliveries', parts.admin);
  app.use(parts.web);
  app.use((_request, _response, next) =>
    next(new SiltaError('not-found', 'There is nothing at this address.')),
  );
  app.use(renderError({ logger: parts.logger, definitions: parts.definitions }));
  return app;
}

/** Several steps as one, without the router's work between them. */
function inSequence(...steps: readonly RequestHandler[]): RequestHandler {
  return (request, response, next) => {
    const run = (place: number): void => {
      const step = steps[place];
      if (step) step(request, response, (error?: unknown) => (error ? next(error) : run(place + 1)));
      else next();
    };
    run(0);
  };
}

/** What `helmet` answers with, asked once: the headers are the same for every request. */
function securityHeaders(sandbox: boolean): readonly (readonly [name: string, value: string])[] {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  helmet({ contentSecurityPolicy: { directives: contentPolicy(sandbox) } })(
    response.req,
    response,
    (error) => {
      if (error) throw error;
    },
  );
  return response.getHeaderNames().map((name) => [name, String(response.getHeader(name))] as const);
}

function setHeaders(headers: ReturnType<typeof securityHeaders>): RequestHandler {
  return (_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
}

/** Health and metrics come before logs and limits: they are asked every few seconds. */
function mountOperation(app: Express, parts: AppParts): void {
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', async (_request, response) => {
    await parts.checkReady().then(
      () => response.json({ status: 'ready' }),
      () => response.status(503).json({ status: 'not ready' }),
    );
  });
  collectDefaultMetrics({ register: parts.registry });
  app.get('/metrics', async (request, response) => {
    requireMetricsAccess(request, parts);
    response.type(parts.registry.contentType).send(await parts.registry.metrics());
  });
}

function requireMetricsAccess(request: Request, parts: AppParts): void {
  if (parts.metricsToken === undefined && parts.sandbox) return;
  const given = request.get('authorization') ?? '';
  if (parts.metricsToken !== undefined && isSame(given, `Bearer ${parts.metricsToken}`)) return;
  throw new SiltaError('not-found', 'There is nothing at this address.');
}

/** Compares digests, so that neither content nor length shows in the time taken. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** Sign-in ends in a redirect to the client's own address, which `form-action` would otherwise stop. */
function contentPolicy(sandbox: boolean): Record<string, string[] | null> {
  return {
    'default-src': ["'none'"],
    'style-src': ["'self'"],
    'img-src': ["'self'"],
    'form-action': sandbox ? null : ["'self'", 'https:'],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
    'upgrade-insecure-requests': sandbox ? null : [],
  } as Record<string, string[] | null>;
}

function limitRate(requestsPerMinute: number): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: requestsPerMinute,
    // The later draft's partition key is a hash of the address, computed for every request.
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    handler: (_request, _response, next) =>
      next(new SiltaError('too-many-requests', 'Too many requests from this address.', { retryAfter: 60 })),
  });
}

/** Durations by method, part of the house and status; never by path, which holds ids. */
function measure(registry: Registry): RequestHandler {
  const duration = new Histogram({
    name: 'silta_http_request_seconds',
    help: 'Time from request to answer, by method, part and status.',
    labelNames: ['method', 'part', 'status'],
    registers: [registry],
  });
  const known = new Set(['fhir', 'oauth', 'identity', 'inbound', 'admin', 'my', 'console']);
  const children = new Map<string, ReturnType<typeof duration.labels>>();
  return ({ method, originalUrl }, response, next) => {
    const started = performance.now();
    response.once('finish', () => {
      const first = /^\/([a-z]+)/.exec(originalUrl)?.[1] ?? '';
      const part = known.has(first) ? first : 'other';
      const key = `${method} ${part} ${response.statusCode}`;
      const child = children.get(key) ?? duration.labels(method, part, String(response.statusCode));
      children.set(key, child);
      child.observe((performance.now() - started) / 1000);
    });
    next();
  };
}
