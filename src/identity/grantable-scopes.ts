import { errors, type KoaContextWithOIDC } from '../oidc-provider.ts';
import { stillRegistered } from './refresh-tokens.ts';
import { narrowScopes } from './scopes.ts';
import type { ClientRegistration } from './types.ts';

/**
 * SMART scopes are too many to list in the configuration, so the resource server's scopes are worked out for each
 * request: what is asked for, narrowed to the client's registration. When a code is redeemed, what it was given for; at
 * a refresh, what of that is still registered.
 */
export function grantableScopes(ctx: KoaContextWithOIDC, client: ClientRegistration | undefined): string {
  const { params } = ctx.oidc;
  const granted = givenBy(ctx)?.scope;
  if (granted !== undefined) {
    const kept = stillRegistered(granted, client);
    if (kept === '') throw new errors.InvalidScope('none of the granted scopes is still registered', granted);
    return kept;
  }
  const asked = typeof params?.['scope'] === 'string' ? params['scope'] : '';
  const scope = narrowScopes(asked, client?.scopes ?? []).join(' ');
  if (!params || scope === '') {
    throw new errors.InvalidScope('none of the requested scopes is registered for the client', asked);
  }
  params['scope'] = scope;
  return scope;
}

/** The code or the refresh token that a token request redeems. */
export function givenBy(
  ctx: KoaContextWithOIDC,
): { readonly scope?: string | undefined; readonly acr?: string | undefined } | undefined {
  const { AuthorizationCode: code, RefreshToken: refreshed } = ctx.oidc.entities;
  return code ?? refreshed;
}
