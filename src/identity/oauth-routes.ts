/** Everything under `/oauth`: the authorization server, and the pages on which it asks the citizen. */
import type { IncomingMessage } from 'node:http';
import { Router } from 'express';
import { type AuthorizationServerParts, createAuthorizationServer } from './authorization-server.ts';
import type { ClientRegistry } from './client-registry.ts';
import { createInteractionRoutes } from './interaction-routes.ts';
import { DEFAULT_LIMITS } from './refresh-tokens.ts';
import type { IdentityConfig } from './types.ts';
import type { WebSessions } from './web-sessions.ts';

export interface OauthParts
  extends Omit<AuthorizationServerParts, 'clients' | 'offline' | 'allowPrivateJwksUris'> {
  readonly config: IdentityConfig;
  readonly registry: ClientRegistry;
  readonly sessions: WebSessions;
}

/** Serves `/oauth`; mount it there. */
export function createOauthRoutes(parts: OauthParts): Router {
  const { config, registry } = parts;
  const { offline = DEFAULT_LIMITS } = config;
  const provider = createAuthorizationServer({
    ...parts,
    clients: registry,
    offline,
    allowPrivateJwksUris: config.allowPrivateJwksUris ?? config.mode === 'sandbox',
  });
  const router = Router();
  const address = new URL(config.baseUrl);
  router.use((request, _response, next) => {
    pinAddress(request, address);
    next();
  });
  router.use(
    createInteractionRoutes({
      ...parts,
      provider,
      profile: config.profile,
      clients: registry,
      offlineDays: offline.grantDays,
    }),
  );
  router.use(provider.callback());
  return router;
}

/** The provider builds addresses out of request headers; only the configured public address may go into them. */
function pinAddress(request: IncomingMessage, address: URL): void {
  delete request.headers['x-forwarded-host'];
  request.headers.host = address.host;
  request.headers['x-forwarded-proto'] = address.protocol.slice(0, -1);
}
