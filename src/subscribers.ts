/** Joins identity, access and the search with what deliveries ask of subscribers. */
import type { Access } from './access/index.ts';
import type { Definitions } from './definitions/index.ts';
import type { Subscribers } from './delivery/index.ts';
import { parseStored } from './exact-json.ts';
import { type ClientRegistration, narrowScopes, parseScopes } from './identity/index.ts';
import { createFhirXml } from './mapping/index.ts';
import type { Principal } from './principal.ts';
import { parseParameters, typesSearched } from './rest/index.ts';
import type { Seal } from './sealed-text.ts';
import type { Store } from './store/index.ts';
import type { HookSubscription } from './subscription.ts';

/**
 * Subscribers with the permissions of the moment: what they were granted when they subscribed, as far as their
 * registration still allows it.
 */
export function createSubscribers(parts: {
  readonly clients: readonly ClientRegistration[];
  readonly definitions: Definitions;
  readonly store: Pick<Store, 'typesReached'>;
  readonly access: Pick<Access, 'permits' | 'visibility' | 'maySee'>;
  readonly seal: Seal;
  readonly baseUrl: string;
  readonly allowPrivate: boolean;
}): Subscribers {
  const { access, definitions, seal, baseUrl, allowPrivate } = parts;
  const xml = createFhirXml(definitions);
  const principalOf = (subscription: HookSubscription) => findPrincipal(parts.clients, subscription);
  return {
    baseUrl,
    allowPrivate,
    searchOf(subscription) {
      const principal = principalOf(subscription);
      if (!principal) return undefined;
      const { type, query } = subscription;
      const parameters = parseParameters(query);
      const reached = typesSearched(parts, type, parameters);
      const mayRead = access.permits(principal, 'read', type);
      const maySearch = [type, ...reached].every((each) => access.permits(principal, 'search', each));
      return mayRead && maySearch ? { parameters, visibility: access.visibility(principal) } : undefined;
    },
    maySee(subscription, version) {
      const principal = principalOf(subscription);
      return principal !== undefined && access.maySee(principal, version);
    },
    openHeader: ({ clientId }, sealed) => (clientId === undefined ? undefined : seal.open(clientId, sealed)),
    writeXml: (json) => xml.write(parseStored(json) as object, 'as it is'),
  };
}

function findPrincipal(
  clients: readonly ClientRegistration[],
  { clientId, scope }: HookSubscription,
): Principal | undefined {
  const client = clients.find((each) => each.clientId === clientId);
  if (!client || client.kind === 'portal') return undefined;
  return {
    kind: 'system',
    who: `Device/${client.clientId}`,
    clientId: client.clientId,
    scopes: parseScopes(narrowScopes(scope, client.scopes).join(' ')),
    sectors: client.sectors,
  };
}
