/** Performs one interaction and leaves its trace in the audit before anything is answered. */
import { isRefusal } from '../access/index.ts';
import { SiltaError } from '../outcome.ts';
import type { AuditEntry } from '../store/index.ts';
import { maskHetu } from './mask-hetu.ts';
import type { Route } from './routes.ts';
import type { FhirRequest, FhirResponse, Session } from './types.ts';

export type Audit = (entries: readonly AuditEntry[]) => Promise<void>;

/**
 * @returns the answer, once what it shows is audited; writes are audited by the store, in their transaction
 * @throws SiltaError after a refusal is audited
 */
export async function perform(
  route: Pick<Route, 'name' | 'interact'>,
  request: FhirRequest,
  session: Session,
  audit: Audit,
): Promise<FhirResponse> {
  try {
    const response = await route.interact(request, session);
    if (response.shown) await audit([auditShown(session, response.shown, request)]);
    return response;
  } catch (error) {
    if (error instanceof SiltaError && isRefusal(error))
      await audit([auditRefusal(session, route.name, request)]);
    throw error;
  }
}

export function auditShown(
  { principal, requestId }: Session,
  shown: NonNullable<FhirResponse['shown']>,
  request: FhirRequest,
): AuditEntry {
  const names = [...new Set(request.parameters.map(([name]) => name))].join(' ');
  return {
    principal,
    requestId,
    action: shown.action,
    outcome: 'success',
    entities: shown.entities,
    ...(shown.detail !== undefined && { detail: maskHetu(shown.detail) }),
    ...(shown.action === 'search-type' && { detail: maskHetu(`${request.type} by ${names || 'nothing'}`) }),
  };
}

/** The row of a refusal: who was refused what, by id. */
export function auditRefusal(
  { principal, requestId }: Session,
  action: string,
  request: FhirRequest,
): AuditEntry {
  const entity = request.id ? `${request.type}/${request.id}` : request.type;
  return { principal, requestId, action, outcome: 'refused', entities: entity ? [maskHetu(entity)] : [] };
}
