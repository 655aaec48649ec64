/**
 * SMART scopes: v2 (`patient/Observation.rs`), v1 mapped to it (`patient/Observation.read`), and the narrowing of what a
 * client asks for to what it is registered for.
 * @see https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
 */
import type { Scope } from '../principal.ts';

type Permission = 'c' | 'r' | 'u' | 'd' | 's';
type Level = Scope['level'];

/** Scopes that are no access to resources: identity of the user, the launch context, refresh tokens. */
export const CONTEXT_SCOPES = [
  'openid',
  'fhirUser',
  'launch/patient',
  'offline_access',
  'online_access',
] as const;

const SHAPE = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\.([a-z]{1,5}|\*)$/;
const IN_ORDER = /^(?=.)c?r?u?d?s?$/;
/** https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources (v1) */
const FROM_V1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** Reads one scope; undefined when it is no resource scope or its letters are unknown or out of order. */
export function parseScope(text: string): Scope | undefined {
  const [, level, resource, suffix = ''] = SHAPE.exec(text) ?? [];
  if (!level || !resource) return undefined;
  const letters = Object.hasOwn(FROM_V1, suffix) ? FROM_V1[suffix] : suffix;
  if (letters === undefined || !IN_ORDER.test(letters)) return undefined;
  return { level: level as Level, resource, permissions: new Set([...letters] as Permission[]) };
}

/**
 * The resource scopes of a space-separated list. Context scopes, unknown ones, and those with letters out of order
 * (`.sr`) or restricted by a query grant nothing and are left out.
 */
export function parseScopes(text: string): readonly Scope[] {
  return text.split(' ').flatMap((word) => parseScope(word) ?? []);
}

/** The v2 form of a scope. */
export function formatScope(scope: Scope): string {
  const letters = (['c', 'r', 'u', 'd', 's'] as const).filter((letter) => scope.permissions.has(letter));
  return `${scope.level}/${scope.resource}.${letters.join('')}`;
}

/**
 * What a client gets of the scopes it asks for: the part that its registration covers, in v2 form, duplicates joined,
 * in alphabetical order, so that the same grant always reads the same.
 * Asking for `patient/*.rs` with `patient/Task.cruds` registered gives `patient/Task.rs`.
 * @param requested space-separated scopes of the request
 * @param registered scopes of the client's registration
 */
export function narrowScopes(requested: string, registered: readonly string[]): readonly string[] {
  const words = requested.split(' ').filter(Boolean);
  const context = CONTEXT_SCOPES.filter((scope) => words.includes(scope) && registered.includes(scope));
  const allowed = registered.flatMap((word) => parseScope(word) ?? []);
  const granted = new Map<string, Scope>();
  for (const asked of words.flatMap((word) => parseScope(word) ?? [])) {
    for (const limit of allowed) {
      const part = intersect(asked, limit);
      if (!part) continue;
      const name = `${part.level}/${part.resource}`;
      const before = granted.get(name)?.permissions ?? [];
      granted.set(name, { ...part, permissions: new Set([...before, ...part.permissions]) });
    }
  }
  return [...context, ...[...granted.values()].map(formatScope).sort()];
}

function intersect(asked: Scope, limit: Scope): Scope | undefined {
  if (asked.level !== limit.level) return undefined;
  if (asked.resource !== limit.resource && asked.resource !== '*' && limit.resource !== '*') return undefined;
  const permissions = new Set([...asked.permissions].filter((letter) => limit.permissions.has(letter)));
  if (permissions.size === 0) return undefined;
  return {
    level: asked.level,
    resource: asked.resource === '*' ? limit.resource : asked.resource,
    permissions,
  };
}
