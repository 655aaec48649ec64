/**
 * Which interaction an address means: one table for HTTP requests and for the entries of Bundles.
 * @see https://hl7.org/fhir/R4/http.html#summary
 */
import { SiltaError } from '../outcome.ts';
import { CANONICAL_ROOT } from '../resource.ts';
import { suggest } from '../suggest.ts';
import { EXPORT_ROUTES } from './bulk/export-routes.ts';
import { CODE_ROUTES } from './codes/code-routes.ts';
import { conditionalDelete } from './conditional-delete.ts';
import { conditionalUpdate } from './conditional-update.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { everythingOfCarePlan } from './everything-care-plan.ts';
import { everythingOfPatient } from './everything-patient.ts';
import { historyInstance, historySystem, historyType } from './history.ts';
import { addMeta, removeMeta, showMeta } from './meta.ts';
import { showMetaInUse } from './meta-in-use.ts';
import { HL7_OPERATION } from './operation-definition.ts';
import { operationRoutes } from './operation-routes.ts';
import { patch } from './patch.ts';
import { read } from './read.ts';
import { search } from './search.ts';
import { isStoredType } from './stored-type.ts';
import { transform } from './transform/transform.ts';
import type { Interact } from './types.ts';
import { update } from './update.ts';
import { validate } from './validate.ts';
import { vread } from './vread.ts';

export interface Route {
  readonly method: string;
  readonly path: string;
  /** Name of the interaction, in the words of the specification. */
  readonly name: string;
  readonly interact: Interact;
  /** Canonical of the operation's definition, for what is no interaction of the specification. */
  readonly operation?: string;
  /** Resource types that have it; absent: all. */
  readonly types?: readonly string[];
  /** What the body is: a resource, a patch, form parameters, or nothing that is read. */
  readonly body: 'resource' | 'patch' | 'form' | 'none';
  /** Whether it is a request of its own only, and no entry of a Bundle. */
  readonly alone?: boolean;
  /** Whether the answer is lines of NDJSON. */
  readonly answersLines?: boolean;
}

export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '', name: 'search-system', interact: search, body: 'none' },
  { method: 'POST', path: '_search', name: 'search-system', interact: search, body: 'form' },
  { method: 'GET', path: ':type', name: 'search-type', interact: search, body: 'none' },
  { method: 'POST', path: ':type/_search', name: 'search-type', interact: search, body: 'form' },
  { method: 'POST', path: ':type', name: 'create', interact: create, body: 'resource' },
  { method: 'PUT', path: ':type', name: 'update', interact: conditionalUpdate, body: 'resource' },
  { method: 'DELETE', path: ':type', name: 'delete', interact: conditionalDelete, body: 'none' },
  { method: 'GET', path: '_history', name: 'history-system', interact: historySystem, body: 'none' },
  { method: 'GET', path: ':type/_history', name: 'history-type', interact: historyType, body: 'none' },
  { method: 'GET', path: ':type/:id', name: 'read', interact: read, body: 'none' },
  { method: 'PUT', path: ':type/:id', name: 'update', interact: update, body: 'resource' },
  { method: 'PATCH', path: ':type', name: 'patch', interact: patch, body: 'patch' },
  { method: 'PATCH', path: ':type/:id', name: 'patch', interact: patch, body: 'patch' },
  { method: 'DELETE', path: ':type/:id', name: 'delete', interact: remove, body: 'none' },
  {
    method: 'GET',
    path: ':type/:id/_history',
    name: 'history-instance',
    interact: historyInstance,
    body: 'none',
  },
  { method: 'GET', path: ':type/:id/_history/:versionId', name: 'vread', interact: vread, body: 'none' },
  ...operationRoutes(validate, `${HL7_OPERATION}/Resource-validate`, {
    methods: ['POST'],
    at: ['type', 'instance'],
  }),
  ...operationRoutes(validate, `${HL7_OPERATION}/Resource-validate`, {}),
  ...operationRoutes(everythingOfPatient, `${HL7_OPERATION}/Patient-everything`, {
    types: ['Patient'],
    methods: ['GET', 'POST'],
    at: ['type', 'instance'],
  }),
  ...operationRoutes(everythingOfCarePlan, `${CANONICAL_ROOT}/OperationDefinition/CarePlan-everything`, {
    types: ['CarePlan'],
  }),
  ...operationRoutes(showMeta, `${HL7_OPERATION}/Resource-meta`, {}),
  ...operationRoutes(showMetaInUse, `${HL7_OPERATION}/Resource-meta`, { at: ['type', 'system'] }),
  ...operationRoutes(addMeta, `${HL7_OPERATION}/Resource-meta-add`, { methods: ['POST'] }),
  ...operationRoutes(removeMeta, `${HL7_OPERATION}/Resource-meta-delete`, { methods: ['POST'] }),
  ...CODE_ROUTES,
  ...EXPORT_ROUTES,
  ...operationRoutes(transform, `${HL7_OPERATION}/StructureMap-transform`, {
    types: ['StructureMap'],
    methods: ['POST'],
    at: ['type', 'instance'],
  }),
];

export interface Address {
  readonly type: string;
  readonly id: string;
  /** Or the number of a file. */
  readonly versionId: string;
}

/**
 * @param path decoded path below the FHIR base, without slashes at its ends
 * @throws SiltaError `not-supported`, `not-found`, `method-not-allowed`
 */
export function findRoute(
  method: string,
  path: string,
  resourceTypes: ReadonlySet<string>,
): { readonly route: Route; readonly address: Address } {
  const matching = routesAt(path);
  const [first] = matching;
  if (!first) throw new SiltaError('not-supported', 'There is no FHIR interaction at this address.');
  if (isOfType(first.route)) requireType(first.address.type, resourceTypes);
  const found = matching.find(({ route }) => route.method === (method === 'HEAD' ? 'GET' : method));
  if (found) return found;
  throw new SiltaError('method-not-allowed', `This address answers ${allowedMethods(path).join(', ')} only.`);
}

/** Whether a route is of one resource type; the others are of the whole system. */
export function isOfType({ path }: Pick<Route, 'path'>): boolean {
  return path.startsWith(':type');
}

/** Methods an address answers; empty when there is nothing. */
export function allowedMethods(path: string): readonly string[] {
  const methods = routesAt(path).map(({ route }) => route.method);
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
}

function routesAt(path: string): readonly { readonly route: Route; readonly address: Address }[] {
  const segments = path.split('/');
  return (PATTERNS.get(segments.length) ?? []).flatMap(({ route, parts }) => {
    const address = matchPath(parts, segments);
    const has = address && (route.types?.includes(address.type) ?? true);
    return has ? [{ route, address }] : [];
  });
}

interface Pattern {
  readonly route: Route;
  readonly parts: readonly string[];
}

/** By the number of their segments. */
const PATTERNS: ReadonlyMap<number, readonly Pattern[]> = groupBySegments(
  ROUTES.map((route) => ({ route, parts: route.path.split('/') })),
);

function groupBySegments(patterns: readonly Pattern[]): ReadonlyMap<number, readonly Pattern[]> {
  const groups = new Map<number, Pattern[]>();
  for (const pattern of patterns) {
    const { length } = pattern.parts;
    groups.set(length, [...(groups.get(length) ?? []), pattern]);
  }
  return groups;
}

function matchPath(parts: readonly string[], segments: readonly string[]): Address | undefined {
  // Most patterns are told from the path by what they end in.
  const last = parts.at(-1) ?? '';
  if (!last.startsWith(':') && last !== segments.at(-1)) return undefined;
  const address = { type: '', id: '', versionId: '' };
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part === ':type') {
      if (/^[_$]/.test(segment)) return undefined;
      address.type = segment;
    } else if (part === ':id') {
      if (!/^[A-Za-z0-9.-]{1,64}$/.test(segment)) return undefined;
      address.id = segment;
    } else if (part === ':versionId' || part === ':file') address.versionId = segment;
    else if (part !== segment) return undefined;
  }
  return address;
}

function requireType(type: string, resourceTypes: ReadonlySet<string>): void {
  if (isStoredType(resourceTypes, type)) return;
  const suggestion = suggest(type, resourceTypes);
  const named = /^[A-Za-z]{1,64}$/.test(type) ? `'${type}'` : 'This';
  const hint = suggestion && suggestion !== type ? ` Did you mean '${suggestion}'?` : '';
  throw new SiltaError('not-supported', `${named} is not a resource type this server keeps.${hint}`);
}
