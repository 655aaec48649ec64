// https://hl7.org/fhir/R4/http.html#transaction
import type { Principal } from '../principal.ts';
import type { Resource } from '../resource.ts';
import { createAuditGroup } from './group-audit.ts';
import { transaction } from './transaction.ts';
import type { RestOptions } from './types.ts';

/**
 * Transactions on behalf of the gateway's own pages: exactly the way of `POST /fhir`, without HTTP between.
 * @returns a function from a transaction Bundle to its transaction-response; it throws the SiltaError that HTTP would
 * have answered with
 */
export function createTransact(
  rest: RestOptions,
): (principal: Principal, bundle: Resource, requestId: string) => Promise<Resource> {
  const audit = createAuditGroup((entries) => rest.store.audit(entries));
  return async (principal, bundle, requestId) => {
    const session = { rest, principal, requestId, reader: rest.store };
    const answer = await transaction(bundle, session, audit);
    return JSON.parse(answer.body ?? '{}') as Resource;
  };
}
