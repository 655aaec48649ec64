/**
 * The authorization server's memory as `oidc-provider` asks for it. Codes are redeemed once and client assertions are
 * used once even when two gateways are asked at the same instant.
 * @see https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#adapter
 */
import { type Adapter, errors } from '../oidc-provider.ts';
import type { OauthArtifactStore } from '../store/index.ts';
import type { Clock } from './types.ts';

/** Makes the adapter of one model (`Session`, `AuthorizationCode`, `Grant`, `ReplayDetection` …). */
export function createArtifactAdapter(model: string, store: OauthArtifactStore, clock: Clock): Adapter {
  const expiry = (seconds: number | undefined): Date | undefined =>
    seconds === undefined ? undefined : new Date(clock().getTime() + seconds * 1000);
  return {
    upsert: async (id, payload, seconds) => {
      const expiresAt = expiry(seconds);
      if (model !== 'ReplayDetection' || !expiresAt) return store.save(model, id, payload, expiresAt);
      if (!(await store.saveOnce(model, id, payload, expiresAt, clock()))) {
        throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
      }
    },
    find: (id) => store.find(model, 'id', id, clock()),
    findByUid: (uid) => store.find(model, 'uid', uid, clock()),
    findByUserCode: (userCode) => store.find(model, 'user_code', userCode, clock()),
    consume: async (id) => {
      if (!(await store.consume(model, id, clock()))) {
        throw new errors.InvalidGrant('grant request is invalid: already used');
      }
    },
    destroy: (id) => store.remove(model, id),
    revokeByGrantId: (grantId) => store.removeGrant(grantId),
  };
}
