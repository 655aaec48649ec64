import type { MatchQuery, StoredVersion } from '../../store/index.ts';
import type { HookSubscription } from '../../subscription.ts';

/** What is known of those who are notified. Permissions are those of the moment they are asked for. */
export interface Subscribers {
  /** A subscription's criteria as the search its client may do now; undefined when it may not. */
  searchOf(subscription: HookSubscription): MatchQuery | undefined;
  /** Whether the client may see this version now. */
  maySee(subscription: HookSubscription, version: StoredVersion): boolean;
  /** The value of a header; undefined when it was not sealed for this client. */
  openHeader(subscription: HookSubscription, sealed: string): string | undefined;
  /** A resource, given as JSON text, in XML. */
  writeXml(json: string): string;
  /** Address of the FHIR base without a trailing slash. */
  readonly baseUrl: string;
  /** Whether endpoints may be http and at private addresses. */
  readonly allowPrivate: boolean;
}
