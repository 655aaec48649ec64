// https://hl7.org/fhir/R4/patient-operation-everything.html
import { SiltaError } from '../outcome.ts';
import { dateRange, type StoredVersion } from '../store/index.ts';
import { assembleBundle, type BundleLink, type EntryText } from './assemble-bundle.ts';
import { HL7_OPERATION, requireDefinition } from './operation-definition.ts';
import { readOperationInput } from './operation-input.ts';
import { readInstant } from './parse-instant.ts';
import { type Parameters, parseCount, singleParameter, writeParameters } from './parse-parameters.ts';
import { referenceOf } from './represent.ts';
import { openPage, sealPage } from './seal-page.ts';
import { isStoredType } from './stored-type.ts';
import type { FhirRequest, Interact, Session } from './types.ts';

/** A Patient, everything in its compartment, and what that refers to; as far as the caller may see it. */
export const everythingOfPatient: Interact = async (request, session) => {
  const { rest, principal, reader } = session;
  rest.access.authorize(principal, 'read', 'Patient');
  const id = request.id === '' ? ownPatient(session) : request.id;
  const patient = rest.access.authorizeStored(principal, 'Patient', await reader.read('Patient', id));
  if (patient.content === null) throw new SiltaError('gone', 'This Patient was deleted.');
  const { parameters, after } = askedFor({ ...request, id }, session);
  const since = readInstant(parameters, '_since');
  const during = readPeriod(parameters);
  const page = await rest.store.compartment({
    patientId: patient.id,
    types: readTypes(parameters, session),
    count: Math.max(1, parseCount(singleParameter(parameters, '_count'), rest.limits)),
    visibility: rest.access.visibility(principal),
    ...(since !== undefined && { since }),
    ...(during && { during }),
    ...(after !== undefined && { after }),
  });
  const url = `${rest.baseUrl}/Patient/${patient.id}/$everything`;
  const query = writeParameters(parameters);
  const links: BundleLink[] = [{ relation: 'self', url: `${url}${query && `?${query}`}` }];
  if (page.next !== undefined) {
    const state: PageState = { parameters, after: page.next };
    const token = sealPage(rest.sealingKey, bindingOf({ id }, session), state);
    links.push({ relation: 'next', url: `${url}?_page=${token}` });
  }
  const entries = [
    ...page.members.map((each) => toEntry(session, each, 'match')),
    ...page.supporting.map((each) => toEntry(session, each, 'include')),
  ];
  const entities = [...page.members, ...page.supporting].map(referenceOf);
  return {
    status: 200,
    body: assembleBundle({ type: 'searchset', links, entries }),
    shown: { action: 'everything', entities },
  };
};

export function toEntry(session: Session, stored: StoredVersion, search: 'match' | 'include'): EntryText {
  return {
    fullUrl: `${session.rest.baseUrl}/${referenceOf(stored)}`,
    resource: stored.content ?? '{}',
    search,
  };
}

/** Types that the caller may both find and read, of those asked for. */
function readTypes(parameters: Parameters, { rest, principal }: Session): readonly string[] {
  const { resourceTypes } = rest.definitions;
  const named = parameters.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','));
  const asked = named.length > 0 ? named : undefined;
  if (asked?.some((type) => !isStoredType(resourceTypes, type))) {
    throw new SiltaError('invalid-parameter', "'_type' must list resource types that this server keeps.");
  }
  return (asked ?? [...resourceTypes].filter((type) => isStoredType(resourceTypes, type))).filter(
    (type) => rest.access.permits(principal, 'read', type) && rest.access.permits(principal, 'search', type),
  );
}

interface PageState {
  readonly parameters: Parameters;
  readonly after: number;
}

function askedFor(
  request: FhirRequest,
  session: Session,
): { readonly parameters: Parameters; readonly after?: number } {
  const definition = requireDefinition(session.rest, `${HL7_OPERATION}/Patient-everything`);
  const input = readOperationInput(request, definition);
  if (input.has('_offset')) {
    throw new SiltaError(
      'unsupported-content',
      "'_offset' is not supported: follow the links from page to page.",
    );
  }
  const own = input.primitives.map(({ name, value }) => [name, String(value)] as const);
  const token = singleParameter(request.parameters, '_page');
  if (token === undefined) return { parameters: own };
  if (own.length > 0) throw new SiltaError('invalid-parameter', "'_page' takes no other parameters.");
  return openPage(session.rest.sealingKey, bindingOf(request, session), token) as PageState;
}

/** Without an id it is about the one patient that the caller is confined to. */
function ownPatient({ principal }: Session): string {
  if (principal.patientId !== undefined) return principal.patientId;
  throw new SiltaError('too-costly', 'Everything of every patient is what Patient/$export is for.');
}

/** The time of care that is asked for: from the first moment of `start` to the last of `end`. */
function readPeriod(parameters: Parameters): { readonly low: number; readonly high: number } | undefined {
  const [start, end] = [singleParameter(parameters, 'start'), singleParameter(parameters, 'end')];
  if (start === undefined && end === undefined) return undefined;
  const bound = (name: string, text: string) => {
    const range = dateRange(text);
    if (range) return range;
    throw new SiltaError('invalid-parameter', `The parameter '${name}' must be a date.`);
  };
  const low = start === undefined ? Number.NEGATIVE_INFINITY : bound('start', start).low;
  const high = end === undefined ? Number.POSITIVE_INFINITY : bound('end', end).high;
  if (low <= high) return { low, high };
  throw new SiltaError('invalid-parameter', "The parameter 'end' must not be before 'start'.");
}

const bindingOf = ({ id }: Pick<FhirRequest, 'id'>, { principal }: Session): string =>
  `everything|${principal.who}|${principal.clientId ?? ''}|${id}`;
