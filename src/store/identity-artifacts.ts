import type { Database, Row } from './database.ts';

/** What the authorization server remembers under a model's name and an id: JSON with optional secondary keys. */
export type OauthArtifact = Readonly<Record<string, unknown>>;

/** The authorization server's memory in Postgres, shared by every gateway. Instants are `Date`s. */
export interface OauthArtifactStore {
  save(model: string, id: string, payload: OauthArtifact, expiresAt: Date | undefined): Promise<void>;
  /** Saves unless the id is there and not yet expired; tells whether it was saved. Atomic between gateways. */
  saveOnce(model: string, id: string, payload: OauthArtifact, expiresAt: Date, now: Date): Promise<boolean>;
  find(
    model: string,
    by: 'id' | 'uid' | 'user_code',
    value: string,
    now: Date,
  ): Promise<OauthArtifact | undefined>;
  /** Marks as used; false when it was used before. Atomic between gateways. */
  consume(model: string, id: string, now: Date): Promise<boolean>;
  remove(model: string, id: string): Promise<void>;
  removeGrant(grantId: string): Promise<void>;
  removeExpired(now: Date): Promise<void>;
}

const COLUMNS = { id: 'id', uid: 'uid', user_code: 'user_code' } as const;
const INSERT = `INSERT INTO oauth_artifact (model, id, payload, grant_id, uid, user_code, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload,
  grant_id = excluded.grant_id, uid = excluded.uid, user_code = excluded.user_code, expires_at = excluded.expires_at`;

/** Opens the authorization server's memory on `database`. */
export function createOauthArtifactStore(database: Database): OauthArtifactStore {
  return {
    save: async (model, id, payload, expiresAt) => {
      await database.query(INSERT, valuesOf(model, id, payload, expiresAt));
    },
    saveOnce: async (model, id, payload, expiresAt, now) => {
      const rows = await database.query(
        `${INSERT} WHERE oauth_artifact.expires_at <= $8 RETURNING true AS saved`,
        [...valuesOf(model, id, payload, expiresAt), now],
      );
      return rows.length === 1;
    },
    find: async (model, by, value, now) => {
      const [row] = await database.query<ArtifactRow>(
        `SELECT payload, extract(epoch FROM consumed_at)::bigint AS consumed FROM oauth_artifact
         WHERE model = $1 AND ${COLUMNS[by]} = $2 AND (expires_at IS NULL OR expires_at > $3)`,
        [model, value, now],
      );
      return row && { ...row.payload, ...(row.consumed !== null && { consumed: row.consumed }) };
    },
    consume: async (model, id, now) => {
      const rows = await database.query(
        `UPDATE oauth_artifact SET consumed_at = $3 WHERE model = $1 AND id = $2 AND consumed_at IS NULL
         RETURNING true AS consumed`,
        [model, id, now],
      );
      return rows.length === 1;
    },
    remove: async (model, id) => {
      await database.query('DELETE FROM oauth_artifact WHERE model = $1 AND id = $2', [model, id]);
    },
    removeGrant: async (grantId) => {
      await database.query('DELETE FROM oauth_artifact WHERE grant_id = $1', [grantId]);
    },
    removeExpired: async (now) => {
      await database.query('DELETE FROM oauth_artifact WHERE expires_at <= $1', [now]);
    },
  };
}

interface ArtifactRow extends Row {
  readonly payload: OauthArtifact;
  readonly consumed: number | null;
}

function valuesOf(
  model: string,
  id: string,
  payload: OauthArtifact,
  expiresAt: Date | undefined,
): readonly unknown[] {
  const text = (key: string): string | null => (typeof payload[key] === 'string' ? payload[key] : null);
  return [
    model,
    id,
    JSON.stringify(payload),
    text('grantId'),
    text('uid'),
    text('userCode'),
    expiresAt ?? null,
  ];
}
