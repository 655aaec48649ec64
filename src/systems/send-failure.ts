/** How a failed exchange with a connected system becomes the result of a send. */
import type { Issue } from '../outcome.ts';
import { maskPrivate } from './mask-private.ts';
import { readRetryAfter } from './retry-after.ts';
import type { SendResult } from './types.ts';

export type FailedSend = Extract<SendResult, { ok: false }>;

/** Thrown inside a transport, turned into the result of the send by {@link settle}; never leaves the room. */
export class SendFailure extends Error {
  override readonly name = 'SendFailure';
  readonly result: FailedSend;
  /** HTTP status the system answered with, when it answered. */
  readonly status: number | undefined;

  constructor(result: FailedSend, status?: number, cause?: unknown) {
    super(result.issue.diagnostics, cause === undefined ? undefined : { cause });
    this.result = result;
    this.status = status;
  }
}

/** A failure that no repetition mends. */
export function permanent(code: Issue['code'], diagnostics: string, status?: number): SendFailure {
  return new SendFailure(
    { ok: false, retryable: false, issue: { severity: 'error', code, diagnostics } },
    status,
  );
}

/** A failure that may pass by itself. */
export function passing(code: Issue['code'], diagnostics: string, cause?: unknown): SendFailure {
  return new SendFailure(
    { ok: false, retryable: true, issue: { severity: 'error', code, diagnostics } },
    undefined,
    cause,
  );
}

/** Runs a transport's work; what it threw as a {@link SendFailure} becomes the result, anything else is a defect. */
export async function settle(work: () => Promise<SendResult>): Promise<SendResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SendFailure) return error.result;
    throw error;
  }
}

/** What is known of an answer that was not a success. */
export interface RefusedAnswer {
  readonly method: string;
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** Statuses after which the same request may succeed later; 425 is RFC 8470's Too Early. */
const PASSING = new Set([408, 425, 429]);
const SHOWN_CHARACTERS = 500;

const ISSUE_CODES: Readonly<Record<number, Issue['code']>> = {
  401: 'security',
  403: 'forbidden',
  404: 'not-found',
  408: 'timeout',
  409: 'conflict',
  412: 'conflict',
  413: 'too-long',
  429: 'throttled',
};

/**
 * Judges an answer that was not a success.
 *
 * @param answer status, Retry-After header and body as received
 * @param secrets values that must not show up in the diagnostics
 * @param now against which a Retry-After date is counted
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15
 */
export function refusal(answer: RefusedAnswer, secrets: readonly string[], now: Date): SendFailure {
  const { status } = answer;
  const retryable = status >= 500 || PASSING.has(status);
  const retryAfterMs = retryable ? readRetryAfter(answer.retryAfter, now) : undefined;
  const body = maskPrivate(answer.body, secrets).trim().slice(0, SHOWN_CHARACTERS);
  const diagnostics = `The system answered ${answer.method} with ${status}${body ? `: ${body}` : ' and no body'}.`;
  const code = ISSUE_CODES[status] ?? (retryable ? 'transient' : 'processing');
  return new SendFailure(
    {
      ok: false,
      retryable,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      issue: { severity: 'error', code, diagnostics },
    },
    status,
  );
}
