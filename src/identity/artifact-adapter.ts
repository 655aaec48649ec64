/**
 * The authorization server's memory as `oidc-provider` asks for it. Codes are redeemed once and client assertions are
 * used once even when two gateways are asked at the same instant.
 * @see https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#adapter
 */
import { type Adapter, errors } from '../oidc-provider.ts';
import type { OauthArtifactStore } from '../store/index.ts';
import type { Revocations } from './revocations.ts';
import type { Clock } from './types.ts';

/** Makes the adapter of one model (`Session`, `AuthorizationCode`, `Grant`, `ReplayDetection` …). */
export function createArtifactAdapter(
  model: string,
  parts: {
    readonly artifacts: OauthArtifactStore;
    readonly revocations: Revocations;
    readonly clock: Clock;
  },
): Adapter {
  const { artifacts: store, revocations, clock } = parts;
  const endGrant = async (grantId: string): Promise<void> => {
    // First what is out there already: should the rest fail, a second attempt finds the grant still here.
    await revocations.revokeGrant(grantId);
    await store.remove('Grant', grantId);
    await store.removeGrant(grantId);
  };
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
        // Used twice at one instant: the provider has seen neither use, so what it does at a later one is done here.
        const grantId = (await store.find(model, 'id', id, clock()))?.['grantId'];
        if (typeof grantId === 'string') await endGrant(grantId);
        throw new errors.InvalidGrant('grant request is invalid: already used');
      }
    },
    destroy: (id) => (model === 'Grant' ? endGrant(id) : store.remove(model, id)),
    revokeByGrantId: (grantId) => store.removeGrant(grantId),
  };
}
