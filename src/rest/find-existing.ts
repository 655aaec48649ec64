/**
 * The one resource that criteria mean: for conditional creates and conditional references.
 * @see https://hl7.org/fhir/R4/http.html#ccreate
 */
import { SiltaError } from '../outcome.ts';
import type { StoredVersion } from '../store/index.ts';
import { authorizeCriteria } from './authorize-criteria.ts';
import { type Parameters, parseParameters, writeParameters } from './parse-parameters.ts';
import { GENERAL_PARAMETERS } from './refuse-parameters.ts';
import type { FhirRequest, Session } from './types.ts';

/**
 * Reads criteria such as `identifier=urn:x|1`, with or without a leading `?` or `Type?`.
 * @throws SiltaError `invalid-parameter`; criteria that would match everything are refused
 */
export function parseCriteria(type: string, text: string): Parameters {
  return requireCriteria(parseParameters(text.replace(new RegExp(`^(?:${type})?\\?`), '')));
}

/**
 * The criteria of an update, patch or delete that names no id: its query.
 * @throws SiltaError `invalid-parameter`
 */
export function queryCriteria(request: FhirRequest): Parameters {
  return requireCriteria(request.parameters.filter(([name]) => !GENERAL_PARAMETERS.includes(name)));
}

/**
 * The criteria of a conditional interaction; undefined for one that names its resource.
 * @param name of the interaction
 * @throws SiltaError `invalid-parameter`
 */
export function criteriaOf(name: string, request: FhirRequest): Parameters | undefined {
  if (name === 'create') {
    return request.ifNoneExist === undefined ? undefined : parseCriteria(request.type, request.ifNoneExist);
  }
  return request.id === '' && WRITES.has(name) ? queryCriteria(request) : undefined;
}

const WRITES: ReadonlySet<string> = new Set(['update', 'patch', 'delete']);

function requireCriteria(parameters: Parameters): Parameters {
  const selecting = parameters.filter(([name, value]) => name !== '' && value !== '');
  if (selecting.length === 0) {
    throw new SiltaError('invalid-parameter', 'The criteria of a conditional interaction select nothing.');
  }
  const control = parameters.find(([name]) =>
    /^_(count|sort|total|include|revinclude|summary|elements|page)\b/.test(name),
  );
  if (control) {
    throw new SiltaError('invalid-parameter', `'${control[0].split(':')[0]}' has no place in criteria.`);
  }
  return parameters;
}

/** Key under which everyone who would create by the same criteria waits for one another. */
export function criteriaKey(type: string, criteria: Parameters): string {
  return `criteria:${type}?${writeParameters([...criteria].sort(([a, b], [c, d]) => compare(a, c) || compare(b, d)))}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * The match the caller may see, or undefined.
 * @throws SiltaError `multiple-matches`; `forbidden` without permission to search
 */
export async function findExisting(
  session: Session,
  type: string,
  criteria: Parameters,
): Promise<StoredVersion | undefined> {
  session.rest.access.authorize(session.principal, 'search', type);
  authorizeCriteria(session, type, criteria);
  const page = await session.reader.search({
    type,
    parameters: [...criteria, ['_count', '2']],
    visibility: session.rest.access.visibility(session.principal),
  });
  if (page.matches.length > 1) {
    throw new SiltaError('multiple-matches', `The criteria match more than one ${type}.`);
  }
  return page.matches[0];
}
