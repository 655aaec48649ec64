/**
 * A Subscription resource as the gateway serves it: a rest-hook, with criteria that are a search. Pure.
 * @see https://hl7.org/fhir/R4/subscription.html
 * @see https://hl7.org/fhir/uv/subscriptions-backport/
 */
import { SiltaError } from './outcome.ts';
import { CANONICAL_ROOT, type Resource } from './resource.ts';

export interface HookSubscription {
  readonly id: string;
  readonly status: string;
  /** Type and query of the criteria; the query is percent-encoded. */
  readonly type: string;
  readonly query: string;
  readonly endpoint: string;
  /** Media type of what is sent; absent: nothing is. */
  readonly payload?: 'application/fhir+json' | 'application/fhir+xml';
  /** How much a notification Bundle holds; absent: no Bundle but the resource, or nothing. */
  readonly content?: 'empty' | 'id-only' | 'full-resource';
  readonly headers: readonly string[];
  /** ISO instant. */
  readonly end?: string;
  /** Whose it is and with which scopes; set by the gateway. */
  readonly clientId?: string;
  readonly scope: string;
}

export const SUBSCRIBER = `${CANONICAL_ROOT}/StructureDefinition/subscriber`;
export const PAYLOAD_CONTENT =
  'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content';

const PAYLOADS: Readonly<Record<string, HookSubscription['payload']>> = {
  'application/fhir+json': 'application/fhir+json',
  'application/json': 'application/fhir+json',
  'application/fhir+xml': 'application/fhir+xml',
  'application/xml': 'application/fhir+xml',
};
const CONTENTS = ['empty', 'id-only', 'full-resource'] as const;

interface Extension {
  readonly url?: string;
  readonly valueString?: string;
  readonly valueCode?: string;
  readonly extension?: readonly Extension[];
}
interface Channel {
  readonly type?: string;
  readonly endpoint?: string;
  readonly payload?: string;
  readonly _payload?: { readonly extension?: readonly Extension[] };
  readonly header?: readonly string[];
}

/** @throws SiltaError `invalid-resource` naming the element that cannot be served */
export function readSubscription(resource: Resource): HookSubscription {
  const channel = (resource['channel'] ?? {}) as Channel;
  if (channel.type !== 'rest-hook') throw refuse('channel.type', "Only 'rest-hook' is served.");
  if (!channel.endpoint) throw refuse('channel.endpoint', 'A rest-hook needs an endpoint.');
  const [, type, query = ''] =
    /^([A-Z][A-Za-z]*)(?:\?(.*))?$/s.exec(String(resource['criteria'] ?? '')) ?? [];
  if (!type) throw refuse('criteria', "The criteria must be a search such as 'Task?status=requested'.");
  const content = readContent(channel);
  const payload = readPayload(channel, content);
  const subscriber = extensionsOf(resource).find(({ url }) => url === SUBSCRIBER)?.extension ?? [];
  const ofSubscriber = (name: string) => subscriber.find(({ url }) => url === name)?.valueString;
  const [clientId, end] = [ofSubscriber('client'), resource['end']];
  return {
    id: resource.id ?? '',
    status: String(resource['status']),
    type,
    query,
    endpoint: channel.endpoint,
    headers: channel.header ?? [],
    scope: ofSubscriber('scope') ?? '',
    ...(payload && { payload }),
    ...(content && { content }),
    ...(typeof end === 'string' && { end }),
    ...(clientId !== undefined && { clientId }),
  };
}

/** The resource as one client's own. */
export function withSubscriber(resource: Resource, clientId: string, scope: string): Resource {
  const others = extensionsOf(resource).filter(({ url }) => url !== SUBSCRIBER);
  const own = [
    { url: 'client', valueString: clientId },
    { url: 'scope', valueString: scope },
  ];
  return { ...resource, extension: [...others, { url: SUBSCRIBER, extension: own }] };
}

const extensionsOf = (resource: Resource) => (resource['extension'] ?? []) as readonly Extension[];

function readContent({ _payload }: Channel): HookSubscription['content'] {
  const given = _payload?.extension?.find(({ url }) => url === PAYLOAD_CONTENT);
  if (!given) return undefined;
  const content = CONTENTS.find((each) => each === given.valueCode);
  if (!content) throw refuse('channel.payload', `The content of a payload is one of ${CONTENTS.join(', ')}.`);
  return content;
}

function readPayload(
  { payload }: Channel,
  content: HookSubscription['content'],
): HookSubscription['payload'] {
  if (payload === undefined) {
    if (!content) return undefined;
    throw refuse('channel.payload', 'A notification Bundle needs the media type that it is sent in.');
  }
  const known = PAYLOADS[payload.split(';', 1)[0]?.trim().toLowerCase() ?? ''];
  if (known) return known;
  throw refuse('channel.payload', 'The payload is application/fhir+json or application/fhir+xml.');
}

function refuse(element: string, message: string): SiltaError {
  return new SiltaError('invalid-resource', message, { expression: [`Subscription.${element}`] });
}
