import type { ClientRegistry } from './client-registry.ts';
import { CONTEXT_SCOPES, formatScope, parseScopes } from './scopes.ts';
import type { SmartConfiguration } from './types.ts';

/** SMART demands RS384 and ES384 of servers; https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html */
export const CLIENT_ALGORITHMS = ['RS384', 'ES384'] as const;

/**
 * What SMART apps and systems need to know of the authorization server.
 * @see https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known
 */
export function describeSmart(issuer: string, clients: ClientRegistry): SmartConfiguration {
  const resourceScopes = clients.all.flatMap((client) => parseScopes(client.scopes.join(' ')));
  return Object.freeze({
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/token/introspection`,
    revocation_endpoint: `${issuer}/token/revocation`,
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    scopes_supported: [...CONTEXT_SCOPES, ...new Set(resourceScopes.map(formatScope))],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    capabilities: [
      'launch-standalone',
      'client-confidential-asymmetric',
      'sso-openid-connect',
      'context-standalone-patient',
      'permission-offline',
      'permission-online',
      'permission-patient',
      'permission-v1',
      'permission-v2',
    ],
  });
}
