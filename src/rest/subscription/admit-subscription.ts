// https://hl7.org/fhir/R4/subscription.html

import { SiltaError } from '../../outcome.ts';
import type { Principal } from '../../principal.ts';
import { addressIn, isPrivateAddress } from '../../private-address.ts';
import type { Resource } from '../../resource.ts';
import type { Seal } from '../../sealed-text.ts';
import { type HookSubscription, readSubscription, withSubscriber } from '../../subscription.ts';
import { authorizeCriteria } from '../authorize-criteria.ts';
import { maskHetu } from '../mask-hetu.ts';
import { parseParameters } from '../parse-parameters.ts';
import { isStoredType } from '../stored-type.ts';
import type { Session } from '../types.ts';

/** What the API needs to know of those who are notified. */
export interface SubscriptionRules {
  /** Subscriptions of one client at most. */
  readonly perClient: number;
  /** Whether endpoints may be http and at private addresses: for development, and for receivers in one's own network. */
  readonly allowPrivate: boolean;
  readonly count: (clientId: string) => Promise<number>;
  readonly seal: Seal;
}

/** Search parameters that shape an answer instead of choosing resources. */
const RESULT_PARAMETERS = /^_(count|sort|total|include|revinclude|summary|elements|page|format|pretty)\b/;
/** Headers that the gateway or the connection sets. */
const OWN_HEADERS =
  /^(host|content-length|content-type|transfer-encoding|connection|upgrade|te|trailer|expect|keep-alive|proxy-.*|idempotency-key)$/i;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):[ \t]*([\x20-\x7e]{1,4000})$/;

/**
 * A Subscription as its client may have it: judged as a search of theirs, secrets sealed, and marked as theirs.
 * @throws SiltaError `forbidden`, `invalid-resource`, `invalid-parameter`, `too-many-requests`
 */
export async function admitSubscription(
  session: Session,
  resource: Resource,
  current: Resource | undefined,
): Promise<Resource> {
  const { principal, rest } = session;
  const { kind, clientId, patientId } = principal;
  if (kind !== 'system' || patientId !== undefined || clientId === undefined) {
    throw new SiltaError('forbidden', 'A Subscription is for a backend service with system/ scopes.');
  }
  const hook = readSubscription(resource);
  if (hook.status !== 'requested' && hook.status !== 'off') {
    throw refuse('status', "A client asks for a Subscription with 'requested' and ends it with 'off'.");
  }
  await requireOwn(session, clientId, current);
  requireEndpoint(hook.endpoint, rest.subscriptions.allowPrivate);
  await requireCriteria(session, hook);
  const header = hook.headers.map((each, index) =>
    sealHeader(rest.subscriptions.seal, clientId, each, index),
  );
  const { error: _error, ...own } = resource;
  const channel = { ...(own['channel'] as object), ...(header.length > 0 && { header }) };
  return withSubscriber({ ...own, channel } as Resource, clientId, formatScopes(principal));
}

async function requireOwn({ rest }: Session, clientId: string, current: Resource | undefined): Promise<void> {
  if (current) {
    if (readSubscription(current).clientId === clientId) return;
    throw new SiltaError('forbidden', 'A Subscription is changed by the client that made it.');
  }
  const { perClient, count } = rest.subscriptions;
  if ((await count(clientId)) < perClient) return;
  throw new SiltaError('too-many-requests', `A client has ${perClient} subscriptions at most.`);
}

/** Literal addresses are judged here; where a name leads, is judged at each notification. */
function requireEndpoint(endpoint: string, allowPrivate: boolean): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isWeb = url?.protocol === 'https:' || (allowPrivate && url?.protocol === 'http:');
  if (!url || !isWeb) throw refuse('channel.endpoint', 'The endpoint must be an https address.');
  if (url.username || url.password || url.hash || url.search) {
    throw refuse(
      'channel.endpoint',
      'An endpoint has no credentials, query or fragment; secrets go into a header.',
    );
  }
  if (maskHetu(endpoint) !== endpoint)
    throw refuse('channel.endpoint', 'An endpoint holds no personal identity code.');
  const address = addressIn(url);
  if (
    !allowPrivate &&
    (url.hostname === 'localhost' || (address !== undefined && isPrivateAddress(address)))
  ) {
    throw refuse('channel.endpoint', 'The endpoint must not be at a private address.');
  }
}

/** The criteria are tried as the search they are. */
async function requireCriteria(session: Session, { type, query }: HookSubscription): Promise<void> {
  const { rest, principal, reader } = session;
  if (!isStoredType(rest.definitions.resourceTypes, type) || type === 'Subscription') {
    throw refuse('criteria', 'The criteria must name a resource type that this server keeps and tells of.');
  }
  rest.access.authorize(principal, 'search', type);
  rest.access.authorize(principal, 'read', type);
  const parameters = parseParameters(query);
  if (parameters.some(([name]) => RESULT_PARAMETERS.test(name))) {
    throw refuse('criteria', 'Parameters that shape the answer of a search have no place in criteria.');
  }
  authorizeCriteria(session, type, parameters);
  await reader.search({
    type,
    parameters: [...parameters, ['_count', '1']],
    visibility: rest.access.visibility(principal),
  });
}

function sealHeader(seal: Seal, clientId: string, header: string, index: number): string {
  const [, name = '', value = ''] = HEADER.exec(header) ?? [];
  if (name === '' || OWN_HEADERS.test(name)) {
    throw refuse(
      `channel.header[${index}]`,
      "A header is 'Name: value', and none that the gateway itself sets.",
    );
  }
  const sealed = seal.seal(clientId, value.trim());
  if (sealed !== undefined) return `${name}: ${sealed}`;
  throw refuse(
    `channel.header[${index}]`,
    'The value of this header is sealed for somebody else: give it anew.',
  );
}

function formatScopes({ scopes }: Principal): string {
  const format = ({ level, resource, permissions }: Principal['scopes'][number]) =>
    `${level}/${resource}.${['c', 'r', 'u', 'd', 's'].filter((each) => permissions.has(each as 'c')).join('')}`;
  return scopes.map(format).join(' ');
}

function refuse(element: string, message: string): SiltaError {
  return new SiltaError('invalid-resource', message, { expression: [`Subscription.${element}`] });
}
