/**
 * ETag and its conditions: weak, the version id in quotes.
 * @see https://hl7.org/fhir/R4/http.html#versions
 */
import { SiltaError } from '../outcome.ts';
import type { StoredVersion } from '../store/index.ts';
import type { FhirRequest, FhirResponse } from './types.ts';

/** Headers that describe one version. */
export function describeVersion(stored: StoredVersion): Pick<FhirResponse, 'etag' | 'lastModified'> {
  return { etag: etagOf(stored.versionId), lastModified: stored.lastUpdated };
}

export function etagOf(versionId: number): string {
  return `W/"${versionId}"`;
}

/**
 * The version of an If-Match header.
 * @throws SiltaError `invalid-request` when it is not one ETag of ours
 */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const match = /^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(header);
  if (match) return Number(match[1]);
  throw new SiltaError('invalid-request', 'If-Match must hold one version, such as W/"3".');
}

/** Key of the issue that says so: unlike a race, trying again cannot help. */
export const SEEN_ANOTHER = 'seen-another-version';

/** @throws SiltaError `precondition-failed` when the caller saw another version */
export function requireVersion(stored: StoredVersion, ifMatch: number | undefined): void {
  if (ifMatch === undefined || ifMatch === stored.versionId) return;
  throw new SiltaError(
    'precondition-failed',
    `The current version is ${etagOf(stored.versionId)}; read it and try again.`,
    { key: SEEN_ANOTHER },
  );
}

/** Whether the caller has this version already. @see https://hl7.org/fhir/R4/http.html#cread */
export function isUnchanged(request: FhirRequest, stored: StoredVersion): boolean {
  if (request.ifNoneMatch !== undefined) {
    const tags = request.ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(`"${stored.versionId}"`);
  }
  const since = Date.parse(request.ifModifiedSince ?? '');
  // HTTP dates hold whole seconds.
  return !Number.isNaN(since) && Math.floor(Date.parse(stored.lastUpdated) / 1000) * 1000 <= since;
}
