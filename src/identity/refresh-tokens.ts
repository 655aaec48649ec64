/**
 * Refresh tokens: which portals get them, how long they live, and what a refreshed token may still do. Each is used once;
 * one that comes back a second time was stolen from somebody, and ends the grant with everything given by it.
 * @see https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-a-refresh-token
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14 (refresh token protection)
 */
import type { Configuration, KoaContextWithOIDC } from '../oidc-provider.ts';
import { formatScope, narrowScopes, parseScope } from './scopes.ts';
import type { ClientRegistration, OfflineLimits } from './types.ts';

/** How long a citizen's grant to a portal lives that is not offline: as long as a browser session at most. */
export const SESSION_SECONDS = 8 * 3600;
const DAY_SECONDS = 24 * 3600;
/** 90 days from the consent at most, and 30 days without use. */
export const DEFAULT_LIMITS: OfflineLimits = { grantDays: 90, idleDays: 30 };
const REFRESHING = ['offline_access', 'online_access'];

/** Whether a client may have refresh tokens at all: only a portal that is registered for one of the scopes. */
export function mayRefresh(client: ClientRegistration): boolean {
  return client.kind === 'portal' && REFRESHING.some((scope) => client.scopes.includes(scope));
}

/** The provider's settings. */
export function configureRefreshing(limits: OfflineLimits): Pick<
  Configuration,
  'issueRefreshToken' | 'rotateRefreshToken' | 'expiresWithSession' | 'revokeGrantPolicy'
> & {
  readonly ttl: NonNullable<Configuration['ttl']>;
} {
  return {
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && REFRESHING.some((scope) => code.scopes.has(scope)),
    rotateRefreshToken: true,
    expiresWithSession: async (_ctx, token) => !token.scopes.has('offline_access'),
    revokeGrantPolicy: () => true,
    ttl: {
      Grant: (_ctx, grant) =>
        isOffline(grant.getOIDCScope()) ? limits.grantDays * DAY_SECONDS : SESSION_SECONDS,
      RefreshToken: (_ctx, token) =>
        isOffline(token.scope) ? limits.idleDays * DAY_SECONDS : SESSION_SECONDS,
    },
  };
}

/** Whether space-separated scopes let a portal act without its citizen. */
export function isOffline(scope: string | undefined): boolean {
  return (scope ?? '').split(' ').includes('offline_access');
}

/**
 * OpenID Connect gives offline access only to who asks for consent by `prompt=consent`; SMART apps do not know of that.
 * The citizen is asked each time, as the standard wants it.
 */
export function askForOfflineConsent(ctx: KoaContextWithOIDC): void {
  const { scope, prompt = '' } = ctx.query;
  if (ctx.method !== 'GET' || ctx.path !== '/auth') return;
  if (typeof scope !== 'string' || typeof prompt !== 'string' || !isOffline(scope)) return;
  const prompts = prompt.split(' ').filter(Boolean);
  if (prompts.includes('none') || prompts.includes('consent')) return;
  ctx.query = { ...ctx.query, prompt: [...prompts, 'consent'].join(' ') };
}

/**
 * What a grant of an earlier day still gives: the scopes that the client's registration covers in full today. One that
 * it covers in part is left out; the portal launches again to get the part.
 */
export function stillRegistered(granted: string, client: ClientRegistration | undefined): string {
  const registered = client?.scopes ?? [];
  const kept = granted.split(' ').filter((word) => {
    const scope = parseScope(word);
    return narrowScopes(word, registered).includes(scope ? formatScope(scope) : word);
  });
  return kept.join(' ');
}
