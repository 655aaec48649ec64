// https://hl7.org/fhir/R4/patient-operation-everything.html
import { SiltaError } from '../outcome.ts';
import type { StoredVersion } from '../store/index.ts';
import { assembleBundle, type BundleLink, type EntryText } from './assemble-bundle.ts';
import { readInstant } from './parse-instant.ts';
import { type Parameters, parseCount, singleParameter, writeParameters } from './parse-parameters.ts';
import { GENERAL_PARAMETERS, refuseParameters } from './refuse-parameters.ts';
import { referenceOf } from './represent.ts';
import { openPage, sealPage } from './seal-page.ts';
import { isStoredType } from './stored-type.ts';
import type { FhirRequest, Interact, Session } from './types.ts';

/** A Patient, everything in its compartment, and what that refers to; as far as the caller may see it. */
export const everythingOfPatient: Interact = async (request, session) => {
  const { rest, principal, reader } = session;
  refuseParameters(request, ['_since', '_type', '_count', '_page']);
  rest.access.authorize(principal, 'read', 'Patient');
  const patient = rest.access.authorizeStored(principal, 'Patient', await reader.read('Patient', request.id));
  if (patient.content === null) throw new SiltaError('gone', 'This Patient was deleted.');
  const { parameters, after } = askedFor(request, session);
  const since = readInstant(parameters, '_since');
  const page = await rest.store.compartment({
    patientId: patient.id,
    types: readTypes(parameters, session),
    count: Math.max(1, parseCount(singleParameter(parameters, '_count'), rest.limits)),
    visibility: rest.access.visibility(principal),
    ...(since !== undefined && { since }),
    ...(after !== undefined && { after }),
  });
  const url = `${rest.baseUrl}/Patient/${patient.id}/$everything`;
  const query = writeParameters(parameters);
  const links: BundleLink[] = [{ relation: 'self', url: `${url}${query && `?${query}`}` }];
  if (page.next !== undefined) {
    const state: PageState = { parameters, after: page.next };
    const token = sealPage(rest.sealingKey, bindingOf(request, session), state);
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
  const asked = singleParameter(parameters, '_type')?.split(',');
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
  { parameters, ...request }: FhirRequest,
  session: Session,
): { readonly parameters: Parameters; readonly after?: number } {
  const own = parameters.filter(([name]) => !GENERAL_PARAMETERS.includes(name));
  const token = singleParameter(own, '_page');
  if (token === undefined) return { parameters: own };
  if (own.length > 1) throw new SiltaError('invalid-parameter', "'_page' takes no other parameters.");
  const binding = bindingOf({ ...request, parameters }, session);
  return openPage(session.rest.sealingKey, binding, token) as PageState;
}

const bindingOf = ({ id }: FhirRequest, { principal }: Session): string =>
  `everything|${principal.who}|${principal.clientId ?? ''}|${id}`;
