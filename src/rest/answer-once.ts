/**
 * `Idempotency-Key`: who repeats a POST under the same key, because the answer got lost, is answered as the first time
 * and causes nothing more.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
import { createHash } from 'node:crypto';
import { SiltaError } from '../outcome.ts';
import type { Principal } from '../principal.ts';
import { findAnswer, keepAnswer, type StoreTransaction } from '../store/index.ts';
import type { FhirResponse, Idempotency, RestOptions, Session } from './types.ts';

/**
 * What a header asks for.
 * @param asked everything that makes it the same request: address, conditions, body
 * @throws SiltaError `invalid-request` for a key that is none
 */
export function readIdempotency(
  header: string | undefined,
  asked: readonly (string | Uint8Array)[],
): Idempotency | undefined {
  if (header === undefined) return undefined;
  const key = header.trim().replace(/^"(.*)"$/, '$1');
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new SiltaError('invalid-request', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
  }
  const request = createHash('sha256');
  for (const part of asked) request.update(`${part.length}:`).update(part);
  return { keyHash: hash(key), requestHash: request.digest('base64url') };
}

/** An answer, and whether it is that of an earlier request. */
export interface AnsweredOnce {
  readonly response: FhirResponse;
  readonly repeated: boolean;
}

/**
 * Does the work and keeps its answer in the same SQL transaction, or gives the answer that is kept. Of two at once
 * the second waits. What fails is not kept: it had no effect, and may be tried again.
 * @param work its `response.shown` names what a repetition shows again, for the audit
 * @throws SiltaError `invalid-resource` when the key was used for another request
 */
export async function answerOnce(
  session: Pick<Session, 'rest' | 'principal'>,
  tx: Pick<StoreTransaction, 'lock' | 'sql'>,
  { keyHash, requestHash }: Idempotency,
  work: () => Promise<FhirResponse>,
): Promise<AnsweredOnce> {
  const client = clientOf(session.principal);
  await tx.lock(`idempotency:${client}:${keyHash}`);
  const request = { client, keyHash };
  const now = session.rest.clock();
  const kept = await findAnswer(tx.sql, request, now);
  if (kept && kept.requestHash !== requestHash) {
    throw new SiltaError('invalid-resource', 'This Idempotency-Key was used for another request.', {
      key: 'idempotency-key-reused',
    });
  }
  if (kept) return { response: JSON.parse(kept.answer) as FhirResponse, repeated: true };
  const response = await work();
  await keepAnswer(tx.sql, request, { requestHash, answer: JSON.stringify(response) }, now);
  return { response, repeated: false };
}

/** Does the work in a transaction of its own, once when it is asked to be. */
export function answerInTransaction(
  session: Session,
  idempotency: Idempotency | undefined,
  work: (tx: StoreTransaction) => Promise<FhirResponse>,
): Promise<AnsweredOnce> {
  const { store }: RestOptions = session.rest;
  return store.transaction(async (tx) =>
    idempotency
      ? answerOnce(session, tx, idempotency, () => work(tx))
      : { response: await work(tx), repeated: false },
  );
}

/** Someone else with the same key is someone else: nobody is answered with what another was. */
function clientOf({ kind, clientId = '', who, patientId = '' }: Principal): string {
  return hash(JSON.stringify([kind, clientId, who, patientId]));
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
