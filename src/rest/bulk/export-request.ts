import { SiltaError } from '../../outcome.ts';
import type { Principal, Scope } from '../../principal.ts';
import type { Parameters } from '../parse-parameters.ts';

/** An export as it was asked for; kept with its job. */
export interface ExportRequest {
  readonly url: string;
  readonly level: ExportLevel;
  readonly groupId?: string;
  /** Resource types, all of them permitted to the caller. */
  readonly types: readonly string[];
  /** ISO instant. */
  readonly since?: string;
  readonly filters: readonly TypeFilter[];
  /** Ids, where the caller named patients. */
  readonly patients?: readonly string[];
  /** What was left aside because the caller prefers that to a refusal; a sentence each. */
  readonly ignored: readonly string[];
  readonly caller: ExportCaller;
}

export type ExportLevel = 'system' | 'patient' | 'group';

export interface TypeFilter {
  readonly type: string;
  readonly parameters: Parameters;
}

/** The caller with the permissions of the kick-off: the files hold what these allow. */
export interface ExportCaller {
  readonly who: string;
  readonly clientId: string;
  readonly sectors: Principal['sectors'];
  readonly scopes: readonly (Omit<Scope, 'permissions'> & { readonly permissions: string })[];
}

/**
 * Bulk data is for systems that act as themselves, not for a person's app.
 * @throws SiltaError `forbidden`
 */
export function requireBackend(principal: Principal): Principal & { readonly clientId: string } {
  const { kind, patientId, clientId } = principal;
  if (kind === 'system' && patientId === undefined && clientId !== undefined)
    return { ...principal, clientId };
  throw new SiltaError('forbidden', 'An export is for a backend service with system/ scopes.');
}

export function describeCaller(principal: Principal & { readonly clientId: string }): ExportCaller {
  const { who, clientId, sectors, scopes } = principal;
  return {
    who,
    clientId,
    sectors,
    scopes: scopes.map((scope) => ({ ...scope, permissions: [...scope.permissions].join('') })),
  };
}

export function toPrincipal({ scopes, ...caller }: ExportCaller): Principal {
  return {
    ...caller,
    kind: 'system',
    scopes: scopes.map((scope) => ({
      ...scope,
      permissions: new Set([...scope.permissions] as ('c' | 'r' | 'u' | 'd' | 's')[]),
    })),
  };
}
