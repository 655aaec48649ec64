/**
 * The one place where errors become HTTP.
 * @see https://hl7.org/fhir/R4/http.html#summary
 * @see https://hl7.org/fhir/R4/operationoutcome.html
 */
import type { ErrorRequestHandler, Request } from 'express';
import type { Definitions } from '../definitions/index.ts';
import { asSiltaError, type ErrorCode, SiltaError, toOperationOutcome } from '../outcome.ts';
import { maskHetu } from './mask-hetu.ts';
import { guessFormat } from './negotiate-format.ts';
import { type Parameters, parseParameters } from './parse-parameters.ts';
import { requestIdOf } from './request-id.ts';
import type { Logger } from './types.ts';
import { type AnswerForm, createBodyWriter, type WriteBody } from './write-body.ts';

/** Errors of Express and body-parser by HTTP status. */
const OUTSIDE: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  400: ['invalid-request', 'The request cannot be read.'],
  404: ['not-found', 'There is nothing at this address.'],
  413: ['too-large', 'The body is larger than this server accepts.'],
  415: ['unsupported-media-type', 'The encoding of the body is not supported.'],
};

/**
 * Error middleware for the whole application: a {@link SiltaError} as its OperationOutcome, what Express refuses
 * (too large a body, a wrong URL) likewise, and anything else as 500, logged with the request's id and shown
 * without details.
 *
 * @param options.definitions by which the FHIR API answers in XML who asks for it; without them it is JSON
 */
export function renderError(options: {
  readonly logger: Logger;
  readonly definitions?: Definitions;
}): ErrorRequestHandler {
  const write = options.definitions && createBodyWriter(options.definitions);
  return (thrown: unknown, request, response, next) => {
    const error = toSiltaError(thrown);
    const requestId = requestIdOf(response);
    if (error.status >= 500) {
      options.logger.error(
        { requestId, code: error.code, failure: describeFailure(error.cause ?? error) },
        'request failed',
      );
    }
    if (response.headersSent) return next(error);
    response.status(error.status);
    if (error.status === 401) response.setHeader('WWW-Authenticate', challengeOf(error));
    if (error.retryAfter !== undefined)
      response.setHeader('Retry-After', String(Math.ceil(error.retryAfter)));
    response.setHeader('Cache-Control', 'no-store');
    const outcome = JSON.stringify(toOperationOutcome(error.issues));
    const form: AnswerForm =
      write && isFhir(request) ? guessForm(request) : { format: 'json', pretty: false };
    const { contentType, text } = (write ?? asJson)(outcome, form);
    response.setHeader('Content-Type', contentType);
    response.end(text);
  };
}

const asJson: WriteBody = (text) => ({ contentType: 'application/fhir+json; charset=utf-8', text });

const isFhir = ({ originalUrl }: Request): boolean => /^\/fhir(?:[/?]|$)/.test(originalUrl);

/** The form the caller can read, as far as a request that is refused tells. */
function guessForm(http: Request): AnswerForm {
  const parameters = readQuery(http);
  const format = guessFormat({
    accept: http.get('accept'),
    contentType: http.get('content-type'),
    parameters,
  });
  return { format, pretty: parameters.some(([name, value]) => name === '_pretty' && value === 'true') };
}

function readQuery({ originalUrl }: Request): Parameters {
  try {
    return parseParameters(originalUrl.split('?')[1] ?? '');
  } catch {
    return [];
  }
}

/** Any error as one of ours; body-parser and Express mark what the caller caused with a 4xx status. */
export function toSiltaError(thrown: unknown): SiltaError {
  if (thrown instanceof SiltaError) return thrown;
  const { status } = (thrown ?? {}) as { status?: unknown };
  const known = typeof status === 'number' ? OUTSIDE[status] : undefined;
  return known ? new SiltaError(known[0], known[1], { cause: thrown }) : asSiltaError(thrown);
}

/**
 * What the log may know of a failure. Messages of a database or a parser quote the data they failed on, so only
 * those of programming errors are kept; the stack frames say where.
 */
function describeFailure(failure: unknown): object {
  if (!(failure instanceof Error)) return { type: typeof failure };
  const speaks = [TypeError, RangeError, ReferenceError, SiltaError].some((kind) => failure instanceof kind);
  const { code } = failure as { code?: unknown };
  return {
    type: failure.name,
    ...(typeof code === 'string' && { code }),
    ...(speaks && { message: maskHetu(failure.message) }),
    frames: (failure.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')),
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc6750#section-3 */
function challengeOf(error: SiltaError): string {
  return error.code === 'token-expired'
    ? 'Bearer realm="fhir", error="invalid_token", error_description="The access token expired"'
    : 'Bearer realm="fhir"';
}
