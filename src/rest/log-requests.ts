import type { RequestHandler } from 'express';
import { maskHetu } from './mask-hetu.ts';
import { requestIdOf } from './request-id.ts';
import type { Logger } from './types.ts';

/**
 * Logs each request once it is over, and keeps personal data and secrets out of the log: no query string, no body, no
 * headers; of a request its id, method and path, of a response its status. Use after {@link requestId}.
 */
export function logRequests(logger: Pick<Logger, 'info' | 'error'>): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    response.once('close', () => {
      const { method } = request;
      const details = {
        req: { id: requestIdOf(response), method, path: pathOf(request.originalUrl) },
        res: { statusCode: response.statusCode },
        responseTime: Math.round(performance.now() - started),
      };
      const told = response.writableFinished ? String(response.statusCode) : 'aborted by the caller';
      // A refusal is the caller's affair: the audit has it, and it is no warning to who runs the gateway.
      if (response.statusCode >= 500) logger.error(details, `${method} ${told}`);
      else logger.info(details, `${method} ${told}`);
    });
    next();
  };
}

function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  try {
    return maskHetu(decodeURIComponent(path));
  } catch {
    return '[not decodable]';
  }
}
