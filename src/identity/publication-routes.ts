/**
 * What the gateway publishes of itself to identification services: its public keys, plain and signed, and its entity
 * statement.
 * @see https://openid.net/specs/openid-federation-1_0.html
 */
import { type Response, Router } from 'express';
import { KEY_SET_TYPE, STATEMENT_TYPE, signEntityStatement, signKeySet } from './entity-statement.ts';
import { type Keys, publishedKeys } from './keys.ts';
import type { Clock, IssuerProfile } from './types.ts';

export interface PublicationParts {
  readonly baseUrl: string;
  readonly profile: IssuerProfile;
  readonly keys: Keys;
  readonly clock: Clock;
}

const MAX_AGE_SECONDS = 300;

/** Serves `/identity/jwks`, and with an entity key `/identity/signed-jwks` and `/identity/entity-statement`. */
export function createPublicationRoutes(parts: PublicationParts): Router {
  const { baseUrl, profile, keys, clock } = parts;
  const router = Router();
  router.get('/identity/jwks', (_request, response) => {
    remember(response).json({ keys: publishedKeys(keys, clock()) });
  });
  if (keys.entitySigning.length === 0) return router;
  router.get('/identity/signed-jwks', async (_request, response) => {
    const now = clock();
    const set = await signKeySet(baseUrl, publishedKeys(keys, now), keys, now);
    remember(response).type(`application/${KEY_SET_TYPE}`).send(set);
  });
  router.get('/identity/entity-statement', async (_request, response) => {
    const own = {
      entity: baseUrl,
      redirectUris: [`${baseUrl}/identity/${profile.name}/callback`],
      signedJwksUri: `${baseUrl}/identity/signed-jwks`,
      algorithms: {
        key: profile.keyAlgorithms[0] ?? 'RSA-OAEP',
        content: profile.contentAlgorithms[0] ?? 'A128CBC-HS256',
      },
      ...(profile.organizationName && { organizationName: profile.organizationName }),
    };
    remember(response)
      .type(`application/${STATEMENT_TYPE}`)
      .send(await signEntityStatement(own, keys, clock()));
  });
  return router;
}

function remember(response: Response): Response {
  return response.set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`);
}
