/** The HTTP application: what every request passes, in order, and where each part is mounted. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import express, { type Express, type Request, type RequestHandler, type Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { collectDefaultMetrics, Histogram, type Registry } from 'prom-client';
import type { Definitions } from './definitions/index.ts';
import { SiltaError } from './outcome.ts';
import { httpLogOptions, renderError, requestId } from './rest/index.ts';

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
  app.use(requestId(randomUUID));
  app.use(helmet({ contentSecurityPolicy: { directives: contentPolicy(parts.sandbox) } }));
  mountOperation(app, parts);
  app.use(pinoHttp({ ...httpLogOptions(), logger: parts.logger }));
  app.use(measure(parts.registry));
  app.use(limitRate(parts.requestsPerMinute));
  app.use(parts.identity);
  app.use('/fhir', parts.fhir);
  app.use('/inbound', parts.inbound);
  app.use('/admin/deliveries', parts.admin);
  app.use(parts.web);
  app.use((_request, _response, next) =>
    next(new SiltaError('not-found', 'There is nothing at this address.')),
  );
  app.use(renderError({ logger: parts.logger, definitions: parts.definitions }));
  return app;
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
    standardHeaders: 'draft-8',
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
  return (request, response, next) => {
    const first = request.path.split('/', 2)[1] ?? '';
    const stop = duration.startTimer({ method: request.method, part: known.has(first) ? first : 'other' });
    response.once('finish', () => stop({ status: String(response.statusCode) }));
    next();
  };
}
