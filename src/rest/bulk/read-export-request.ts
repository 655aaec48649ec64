// https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
import { SiltaError } from '../../outcome.ts';
import { authorizeCriteria } from '../authorize-criteria.ts';
import { readInstant } from '../parse-instant.ts';
import { type Parameters, parseParameters, singleParameter, writeParameters } from '../parse-parameters.ts';
import { isStoredType } from '../stored-type.ts';
import type { FhirRequest, Session } from '../types.ts';
import { isLenient, listParameters } from './export-parameters.ts';
import {
  describeCaller,
  type ExportLevel,
  type ExportRequest,
  requireBackend,
  type TypeFilter,
} from './export-request.ts';
import { isPatientType, planExport } from './plan-export.ts';

const FORMATS: ReadonlySet<string> = new Set(['application/fhir+ndjson', 'application/ndjson', 'ndjson']);
/** Search parameters that shape an answer instead of choosing resources. */
const RESULT_PARAMETERS = /^_(count|sort|total|include|revinclude|summary|elements|page|format|pretty)\b/;

/**
 * What is asked for, judged by what the caller may search and read.
 * @throws SiltaError `invalid-parameter`, `invalid-request`, `forbidden`
 */
export async function readExportRequest(
  request: FhirRequest,
  session: Session,
  level: ExportLevel,
): Promise<ExportRequest> {
  const caller = requireBackend(session.principal);
  const given = listParameters(request, level);
  const { parameters } = given;
  const ignored = [...given.ignored];
  const setAside = (message: string): void => {
    if (!isLenient(request)) throw new SiltaError('invalid-parameter', message);
    ignored.push(message);
  };
  const format = singleParameter(parameters, '_outputFormat');
  // A '+' that was not percent-encoded arrives as a space.
  if (format !== undefined && !FORMATS.has(format.replace('fhir ndjson', 'fhir+ndjson'))) {
    setAside("'_outputFormat' must be application/fhir+ndjson.");
  }
  const types = readTypes(parameters, session, level, setAside);
  const since = readInstant(parameters, '_since');
  const patients = parameters.flatMap(([name, value]) =>
    name === 'patient' ? [readPatient(value, session)] : [],
  );
  const asked: ExportRequest = {
    url: urlOf(request, session, level),
    level,
    ...(level === 'group' && { groupId: request.id }),
    types,
    ...(since !== undefined && { since: new Date(since).toISOString() }),
    filters: readFilters(parameters, session, types, setAside),
    ...(patients.length > 0 && { patients: [...new Set(patients)] }),
    ignored,
    caller: describeCaller(caller),
  };
  for (const query of planExport(session.rest, asked, asked.patients))
    await session.rest.exports.check(query);
  return asked;
}

function readTypes(
  parameters: Parameters,
  { rest, principal }: Session,
  level: ExportLevel,
  setAside: (message: string) => void,
): readonly string[] {
  const { definitions, access } = rest;
  const isExported = (type: string) =>
    isStoredType(definitions.resourceTypes, type) && (level === 'system' || isPatientType(definitions, type));
  const asked = parameters.flatMap(([name, value]) => (name === '_type' ? value.split(',') : []));
  if (asked.length === 0) {
    return [...definitions.resourceTypes].filter(
      (type) =>
        isExported(type) &&
        access.permits(principal, 'read', type) &&
        access.permits(principal, 'search', type),
    );
  }
  const types = [...new Set(asked)].filter((type) => {
    if (isExported(type)) return true;
    setAside(
      `'_type' must list resource types that this server keeps${level === 'system' ? '' : ' of patients'}.`,
    );
    return false;
  });
  for (const type of types) {
    access.authorize(principal, 'search', type);
    access.authorize(principal, 'read', type);
  }
  return types;
}

/** A list may be cut at commas or by repetition; a comma inside a query is not followed by another type's name. */
const BETWEEN_FILTERS = /,(?=[A-Z][A-Za-z]*\?)/;

function readFilters(
  parameters: Parameters,
  session: Session,
  types: readonly string[],
  setAside: (message: string) => void,
): readonly TypeFilter[] {
  const texts = parameters.flatMap(([name, value]) =>
    name === '_typeFilter' ? value.split(BETWEEN_FILTERS) : [],
  );
  return texts.flatMap((text) => {
    const [, type = '', query = ''] = /^([A-Z][A-Za-z]*)\?(.+)$/s.exec(text) ?? [];
    if (!types.includes(type)) {
      setAside(
        "A '_typeFilter' must be a search such as 'Task?status=requested', of a type that is exported.",
      );
      return [];
    }
    const all = parseParameters(query);
    const criteria = all.filter(([name]) => {
      const chooses = !RESULT_PARAMETERS.test(name) && session.rest.store.knowsParameter(type, name);
      if (!chooses) setAside(`A '_typeFilter' holds a parameter that does not choose among ${type}s.`);
      return chooses;
    });
    authorizeCriteria(session, type, criteria);
    return [{ type, parameters: criteria }];
  });
}

function readPatient(reference: string, { rest }: Session): string {
  const own = `${rest.baseUrl}/`;
  const relative = reference.startsWith(own) ? reference.slice(own.length) : reference;
  const [, id] = /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(relative) ?? [];
  if (id !== undefined) return id;
  throw new SiltaError('invalid-parameter', "'patient' must refer to a Patient of this server.");
}

function urlOf({ id, parameters }: FhirRequest, { rest }: Session, level: ExportLevel): string {
  const path = { system: '$export', patient: 'Patient/$export', group: `Group/${id}/$export` }[level];
  const query = writeParameters(parameters);
  return `${rest.baseUrl}/${path}${query && `?${query}`}`;
}
