import type { Adapter, AdapterPayload } from '../../oidc-provider.ts';

/** Keeps what one stand-in remembers, in memory; each stand-in has its own. */
export function createMemoryAdapters(): (model: string) => Adapter {
  const entries = new Map<string, { readonly payload: AdapterPayload; readonly expires: number }>();
  const live = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    if (entry && entry.expires > Date.now()) return entry.payload;
    entries.delete(key);
    return undefined;
  };
  const findWhere = (model: string, member: string, value: string): AdapterPayload | undefined => {
    const keys = [...entries.keys()].filter((key) => key.startsWith(`${model}:`));
    return keys.map(live).find((payload) => payload?.[member] === value);
  };
  return (model) => ({
    upsert: async (id, payload, seconds) => {
      const expires = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1000;
      entries.set(`${model}:${id}`, { payload, expires });
    },
    find: async (id) => live(`${model}:${id}`),
    findByUid: async (uid) => findWhere(model, 'uid', uid),
    findByUserCode: async (userCode) => findWhere(model, 'userCode', userCode),
    consume: async (id) => {
      const payload = live(`${model}:${id}`);
      if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => {
      entries.delete(`${model}:${id}`);
    },
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key);
    },
  });
}
