/**
 * Notifications as Bundles, for subscriptions that ask for them.
 * @see https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html
 */
import type { Bundle, BundleEntry, FhirResource, Parameters, ParametersParameter } from 'fhir/r4';
import type { HookSubscription } from '../../subscription.ts';

const GUIDE = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';

export interface NotificationEvent {
  readonly number: number;
  /** The version that is told of. */
  readonly type: string;
  readonly id: string;
  readonly versionId: number;
  readonly lastUpdated: string;
  readonly method: 'create' | 'update' | 'delete';
  /** JSON text. */
  readonly content: string;
}

export interface NotificationParts {
  readonly subscription: HookSubscription;
  readonly baseUrl: string;
  /** Notifications made so far. */
  readonly events: number;
  readonly now: Date;
  readonly uuid: () => string;
}

/** The Bundle of one event; without an event the handshake. */
export function buildNotification(parts: NotificationParts, event?: NotificationEvent): Bundle {
  const { baseUrl, now, uuid, subscription } = parts;
  const self = `${baseUrl}/Subscription/${subscription.id}`;
  const status: BundleEntry = {
    fullUrl: `urn:uuid:${uuid()}`,
    resource: describeStatus(parts, self, event),
    request: { method: 'GET', url: `${self}/$status` },
    response: { status: '200' },
  };
  return {
    resourceType: 'Bundle',
    id: uuid(),
    meta: { profile: [`${GUIDE}/backport-subscription-notification-r4`] },
    type: 'history',
    timestamp: now.toISOString(),
    entry: [status, ...(event && subscription.content !== 'empty' ? [describeFocus(parts, event)] : [])],
  };
}

function describeStatus(
  { subscription, events, baseUrl }: NotificationParts,
  self: string,
  event?: NotificationEvent,
): Parameters {
  const told: ParametersParameter[] = event
    ? [
        {
          name: 'notification-event',
          part: [
            { name: 'event-number', valueString: String(event.number) },
            { name: 'timestamp', valueInstant: event.lastUpdated },
            ...(subscription.content === 'empty'
              ? []
              : [{ name: 'focus', valueReference: { reference: `${baseUrl}/${event.type}/${event.id}` } }]),
          ],
        },
      ]
    : [];
  return {
    resourceType: 'Parameters',
    meta: { profile: [`${GUIDE}/backport-subscription-status-r4`] },
    parameter: [
      { name: 'subscription', valueReference: { reference: self } },
      { name: 'status', valueCode: event ? 'active' : 'requested' },
      { name: 'type', valueCode: event ? 'event-notification' : 'handshake' },
      { name: 'events-since-subscription-start', valueString: String(events) },
      ...told,
    ],
  };
}

function describeFocus({ subscription, baseUrl }: NotificationParts, event: NotificationEvent): BundleEntry {
  const isNew = event.method === 'create';
  return {
    fullUrl: `${baseUrl}/${event.type}/${event.id}`,
    ...(subscription.content === 'full-resource' && { resource: JSON.parse(event.content) as FhirResource }),
    request: isNew
      ? { method: 'POST', url: event.type }
      : { method: 'PUT', url: `${event.type}/${event.id}` },
    response: { status: isNew ? '201' : '200' },
  };
}
