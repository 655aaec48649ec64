/**
 * Access tokens that were taken back. They are JWTs that every gateway verifies by itself, so each gateway keeps a copy
 * of the shared list, at most a second old: one statement a second, however many requests there are.
 * @see https://www.rfc-editor.org/rfc/rfc7009
 */
import type { RevokedTokenStore } from '../store/index.ts';
import type { Clock } from './types.ts';

/** How old a gateway's copy of the list may be: what revoking needs at most to hold everywhere. */
const COPY_MILLISECONDS = 1000;

/** A token that was being given while its grant ended lives a little longer than the grant's end and its own time. */
const MARGIN_SECONDS = 60;

/** What a token can be taken back by. */
export interface TokenMarks {
  readonly jti?: string | undefined;
  readonly grantId?: string | undefined;
}

export interface Revocations {
  /** Ends one access token. `expiresAt` is its own. */
  revokeToken(jti: string, expiresAt: Date): Promise<void>;
  /** Ends every access token that was given by a grant. */
  revokeGrant(grantId: string): Promise<void>;
  /** Whether a token was taken back, a second ago or earlier on another gateway, at any time on this one. */
  isRevoked(marks: TokenMarks): Promise<boolean>;
  sweep(): Promise<void>;
}

/**
 * Opens the list.
 * @param accessTokenSeconds the longest life of an access token that a grant gives
 */
export function createRevocations(parts: {
  readonly store: RevokedTokenStore;
  readonly clock: Clock;
  readonly accessTokenSeconds: number;
}): Revocations {
  const { store, clock } = parts;
  let copy: { readonly at: number; readonly keys: Set<string> } | undefined;
  let reading: Promise<Set<string>> | undefined;
  const read = async (): Promise<Set<string>> => {
    const now = clock();
    const keys = new Set(await store.list(now));
    copy = { at: now.getTime(), keys };
    return keys;
  };
  const current = (): Set<string> | Promise<Set<string>> => {
    const age = copy ? clock().getTime() - copy.at : -1;
    if (copy && age >= 0 && age < COPY_MILLISECONDS) return copy.keys;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const revoke = async (key: string, expiresAt: Date): Promise<void> => {
    await store.add(key, expiresAt);
    // A reading that began before the row was there may finish after it: the next request reads anew.
    await reading?.catch(() => undefined);
    copy = undefined;
  };
  return {
    revokeToken: (jti, expiresAt) => revoke(`jti:${jti}`, expiresAt),
    revokeGrant: (grantId) =>
      revoke(
        `grant:${grantId}`,
        new Date(clock().getTime() + (parts.accessTokenSeconds + MARGIN_SECONDS) * 1000),
      ),
    isRevoked: async ({ jti, grantId }) => {
      if (jti === undefined && grantId === undefined) return false;
      const keys = await current();
      return keys.has(`jti:${jti}`) || keys.has(`grant:${grantId}`);
    },
    sweep: () => store.removeExpired(clock()),
  };
}
