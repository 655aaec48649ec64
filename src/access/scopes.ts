/**
 * SMART scopes: which letter an interaction needs and whether the caller was granted it.
 * @see https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#fhir-resource-scope-syntax
 */
import type { Principal, Scope } from '../principal.ts';
import type { Interaction } from './types.ts';

export type Letter = 'c' | 'r' | 'u' | 'd' | 's';

/** `validate` reads the definitions and the body only, so that any permission on the type is enough. */
export const LETTERS: Readonly<Record<Interaction, readonly Letter[]>> = {
  read: ['r'],
  vread: ['r'],
  history: ['r'],
  search: ['s'],
  create: ['c'],
  update: ['u'],
  patch: ['u'],
  delete: ['d'],
  validate: ['c', 'r', 'u', 'd', 's'],
};

/** Whether one of the principal's scopes grants the interaction with the type. The gateway needs none. */
export function grants(principal: Principal, interaction: Interaction, type: string): boolean {
  if (principal.kind === 'gateway') return true;
  const letters = LETTERS[interaction];
  return principal.scopes.some(
    (scope) =>
      applies(scope, principal) &&
      (scope.resource === '*' || scope.resource === type) &&
      letters.some((letter) => scope.permissions.has(letter)),
  );
}

/** A scope counts only for the kind of caller its level is meant for, whatever a token says. */
function applies(scope: Scope, principal: Principal): boolean {
  if (scope.level === 'patient') return principal.patientId !== undefined;
  if (scope.level === 'user') return principal.kind === 'citizen' || principal.kind === 'professional';
  return principal.kind === 'system';
}
