import type { Database, Row } from './database.ts';
import { ACTING_COLUMNS, type Acting, type ActingRow, toActing } from './identity-mandates.ts';

/** A citizen's browser session as stored; the cookie's value is known only by its hash. */
export interface StoredWebSession {
  readonly patientId: string;
  readonly acr: string;
  readonly locale: string;
  readonly signedInAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  /** Whom the session acts for; absent: for nobody but its own person. */
  readonly acting?: Acting;
}

/** A sign-in on its way to the identification service and back. */
export interface PendingSignIn {
  readonly browserHash: Buffer;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnPath: string;
  readonly locale: string;
  /** When a fresh identification was demanded. */
  readonly forcedAt?: Date;
  readonly expiresAt: Date;
}

/** Browser sessions and pending sign-ins in Postgres, shared by every gateway. Hashes are SHA-256. */
export interface SessionStore {
  addSession(idHash: Buffer, session: StoredWebSession): Promise<void>;
  /** The session when it was seen after `seenSince` and has not expired at `now`; marks it as seen. */
  touchSession(idHash: Buffer, now: Date, seenSince: Date): Promise<StoredWebSession | undefined>;
  removeSession(idHash: Buffer): Promise<void>;
  addPendingSignIn(stateHash: Buffer, pending: PendingSignIn): Promise<void>;
  /** Takes the pending sign-in out: the second caller with the same state gets nothing. */
  takePendingSignIn(stateHash: Buffer): Promise<PendingSignIn | undefined>;
  removeExpired(now: Date, seenSince: Date): Promise<void>;
}

/** Opens the sessions kept in `database`. */
export function createSessionStore(database: Database): SessionStore {
  return {
    addSession: async (idHash, session) => {
      await database.query(
        `INSERT INTO web_session (id_hash, patient_id, acr, locale, signed_in_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [
          idHash,
          session.patientId,
          session.acr,
          session.locale,
          session.signedInAt,
          session.lastSeenAt,
          session.expiresAt,
        ],
      );
    },
    touchSession: async (idHash, now, seenSince) => {
      const [row] = await database.query<SessionRow>(
        `UPDATE web_session SET last_seen_at = greatest(last_seen_at, $2)
         WHERE id_hash = $1 AND expires_at > $2 AND last_seen_at > $3
         RETURNING patient_id, acr, locale, signed_in_at, last_seen_at, expires_at, ${ACTING_COLUMNS}`,
        [idHash, now, seenSince],
      );
      return row && toSession(row);
    },
    removeSession: async (idHash) => {
      await database.query('DELETE FROM web_session WHERE id_hash = $1', [idHash]);
    },
    addPendingSignIn: async (stateHash, pending) => {
      await database.query(
        `INSERT INTO pending_sign_in
           (state_hash, browser_hash, nonce, code_verifier, return_path, locale, forced_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          stateHash,
          pending.browserHash,
          pending.nonce,
          pending.codeVerifier,
          pending.returnPath,
          pending.locale,
          pending.forcedAt ?? null,
          pending.expiresAt,
        ],
      );
    },
    takePendingSignIn: async (stateHash) => {
      const [row] = await database.query<PendingRow>(
        `DELETE FROM pending_sign_in WHERE state_hash = $1
         RETURNING browser_hash, nonce, code_verifier, return_path, locale, forced_at, expires_at`,
        [stateHash],
      );
      return row && toPending(row);
    },
    removeExpired: async (now, seenSince) => {
      await database.query('DELETE FROM web_session WHERE expires_at <= $1 OR last_seen_at <= $2', [
        now,
        seenSince,
      ]);
      await database.query('DELETE FROM pending_sign_in WHERE expires_at <= $1', [now]);
    },
  };
}

interface SessionRow extends ActingRow {
  readonly patient_id: string;
  readonly acr: string;
  readonly locale: string;
  readonly signed_in_at: Date;
  readonly last_seen_at: Date;
  readonly expires_at: Date;
}

function toSession(row: SessionRow): StoredWebSession {
  const acting = toActing(row);
  return {
    ...(acting && { acting }),
    patientId: row.patient_id,
    acr: row.acr,
    locale: row.locale,
    signedInAt: row.signed_in_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
  };
}

interface PendingRow extends Row {
  readonly browser_hash: Buffer;
  readonly nonce: string;
  readonly code_verifier: string;
  readonly return_path: string;
  readonly locale: string;
  readonly forced_at: Date | null;
  readonly expires_at: Date;
}

function toPending(row: PendingRow): PendingSignIn {
  return {
    browserHash: row.browser_hash,
    nonce: row.nonce,
    codeVerifier: row.code_verifier,
    returnPath: row.return_path,
    locale: row.locale,
    ...(row.forced_at && { forcedAt: row.forced_at }),
    expiresAt: row.expires_at,
  };
}
