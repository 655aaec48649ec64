/** `POST /inbound/{system}/{message}`. Errors go to the application's one error handler. */
import express, { type ErrorRequestHandler, type Request, Router } from 'express';
import { SiltaError } from '../../outcome.ts';
import type { Inbound, SystemDefinition } from '../../systems/index.ts';
import { authenticateSender } from './authenticate-sender.ts';
import {
  findInboundDefinition,
  type InboundDependencies,
  requireInboundDefinition,
  takeIn,
} from './take-in.ts';

export interface ReceiveDependencies extends InboundDependencies {
  /** The secret agreed with a system for a message; undefined lets nobody in. */
  readonly inboundSecret: (system: SystemDefinition, inbound: Inbound) => string | undefined;
  /** Largest message in bytes. */
  readonly mostBytes: number;
}

/** The routes below `/inbound`: the sender is known before its body is read. */
export function createInboundRouter(context: ReceiveDependencies): Router {
  const router = Router();
  const readBody = express.raw({ type: () => true, limit: context.mostBytes });
  const find = (request: Request) =>
    findInboundDefinition(
      context.systems(),
      String(request.params['system']),
      String(request.params['message']),
    );
  router.post(
    '/:system/:message',
    (request, _response, next) => {
      const known = find(request);
      // Which systems and messages there are is told to nobody who has no secret of theirs.
      const secret = known && context.inboundSecret(known.system, known.inbound);
      authenticateSender(known?.inbound, request.get('authorization'), secret);
      next();
    },
    readBody,
    async (request, response) => {
      const raw: unknown = request.body;
      const { system, inbound } = requireInboundDefinition(find(request));
      if (!Buffer.isBuffer(raw)) throw new SiltaError('invalid-json', 'The message has no content.');
      const answer = await takeIn(context, { system, inbound, raw });
      response.status(200).type('application/fhir+json').send(JSON.stringify(answer));
    },
  );
  router.use(explainUnreadable);
  return router;
}

/** What the body reader refuses, in our own words. */
const explainUnreadable: ErrorRequestHandler = (error: { type?: unknown }, _request, _response, next) => {
  if (error.type === 'entity.too.large') next(new SiltaError('too-large', 'The message is too large.'));
  else if (error.type === 'encoding.unsupported') {
    next(new SiltaError('unsupported-media-type', 'The content encoding is not supported.'));
  } else if (typeof error.type === 'string' && !(error instanceof SiltaError)) {
    next(new SiltaError('invalid-request', 'The message could not be read.', { cause: error }));
  } else next(error);
};
