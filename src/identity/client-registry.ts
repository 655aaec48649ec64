import type { ClientRegistration } from './types.ts';

/** The registered clients by id. */
export interface ClientRegistry {
  readonly all: readonly ClientRegistration[];
  get(clientId: string | undefined): ClientRegistration | undefined;
}

/** Indexes the clients by id. */
export function createClientRegistry(clients: readonly ClientRegistration[]): ClientRegistry {
  const byId = new Map(clients.map((client) => [client.clientId, client]));
  return { all: clients, get: (clientId) => (clientId === undefined ? undefined : byId.get(clientId)) };
}
