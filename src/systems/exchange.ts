/** One HTTP request and its answer: bounded in time and size, redirects refused. */
import { passing, permanent, SendFailure } from './send-failure.ts';

export interface ExchangeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends one request and reads the whole answer, whatever its status.
 *
 * @throws SendFailure retryable when the system could not be reached or did not answer in time (the outcome is
 * then unknown); permanent when it redirects or its answer is larger than the limit
 */
export async function exchange(request: ExchangeRequest, limits: ExchangeLimits): Promise<Answer> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(limits.timeoutMs)]);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      redirect: 'manual',
      signal,
      ...(request.body !== undefined && { body: request.body }),
    });
    if (response.status >= 300 && response.status < 400 && response.status !== 304) {
      await response.body?.cancel();
      throw permanent(
        'processing',
        `The system answered ${request.method} with a redirect (${response.status}), which is not followed: set the address it really has.`,
        response.status,
      );
    }
    const body = await readBounded(response, limits.maxResponseBytes);
    return { status: response.status, headers: response.headers, body };
  } catch (error) {
    throw asFailure(error, request, limits);
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw permanent('too-long', `The system's answer is larger than ${maxBytes} bytes.`, response.status);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The system error code of a failed connection, e.g. `ECONNREFUSED`; undici hides it in the cause. */
function connectionCode(error: unknown): string {
  const code = (error as { cause?: { code?: unknown } } | undefined)?.cause?.code;
  return typeof code === 'string' ? code : 'no answer';
}

function asFailure(error: unknown, request: ExchangeRequest, limits: ExchangeLimits): SendFailure {
  if (error instanceof SendFailure) return error;
  if (request.signal.aborted) return passing('timeout', 'The attempt was ended before the answer.', error);
  if ((error as { name?: unknown } | undefined)?.name === 'TimeoutError') {
    return passing('timeout', `The system did not answer within ${limits.timeoutMs} ms.`, error);
  }
  return passing('transient', `The system could not be reached (${connectionCode(error)}).`, error);
}
