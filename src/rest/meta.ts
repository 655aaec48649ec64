/**
 * `$meta`, `$meta-add` and `$meta-delete` of one resource.
 * @see https://hl7.org/fhir/R4/resource-operation-meta.html
 * @see https://hl7.org/fhir/R4/resource-operation-meta-add.html
 */
import { keepDigits, parseStored, stringifyExactly } from '../exact-json.ts';
import { SiltaError } from '../outcome.ts';
import type { Coding, Resource } from '../resource.ts';
import type { StoredVersion } from '../store/index.ts';
import { changeStored } from './patch.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { showVersion } from './represent.ts';
import type { FhirRequest, FhirResponse, Interact } from './types.ts';
import { describeVersion } from './version-headers.ts';

type Meta = NonNullable<Resource['meta']>;

/** The profiles, tags and labels of the current version. */
export const showMeta: Interact = async (request, { rest, principal, reader }) => {
  refuseParameters(request, []);
  rest.access.authorize(principal, 'read', request.type);
  const found = await reader.read(request.type, request.id);
  const answer = showVersion(request, rest.access.authorizeStored(principal, request.type, found), 'meta');
  if (answer.body === undefined) return answer;
  return { ...answer, body: parametersOf((parseStored(answer.body) as Resource).meta) };
};

/** Adds profiles, tags and labels. It makes a new version: what a resource was labelled when stays known. */
export const addMeta: Interact = async (request, session) => {
  const given = readMeta(request);
  const { stored } = await changeStored(request, session, (before) => ({
    ...before,
    meta: compact({
      ...before.meta,
      profile: [...new Set([...(before.meta?.profile ?? []), ...(given.profile ?? [])])],
      tag: unite(before.meta?.tag, given.tag),
      security: unite(before.meta?.security, given.security),
    }),
  }));
  return answer(stored);
};

/** Takes profiles and tags away, those that are there. Security labels are never taken away. */
export const removeMeta: Interact = async (request, session) => {
  const given = readMeta(request);
  if (given.security && given.security.length > 0) {
    throw new SiltaError('forbidden', 'Security labels cannot be taken away.', {
      expression: [`${request.type}.meta.security`],
    });
  }
  const { stored } = await changeStored(request, session, (before) => ({
    ...before,
    meta: compact({
      ...before.meta,
      profile: (before.meta?.profile ?? []).filter((url) => !given.profile?.includes(url)),
      tag: (before.meta?.tag ?? []).filter((tag) => !given.tag?.some((other) => isSame(tag, other))),
    }),
  }));
  return answer(stored);
};

function answer(stored: StoredVersion): FhirResponse {
  const { meta } = parseStored(stored.content ?? '{}') as Resource;
  return { status: 200, body: parametersOf(meta), ...describeVersion(stored) };
}

function parametersOf(meta: Meta | undefined): string {
  const valueMeta = stringifyExactly(meta ?? {});
  return `{"resourceType":"Parameters","parameter":[{"name":"return","valueMeta":${valueMeta}}]}`;
}

/** @throws SiltaError `invalid-request` when the body holds no Meta */
function readMeta({ resource }: FhirRequest): Meta {
  const parts: unknown = resource?.resourceType === 'Parameters' ? resource['parameter'] : undefined;
  const part = Array.isArray(parts) ? parts.find((each) => each?.name === 'meta') : undefined;
  const meta: unknown = part?.valueMeta;
  const lists = ['profile', 'tag', 'security'] as const;
  const isMeta =
    typeof meta === 'object' &&
    meta !== null &&
    !Array.isArray(meta) &&
    lists.every((name) => {
      const list = (meta as Record<string, unknown>)[name];
      return list === undefined || (Array.isArray(list) && list.every((each) => each !== null));
    });
  if (isMeta) return meta as Meta;
  throw new SiltaError('invalid-request', "The body must be Parameters with 'meta' as valueMeta.", {
    expression: ['Parameters.parameter'],
  });
}

/** FHIR has no empty lists. */
function compact(meta: Meta): Meta {
  const kept = Object.entries(meta).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  return keepDigits(meta, Object.fromEntries(kept));
}

function unite(kept: readonly Coding[] = [], given: readonly Coding[] = []): readonly Coding[] {
  return [...kept, ...given.filter((each) => !kept.some((other) => isSame(each, other)))];
}

const isSame = (one: Coding, other: Coding): boolean =>
  one.system === other.system && one.code === other.code;
