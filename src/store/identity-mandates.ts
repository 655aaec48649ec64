import type { Database, Row } from './database.ts';

/** A choice of whom to act for, on its way to the mandate service and back. */
export interface PendingMandate {
  readonly sessionHash: Buffer;
  /** The session of the mandate service. */
  readonly serviceId: string;
  readonly returnPath: string;
  readonly expiresAt: Date;
}

/** Whom a session acts for, and by what. */
export interface Acting {
  /** Id of the Patient who is acted for. */
  readonly patientId: string;
  /** Reference to the RelatedPerson who acts. */
  readonly actsAs: string;
  readonly basis: string;
  /** Theme of the mandate; absent for guardians. */
  readonly issue?: string;
}

/** Mandates of browser sessions in Postgres, shared by every gateway. Hashes are SHA-256. */
export interface MandateStore {
  addPending(stateHash: Buffer, pending: PendingMandate): Promise<void>;
  /** Takes the pending choice out: the second caller with the same state gets nothing. */
  takePending(stateHash: Buffer): Promise<PendingMandate | undefined>;
  /** Lets a session act for another, or for itself again. */
  setActing(sessionHash: Buffer, acting: Acting | undefined): Promise<void>;
  removeExpired(now: Date): Promise<void>;
}

/** Opens the mandates kept in `database`. */
export function createMandateStore(database: Database): MandateStore {
  return {
    addPending: async (stateHash, pending) => {
      await database.query(
        `INSERT INTO pending_mandate (state_hash, session_hash, service_id, return_path, expires_at)
         VALUES ($1, $2, $3, $4, $5)`,
        [stateHash, pending.sessionHash, pending.serviceId, pending.returnPath, pending.expiresAt],
      );
    },
    takePending: async (stateHash) => {
      const [row] = await database.query<PendingRow>(
        `DELETE FROM pending_mandate WHERE state_hash = $1
         RETURNING session_hash, service_id, return_path, expires_at`,
        [stateHash],
      );
      return (
        row && {
          sessionHash: row.session_hash,
          serviceId: row.service_id,
          returnPath: row.return_path,
          expiresAt: row.expires_at,
        }
      );
    },
    setActing: async (sessionHash, acting) => {
      await database.query(
        `UPDATE web_session SET acting_for = $2, acting_as = $3, acting_basis = $4, acting_issue = $5
         WHERE id_hash = $1`,
        [
          sessionHash,
          acting?.patientId ?? null,
          acting?.actsAs ?? null,
          acting?.basis ?? null,
          acting?.issue ?? null,
        ],
      );
    },
    removeExpired: async (now) => {
      await database.query('DELETE FROM pending_mandate WHERE expires_at <= $1', [now]);
    },
  };
}

interface PendingRow extends Row {
  readonly session_hash: Buffer;
  readonly service_id: string;
  readonly return_path: string;
  readonly expires_at: Date;
}

/** The columns of a session that say whom it acts for. */
export interface ActingRow extends Row {
  readonly acting_for: string | null;
  readonly acting_as: string | null;
  readonly acting_basis: string | null;
  readonly acting_issue: string | null;
}

export const ACTING_COLUMNS = 'acting_for, acting_as, acting_basis, acting_issue';

export function toActing(row: ActingRow): Acting | undefined {
  if (row.acting_for === null || row.acting_as === null || row.acting_basis === null) return undefined;
  return {
    patientId: row.acting_for,
    actsAs: row.acting_as,
    basis: row.acting_basis,
    ...(row.acting_issue !== null && { issue: row.acting_issue }),
  };
}
