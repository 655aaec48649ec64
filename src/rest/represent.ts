import { SiltaError } from '../outcome.ts';
import type { StoredVersion } from '../store/index.ts';
import type { FhirRequest, FhirResponse, RestOptions } from './types.ts';
import { describeVersion, isUnchanged } from './version-headers.ts';

/** `Task/123`. */
export function referenceOf(stored: Pick<StoredVersion, 'type' | 'id'>): string {
  return `${stored.type}/${stored.id}`;
}

/** Address of one version. */
export function versionUrl(rest: RestOptions, stored: StoredVersion): string {
  return `${rest.baseUrl}/${referenceOf(stored)}/_history/${stored.versionId}`;
}

/**
 * Shows one version, as the text that was stored; 304 when the caller has it.
 * @throws SiltaError `gone` for a deletion
 */
export function showVersion(request: FhirRequest, stored: StoredVersion, action: string): FhirResponse {
  if (stored.content === null) {
    throw new SiltaError('gone', `This ${stored.type} was deleted.`);
  }
  const shown = { action, entities: [referenceOf(stored)] };
  if (isUnchanged(request, stored)) return { status: 304, ...describeVersion(stored), shown };
  return { status: 200, body: stored.content, ...describeVersion(stored), shown };
}
