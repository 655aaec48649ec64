// https://hl7.org/fhir/R4/http.html#history
import { SiltaError } from '../outcome.ts';
import { dateRange, type HistoryQuery, type StoredVersion } from '../store/index.ts';
import { assembleBundle, type BundleLink, type EntryText } from './assemble-bundle.ts';
import { readInstant } from './parse-instant.ts';
import { type Parameters, parseCount, singleParameter, writeParameters } from './parse-parameters.ts';
import { GENERAL_PARAMETERS, refuseParameters } from './refuse-parameters.ts';
import { referenceOf } from './represent.ts';
import { openPage, sealPage } from './seal-page.ts';
import { isStoredType } from './stored-type.ts';
import type { FhirRequest, FhirResponse, Interact, RestOptions, Session } from './types.ts';
import { etagOf } from './version-headers.ts';

const METHODS = {
  create: ['POST', '201 Created'],
  update: ['PUT', '200 OK'],
  delete: ['DELETE', '204 No Content'],
};

/** Versions of one resource, newest first, those the caller may see. */
export const historyInstance: Interact = async (request, session) => {
  const { rest, principal, reader } = session;
  const { type, id } = request;
  rest.access.authorize(principal, 'history', type);
  rest.access.authorizeStored(principal, type, await reader.read(type, id));
  return showHistory(request, session, {
    name: 'history-instance',
    address: `${type}/${id}/`,
    types: [type],
  });
};

/** Versions of all resources of one type. */
export const historyType: Interact = async (request, session) => {
  const { type } = request;
  session.rest.access.authorize(session.principal, 'history', type);
  return showHistory(request, session, { name: 'history-type', address: `${type}/`, types: [type] });
};

/** Versions of all resources, of those types whose history the caller may read. */
export const historySystem: Interact = async (request, session) => {
  const { definitions, access } = session.rest;
  const types = [...definitions.resourceTypes].filter(
    (type) =>
      isStoredType(definitions.resourceTypes, type) && access.permits(session.principal, 'history', type),
  );
  if (types.length === 0) {
    throw new SiltaError('forbidden', "No granted scope allows 'history' of any type (needs 'r').");
  }
  return showHistory(request, session, { name: 'history-system', address: '', types });
};

interface Level {
  readonly name: string;
  /** Path of what the history is of, below the base, with a slash at its end. */
  readonly address: string;
  readonly types: readonly string[];
}

async function showHistory(request: FhirRequest, session: Session, level: Level): Promise<FhirResponse> {
  const { rest, principal } = session;
  refuseParameters(request, ['_count', '_page', '_since', '_at']);
  const { parameters, before } = askedFor(request, session, level);
  const count = Math.max(1, parseCount(singleParameter(parameters, '_count'), rest.limits));
  const versions = await rest.store.changes({
    types: level.types,
    ...(request.id !== '' && { id: request.id }),
    ...readTimes(parameters),
    ...(before && { before }),
    count: count + 1,
    visibility: rest.access.visibility(principal),
  });
  const shown = versions.slice(0, count);
  const url = `${rest.baseUrl}/${level.address}_history`;
  const query = writeParameters(parameters);
  const links: BundleLink[] = [{ relation: 'self', url: `${url}${query && `?${query}`}` }];
  const last = shown.at(-1);
  if (last && versions.length > count) {
    const { lastUpdated, type, id, versionId } = last;
    const state: PageState = { parameters, before: { lastUpdated, type, id, versionId } };
    const next = sealPage(rest.sealingKey, bindingOf(session, level), state);
    links.push({ relation: 'next', url: `${url}?_page=${next}` });
  }
  return {
    status: 200,
    body: assembleBundle({ type: 'history', links, entries: shown.map((each) => historyEntry(rest, each)) }),
    shown: { action: level.name, entities: [...new Set(shown.map(referenceOf))] },
  };
}

interface PageState {
  readonly parameters: Parameters;
  readonly before: NonNullable<HistoryQuery['before']>;
}

/** A history is what its parameters say, or what a page link continues. */
function askedFor(
  { parameters }: FhirRequest,
  session: Session,
  level: Level,
): { readonly parameters: Parameters; readonly before?: PageState['before'] } {
  const own = parameters.filter(([name]) => !GENERAL_PARAMETERS.includes(name));
  const token = singleParameter(own, '_page');
  if (token === undefined) return { parameters: own };
  if (own.length > 1) {
    throw new SiltaError('invalid-parameter', "'_page' continues a history and takes no other parameters.");
  }
  return openPage(session.rest.sealingKey, bindingOf(session, level), token) as PageState;
}

function bindingOf({ principal }: Session, level: Level): string {
  return `history|${principal.who}|${principal.clientId ?? ''}|${level.address}`;
}

/** @throws SiltaError `invalid-parameter` */
function readTimes(parameters: Parameters): Pick<HistoryQuery, 'since' | 'at'> {
  const since = readInstant(parameters, '_since');
  const at = singleParameter(parameters, '_at');
  const span = at === undefined ? undefined : dateRange(at);
  if (at !== undefined && !span) {
    throw new SiltaError('invalid-parameter', "The parameter '_at' must be a date or a time.");
  }
  return { ...(since !== undefined && { since }), ...(span && { at: span }) };
}

function historyEntry(rest: RestOptions, version: StoredVersion): EntryText {
  const [method = '', status = ''] = METHODS[version.method];
  const reference = referenceOf(version);
  return {
    fullUrl: `${rest.baseUrl}/${reference}`,
    ...(version.content !== null && { resource: version.content }),
    request: { method, url: method === 'POST' ? version.type : reference },
    response: { status, etag: etagOf(version.versionId), lastModified: version.lastUpdated },
  };
}
