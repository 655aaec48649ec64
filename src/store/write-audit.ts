import type { Queryable } from './database.ts';
import type { AuditEntry } from './types.ts';

const STATEMENT = `INSERT INTO audit (request_id, kind, who, client_id, action, outcome, entities, detail)
  SELECT q, k, w, c, a, o, string_to_array(e, ' '), d
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
    AS u(q, k, w, c, a, o, e, d)`;

/** Adds entries to the audit, in one statement. */
export async function writeAudit(sql: Queryable, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const values = [
    entries.map((each) => each.requestId),
    entries.map((each) => each.principal.kind),
    entries.map((each) => each.principal.who),
    entries.map((each) => each.principal.clientId ?? null),
    entries.map((each) => each.action),
    entries.map((each) => each.outcome),
    // References hold no spaces.
    entries.map((each) => each.entities.join(' ')),
    entries.map((each) => each.detail ?? null),
  ];
  await sql.query(STATEMENT, values, 'write-audit');
}
