/**
 * The closed set of errors of the gateway and their form as a FHIR OperationOutcome.
 *
 * Every room throws {@link SiltaError}; the HTTP edge turns it into a response exactly once.
 * @see https://hl7.org/fhir/R4/operationoutcome.html
 */
import type { OperationOutcome, OperationOutcomeIssue } from 'fhir/r4';

/** Stable error codes, each with its HTTP status and its FHIR issue type. */
const KINDS = {
  'invalid-json': { status: 400, issue: 'structure' },
  'invalid-xml': { status: 400, issue: 'structure' },
  'invalid-parameter': { status: 400, issue: 'invalid' },
  'invalid-request': { status: 400, issue: 'invalid' },
  unauthenticated: { status: 401, issue: 'login' },
  'token-expired': { status: 401, issue: 'expired' },
  forbidden: { status: 403, issue: 'forbidden' },
  'not-found': { status: 404, issue: 'not-found' },
  'code-invalid': { status: 404, issue: 'code-invalid' },
  'not-supported': { status: 404, issue: 'not-supported' },
  'method-not-allowed': { status: 405, issue: 'not-supported' },
  'not-acceptable': { status: 406, issue: 'not-supported' },
  conflict: { status: 409, issue: 'conflict' },
  gone: { status: 410, issue: 'deleted' },
  'precondition-failed': { status: 412, issue: 'conflict' },
  'multiple-matches': { status: 412, issue: 'multiple-matches' },
  'too-large': { status: 413, issue: 'too-long' },
  'unsupported-media-type': { status: 415, issue: 'not-supported' },
  'invalid-resource': { status: 422, issue: 'invalid' },
  'unsupported-content': { status: 422, issue: 'not-supported' },
  'too-costly': { status: 422, issue: 'too-costly' },
  'too-many-requests': { status: 429, issue: 'throttled' },
  internal: { status: 500, issue: 'exception' },
  unavailable: { status: 503, issue: 'transient' },
} as const satisfies Record<string, { status: number; issue: OperationOutcomeIssue['code'] }>;

export type ErrorCode = keyof typeof KINDS;

/** One finding: what is wrong, where (FHIRPath of the element), and how bad it is. */
export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  readonly code: OperationOutcomeIssue['code'];
  readonly diagnostics: string;
  readonly expression?: readonly string[];
  /** A stable machine-readable code of ours or of a specification, e.g. an invariant's key. */
  readonly key?: string;
}

/**
 * The only error a room throws on purpose. `message` is shown to callers, so it never holds personal data,
 * secrets or SQL; the original failure goes into `cause`, which is logged and not shown.
 */
export class SiltaError extends Error {
  override readonly name = 'SiltaError';
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  /** Seconds after which the caller may try again; becomes the Retry-After header. */
  readonly retryAfter?: number;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly expression?: readonly string[];
      readonly issues?: readonly Issue[];
      readonly key?: string;
      readonly retryAfter?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [
      {
        severity: 'error',
        code: KINDS[code].issue,
        diagnostics: message,
        ...(options.expression && { expression: options.expression }),
        ...(options.key && { key: options.key }),
      },
    ];
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }

  /** The HTTP status this error is answered with. */
  get status(): number {
    return KINDS[this.code].status;
  }
}

/** System of the stable codes that `OperationOutcome.issue.details.coding` carries. */
const ISSUE_SYSTEM = 'https://silta.example/fhir/CodeSystem/issue';

/** Findings that one outcome shows: enough to mend a resource, too few to make a large answer out of a small request. */
const MOST_SHOWN = 200;

/** Renders findings as an OperationOutcome resource; beyond 200 only their number is told. */
export function toOperationOutcome(issues: readonly Issue[]): OperationOutcome {
  const more = issues.length - MOST_SHOWN;
  const shown: readonly Issue[] =
    more > 0
      ? [
          ...issues.slice(0, MOST_SHOWN),
          {
            severity: 'information',
            code: 'informational',
            diagnostics: `${more} further findings are not shown.`,
          },
        ]
      : issues;
  return {
    resourceType: 'OperationOutcome',
    issue: shown.map((issue) => ({
      severity: issue.severity,
      code: issue.code,
      diagnostics: issue.diagnostics,
      ...(issue.key && { details: { coding: [{ system: ISSUE_SYSTEM, code: issue.key }] } }),
      ...(issue.expression && { expression: [...issue.expression] }),
    })),
  };
}

/** Turns anything thrown into a SiltaError; what is not one of ours becomes `internal` without details. */
export function asSiltaError(error: unknown): SiltaError {
  if (error instanceof SiltaError) return error;
  return new SiltaError('internal', 'The gateway failed to handle the request. The failure is logged.', {
    cause: error,
  });
}
