/** `/admin/deliveries`: what {@link Operations} offers, over HTTP. Errors go to the application's one error handler. */
import { type Request, Router } from 'express';
import type { OperationOutcome } from 'fhir/r4';
import { z } from 'zod';
import { SiltaError } from '../outcome.ts';
import type { Operations } from './operations.ts';

const FILTER = z.strictObject({
  state: z.enum(['waiting', 'sending', 'sent', 'dead', 'paused']).optional(),
  system: z.string().min(1).max(100).optional(),
  resource: z
    .string()
    .regex(/^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
  before: z.coerce.number().int().min(1).optional(),
});
const SYSTEM = z.strictObject({ system: z.string().min(1).max(100) });
const REACTIONS = z.strictObject({ state: z.enum(['waiting', 'dead']).default('dead') });
const INBOUND = z.strictObject({ state: z.enum(['done', 'dead']).default('dead') });

/**
 * @param authorize refuses (throws a SiltaError) who may not look after deliveries
 * @param replay takes in a dead inbound message again
 */
export function createAdminRouter(
  operations: Operations,
  authorize: (request: Request) => Promise<void>,
  replay: (id: string) => Promise<OperationOutcome>,
): Router {
  const router = Router();
  router.use(async (request, _response, next) => {
    await authorize(request);
    next();
  });
  router.get('/', async (request, response) => {
    const { deliveries, next } = await operations.listDeliveries(parseQuery(FILTER, request));
    const link = next === undefined ? undefined : nextPage(request, next);
    response.json({ deliveries, ...(link !== undefined && { next: link }) });
  });
  router.get('/stats', async (_request, response) => {
    response.json(await operations.stats());
  });
  router.get('/reactions', async (request, response) => {
    response.json({ reactions: await operations.listFailedReactions(parseQuery(REACTIONS, request).state) });
  });
  router.post('/reactions/:change/:reaction/retry', async (request, response) => {
    await operations.retryReaction(Number(request.params.change), request.params.reaction);
    response.status(202).json({ retried: 1 });
  });
  router.get('/inbound', async (request, response) => {
    response.json({ messages: await operations.listInbound(parseQuery(INBOUND, request).state) });
  });
  router.post('/inbound/:id/replay', async (request, response) => {
    response.type('application/fhir+json').send(JSON.stringify(await replay(request.params.id)));
  });
  router.post('/retry', async (request, response) => {
    const { system } = parseQuery(SYSTEM, request);
    response.status(202).json({ retried: await operations.retrySystem(system) });
  });
  router.get('/:id', async (request, response) => {
    response.json(await operations.showDelivery(request.params.id));
  });
  router.post('/:id/retry', async (request, response) => {
    await operations.retryDelivery(request.params.id);
    response.status(202).json({ retried: 1 });
  });
  return router;
}

function parseQuery<T extends object>(schema: z.ZodType<T>, request: Request): T {
  const parsed = schema.safeParse(request.query);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.code === 'unrecognized_keys' ? issue.keys[0] : String(issue?.path[0]);
  throw new SiltaError('invalid-parameter', `The parameter '${name}' is unknown or has a wrong value.`, {
    ...(name !== undefined && { expression: [name] }),
  });
}

function nextPage(request: Request, before: number): string {
  const query = new URLSearchParams(request.query as Record<string, string>);
  query.set('before', String(before));
  return `?${query}`;
}
