import type { Database, Row } from './database.ts';

/** What was taken back before it expired, in Postgres, shared by every gateway. */
export interface RevokedTokenStore {
  /** Remembers a key until the last token that it ends has expired. */
  add(key: string, expiresAt: Date): Promise<void>;
  /** Every key that can still end a token. */
  list(now: Date): Promise<readonly string[]>;
  removeExpired(now: Date): Promise<void>;
}

/** Opens the list of revoked tokens on `database`. */
export function createRevokedTokenStore(database: Database): RevokedTokenStore {
  return {
    add: async (key, expiresAt) => {
      await database.query(
        `INSERT INTO revoked_token (key, expires_at) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET expires_at = greatest(revoked_token.expires_at, excluded.expires_at)`,
        [key, expiresAt],
      );
    },
    list: async (now) => {
      const rows = await database.query<RevokedRow>('SELECT key FROM revoked_token WHERE expires_at > $1', [
        now,
      ]);
      return rows.map(({ key }) => key);
    },
    removeExpired: async (now) => {
      await database.query('DELETE FROM revoked_token WHERE expires_at <= $1', [now]);
    },
  };
}

interface RevokedRow extends Row {
  readonly key: string;
}
