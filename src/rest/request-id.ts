import type { RequestHandler, Response } from 'express';
import { maskHetu } from './mask-hetu.ts';

const SANE = /^[A-Za-z0-9._-]{8,64}$/;

/**
 * Gives every request an id, the caller's own (`X-Request-Id`) when it is a plain token of 8 to 64 characters and holds
 * nothing like a personal identity code;
 * it is answered in the same header, logged, and stored with what the request wrote.
 */
export function requestId(uuid: () => string): RequestHandler {
  return (request, response, next) => {
    const given = request.get('x-request-id');
    const id = given !== undefined && SANE.test(given) && maskHetu(given) === given ? given : uuid();
    response.locals['requestId'] = id;
    response.setHeader('X-Request-Id', id);
    next();
  };
}

/** The id that {@link requestId} gave; that middleware goes before everything else. */
export function requestIdOf(response: Response): string {
  const id: unknown = response.locals['requestId'];
  if (typeof id !== 'string') throw new TypeError('requestId() must run before this handler');
  return id;
}
