import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Options } from 'pino-http';

/** A UUID, which may have such characters in it and is kept; or eleven of the form of a personal identity code, valid or not. */
const HETU_LIKE =
  /([0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12})|\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]/gi;

/** Takes what looks like a personal identity code out of a text that goes to a log or the audit. */
export function maskHetu(text: string): string {
  return text.replace(HETU_LIKE, (_, uuid?: string) => uuid ?? '[removed]');
}

/**
 * Options for `pino-http` that keep personal data and secrets out of the log: no query string, no body, no
 * headers; of a request its id, method and path, of a response its status. Use after {@link requestId}.
 */
export function httpLogOptions(): Options {
  return {
    genReqId: (_request, response) => {
      const { locals } = response as ServerResponse & { locals?: Record<string, unknown> };
      return String(locals?.['requestId'] ?? response.getHeader('X-Request-Id') ?? '');
    },
    quietReqLogger: true,
    customLogLevel: (_request, response, error) =>
      // A refusal is the caller's affair: the audit has it, and it is no warning to who runs the gateway.
      error || response.statusCode >= 500 ? 'error' : 'info',
    serializers: {
      req: (request: { id: unknown; method: string; url: string }) => ({
        id: request.id,
        method: request.method,
        path: pathOf(request.url),
      }),
      res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
      err: (error: Error) => ({ type: error.name }),
    },
    customSuccessMessage: (request: IncomingMessage, response: ServerResponse) =>
      `${request.method} ${response.statusCode}`,
    customErrorMessage: (request: IncomingMessage, response: ServerResponse) =>
      `${request.method} ${response.statusCode}`,
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
