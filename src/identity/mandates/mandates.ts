/**
 * Acting for another: the choice of whom, the decision, and the question at every write whether it still holds. A
 * mandate is a fact that is asked for, never a flag that is kept.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { SiltaError } from '../../outcome.ts';
import { GATEWAY } from '../../principal.ts';
import type { Acting, MandateStore, Store } from '../../store/index.ts';
import type { Clock, Locale } from '../types.ts';
import { hashOf } from '../web-sessions.ts';
import { findActedFor, findActor, readHetu, readMinorDataCode } from './mandate-persons.ts';
import { judgeMandate, type MandateRules, type MandateVerdict } from './mandate-rules.ts';
import type { ChosenPerson, ValtuudetClient } from './valtuudet-client.ts';

const PENDING_SECONDS = 900;

export interface MandateParts {
  readonly store: Store;
  readonly mandates: MandateStore;
  readonly service: ValtuudetClient;
  readonly rules: MandateRules;
  readonly clock: Clock;
}

/** A browser session, as far as mandates are concerned. */
export interface DelegateSession {
  /** SHA-256 of the session's id. */
  readonly sessionHash: Buffer;
  /** The person who is signed in. */
  readonly delegateId: string;
}

export interface Mandates {
  /** @returns the address of the mandate service's page to send the browser to */
  begin(
    session: DelegateSession,
    options: { readonly returnPath: string; readonly locale: Locale },
  ): Promise<URL>;
  /**
   * Ends a choice: the session acts for the chosen person from now on.
   * @returns where to lead the browser
   * @throws SiltaError `forbidden` (keys `mandate-state`, `mandate-…` with the reason), `unavailable`
   */
  finish(
    session: DelegateSession,
    callback: { readonly state: unknown; readonly code: unknown },
  ): Promise<string>;
  /** Lets the session act for its own person again. */
  end(session: DelegateSession): Promise<void>;
  /**
   * Asks again, before a write.
   * @throws SiltaError `forbidden` (key `mandate-ended`), and the session acts for nobody any more; `unavailable` when
   *   the question cannot be asked: then nothing is written either
   */
  confirm(session: DelegateSession, acting: Acting): Promise<void>;
}

export function createMandates(parts: MandateParts): Mandates {
  const { store, mandates, service, clock } = parts;
  return {
    async begin({ sessionHash, delegateId }, { returnPath, locale }) {
      const state = randomBytes(32).toString('base64url');
      const { sessionId, url } = await service.begin(await readHetu(store, delegateId), { state, locale });
      const expiresAt = new Date(clock().getTime() + PENDING_SECONDS * 1000);
      await mandates.addPending(hashOf(state), { sessionHash, serviceId: sessionId, returnPath, expiresAt });
      return url;
    },
    async finish(session, { state, code }) {
      const pending = typeof state === 'string' ? await mandates.takePending(hashOf(state)) : undefined;
      if (!pending?.sessionHash.equals(session.sessionHash) || pending.expiresAt <= clock()) {
        throw refuse(
          'mandate-state',
          'The choice of whom to act for is unknown, has expired or was already used.',
        );
      }
      if (typeof code !== 'string') return withNotice(pending.returnPath, 'cancelled');
      const [chosen] = await service.finish(pending.serviceId, code);
      if (!chosen) return withNotice(pending.returnPath, 'none');
      await accept(parts, session, chosen);
      return pending.returnPath;
    },
    end: (session) => stopActing(parts, session, 'success'),
    async confirm(session, acting) {
      if (await stillHolds(parts, session, acting)) return;
      await stopActing(parts, session, 'refused');
      throw refuse('mandate-ended', 'The right to act for this person has ended.');
    },
  };
}

async function accept(
  parts: MandateParts,
  session: DelegateSession,
  chosen: ChosenPerson & { readonly roles: readonly string[] },
): Promise<void> {
  const { store, mandates } = parts;
  const requestId = randomUUID();
  const { patientId, birthDate } = await findActedFor(store, chosen, requestId);
  const verdict = await judge(parts, { patientId, birthDate, roles: chosen.roles });
  if (!verdict.allowed) {
    await audit(parts, session, { requestId, outcome: 'refused', entities: [`Patient/${patientId}`] });
    throw refuse(`mandate-${verdict.reason}`, 'Acting for this person is not possible in this service.');
  }
  const { basis } = verdict;
  const actsAs = await findActor(store, { delegateId: session.delegateId, patientId, basis }, requestId);
  const issue =
    basis === 'mandate' ? chosen.roles.find((role) => parts.rules.themes.includes(role)) : undefined;
  await mandates.setActing(session.sessionHash, { patientId, actsAs, basis, ...(issue && { issue }) });
  await audit(parts, session, { requestId, outcome: 'success', entities: [`Patient/${patientId}`, actsAs] });
}

async function judge(
  { store, rules, clock }: MandateParts,
  facts: { readonly patientId: string; readonly birthDate: string; readonly roles: readonly string[] },
): Promise<MandateVerdict> {
  const minorDataCode = await readMinorDataCode(store, facts.patientId);
  return judgeMandate(
    {
      roles: facts.roles,
      birthDate: facts.birthDate,
      today: clock(),
      ...(minorDataCode && { minorDataCode }),
    },
    rules,
  );
}

/** The service is asked whether the right is there; the county's own rules are applied to today's facts. */
async function stillHolds(parts: MandateParts, session: DelegateSession, acting: Acting): Promise<boolean> {
  const { store, service } = parts;
  const [delegate, principal] = await Promise.all([
    readHetu(store, session.delegateId),
    readHetu(store, acting.patientId),
  ]);
  if (!(await service.mayAct(delegate, principal, acting.issue))) return false;
  const patient = JSON.parse((await store.read('Patient', acting.patientId))?.content ?? '{}') as {
    birthDate?: string;
    deceasedBoolean?: boolean;
    deceasedDateTime?: string;
  };
  if (patient.birthDate === undefined || patient.deceasedBoolean || patient.deceasedDateTime !== undefined)
    return false;
  const roles = [acting.issue ?? (acting.basis === 'appointed-guardian' ? 'GUARDIAN' : 'ALL')];
  return (await judge(parts, { patientId: acting.patientId, birthDate: patient.birthDate, roles })).allowed;
}

async function stopActing(
  parts: MandateParts,
  session: DelegateSession,
  outcome: 'success' | 'refused',
): Promise<void> {
  await parts.mandates.setActing(session.sessionHash, undefined);
  await audit(parts, session, { requestId: randomUUID(), outcome, entities: [], detail: 'ended' });
}

async function audit(
  { store }: MandateParts,
  { delegateId }: DelegateSession,
  entry: {
    readonly requestId: string;
    readonly outcome: 'success' | 'refused';
    readonly entities: readonly string[];
    readonly detail?: string;
  },
): Promise<void> {
  const principal = { ...GATEWAY, kind: 'citizen', who: `Patient/${delegateId}` } as const;
  await store.audit([{ ...entry, principal, action: 'mandate' }]);
}

/** Told to the page that the browser comes back to. */
function withNotice(path: string, notice: 'cancelled' | 'none'): string {
  return `${path}${path.includes('?') ? '&' : '?'}mandate=${notice}`;
}

function refuse(key: string, message: string): SiltaError {
  return new SiltaError('forbidden', message, { key });
}
