/**
 * Revocation and introspection of access tokens. The provider does both for its refresh tokens and knows no JWT that it
 * has signed: having authenticated the client, it answers `unsupported_token_type`, and what is here answers instead.
 * @see https://www.rfc-editor.org/rfc/rfc7009
 * @see https://www.rfc-editor.org/rfc/rfc7662
 * @see https://hl7.org/fhir/smart-app-launch/token-introspection.html
 */
import type { KoaContextWithOIDC } from '../oidc-provider.ts';
import type { AccessTokens, TokenClaims } from './access-token.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { Revocations } from './revocations.ts';

export interface StructuredTokenParts {
  readonly issuer: string;
  readonly fhirBase: string;
  readonly clients: ClientRegistry;
  readonly tokens: AccessTokens;
  readonly revocations: Revocations;
}

/** Whether a client may ask about a token: about its own, and an operator about any. */
export function mayIntrospect(
  clients: ClientRegistry,
  asking: string | undefined,
  owner: string | undefined,
): boolean {
  const client = clients.get(asking);
  return client !== undefined && (client.clientId === owner || client.kind === 'operator');
}

/** Answers in the provider's stead where the token was a JWT. To be called when the provider has answered. */
export async function answerForStructuredToken(
  ctx: KoaContextWithOIDC,
  parts: StructuredTokenParts,
): Promise<void> {
  const { body } = ctx as { body?: unknown };
  if ((body as { error?: unknown } | undefined)?.error !== 'unsupported_token_type') return;
  const asking = ctx.oidc.entities.Client?.clientId;
  const claims = await parts.tokens.inspect(String(ctx.oidc.params?.['token']));
  ctx.status = 200;
  if (ctx.oidc.route === 'revocation') {
    // A token that is unknown, ended or another's changes nothing, and the answer does not tell which it was.
    if (claims?.jti && claims.clientId === asking) {
      await parts.revocations.revokeToken(claims.jti, new Date(claims.exp * 1000));
    }
    ctx.body = '';
    return;
  }
  ctx.body =
    claims && mayIntrospect(parts.clients, asking, claims.clientId)
      ? describe(claims, parts)
      : { active: false };
}

function describe(claims: TokenClaims, { issuer, fhirBase }: StructuredTokenParts): object {
  const { clientId, patient, scope, sub, iat, exp, jti } = claims;
  const isUserTold = scope.split(' ').includes('fhirUser') && patient !== undefined;
  return {
    active: true,
    scope,
    client_id: clientId,
    token_type: 'Bearer',
    exp,
    iat,
    sub,
    aud: fhirBase,
    iss: issuer,
    jti,
    ...(patient !== undefined && { patient }),
    ...(isUserTold && { fhirUser: `${fhirBase}/Patient/${patient}` }),
  };
}
