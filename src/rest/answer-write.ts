import { type Issue, toOperationOutcome } from '../outcome.ts';
import type { StoredVersion } from '../store/index.ts';
import { versionUrl } from './represent.ts';
import type { FhirRequest, FhirResponse, RestOptions } from './types.ts';
import { describeVersion } from './version-headers.ts';

const ALL_WELL: Issue = {
  severity: 'information',
  code: 'informational',
  diagnostics: 'Stored.',
};

/**
 * The answer to a committed write, its body as `Prefer: return=` asks.
 * @see https://hl7.org/fhir/R4/http.html#ops
 */
export function answerWrite(
  rest: RestOptions,
  request: FhirRequest,
  stored: StoredVersion,
  options: { readonly status: number; readonly warnings?: readonly Issue[] },
): FhirResponse {
  const body = bodyOf(request, stored, options.warnings ?? []);
  return {
    status: options.status,
    ...describeVersion(stored),
    ...(options.status !== 204 && { location: versionUrl(rest, stored) }),
    ...(body !== undefined && options.status !== 204 && { body }),
  };
}

function bodyOf(request: FhirRequest, stored: StoredVersion, warnings: readonly Issue[]): string | undefined {
  if (request.preferReturn === 'minimal') return undefined;
  if (request.preferReturn === 'OperationOutcome') {
    return JSON.stringify(toOperationOutcome(warnings.length > 0 ? warnings : [ALL_WELL]));
  }
  return stored.content ?? undefined;
}
