// https://hl7.org/fhir/R4/http.html#search
import { type Issue, SiltaError, toOperationOutcome } from '../outcome.ts';
import type { SearchPage, SearchPageText, SearchQuery, StoredVersion } from '../store/index.ts';
import {
  assembleBundle,
  type BundleHead,
  type BundleLink,
  type EntryText,
  wrapEntries,
} from './assemble-bundle.ts';
import { authorizeCriteria } from './authorize-criteria.ts';
import { type Parameters, parseCount, singleParameter } from './parse-parameters.ts';
import { GENERAL_PARAMETERS } from './refuse-parameters.ts';
import { referenceOf } from './represent.ts';
import { nextLink, openPageState, selfLink } from './search-links.ts';
import { isStoredType } from './stored-type.ts';
import { applySummary, parseSummary, type Summary } from './summarize.ts';
import type { FhirRequest, Interact, Session } from './types.ts';

/** Parameters that the edge reads and the store does not know. */
const EDGE_PARAMETERS: readonly string[] = [...GENERAL_PARAMETERS, '_summary', '_elements', '_count'];

/** Searches one type, by GET or by `POST [type]/_search`, or the types that `_type` lists. */
export const search: Interact = async (request, session) => {
  const { rest, principal } = session;
  if (request.type !== '') rest.access.authorize(principal, 'search', request.type);
  const { parameters, types, ignored, cursor } = setAside(request, session);
  for (const type of types) {
    rest.access.authorize(principal, 'search', type);
    authorizeCriteria(session, type, parameters);
  }
  const summary = parseSummary(parameters);
  const query: SearchQuery = {
    type: request.type,
    ...(request.type === '' && { types }),
    parameters: storeParameters(
      request.type === '' ? parameters.filter(([name]) => name !== '_type') : parameters,
      summary,
      session,
    ),
    visibility: rest.access.visibility(principal),
    ...includeLimits(session, parameters),
    ...(cursor !== undefined && { cursor }),
  };
  const action = request.type === '' ? 'search-system' : 'search-type';
  const asStored = summary === undefined && ignored.length === 0 && query.includable === undefined;
  if (request.takesPieces && asStored) {
    const page = await rest.store.searchText(query, rest.baseUrl);
    const pieces = wrapEntries(headOf(session, request.type, page, parameters), page.entries);
    return { status: 200, pieces, shown: { action, entities: page.shown } };
  }
  const page = await session.reader.search(query);
  return {
    status: 200,
    body: searchset(session, request.type, { page, parameters, ignored, summary }),
    shown: { action, entities: listShown(session, page, summary) },
  };
};

/** A search is what its parameters say, or what a page link continues. */
function askedFor(request: FhirRequest, session: Session): { parameters: Parameters; cursor?: string } {
  const token = singleParameter(request.parameters, '_page');
  if (token === undefined) return { parameters: request.parameters };
  if (request.parameters.some(([name]) => name !== '_page' && !GENERAL_PARAMETERS.includes(name))) {
    throw new SiltaError('invalid-parameter', "'_page' continues a search and takes no other parameters.");
  }
  const state = openPageState(session, request.type, token);
  return { parameters: state.parameters, cursor: state.next };
}

interface Asked {
  readonly parameters: Parameters;
  readonly types: readonly string[];
  /** Names that no parameter has, when the caller prefers that to a refusal. */
  readonly ignored: readonly string[];
  readonly cursor?: string;
}

/** @see https://hl7.org/fhir/R4/search.html#errors */
function setAside(request: FhirRequest, session: Session): Asked {
  const asked = askedFor(request, session);
  const isOfType = request.type !== '';
  const types = isOfType ? [request.type] : readSystemTypes(session.rest, asked.parameters);
  if (request.preferHandling !== 'lenient') return { ...asked, types, ignored: [] };
  const { store } = session.rest;
  const isKnown = (name: string) =>
    EDGE_PARAMETERS.includes(name) ||
    (!isOfType && name === '_type') ||
    types.every((type) => store.knowsParameter(type, name));
  const names = new Set(asked.parameters.map(([name]) => name).filter((name) => !isKnown(name)));
  return {
    ...asked,
    types,
    parameters: asked.parameters.filter(([name]) => !names.has(name)),
    ignored: [...names],
  };
}

/** The types of a search at the base. @see https://hl7.org/fhir/R4/http.html#search */
function readSystemTypes({ definitions }: Session['rest'], parameters: Parameters): readonly string[] {
  const types = [...new Set(singleParameter(parameters, '_type')?.split(','))];
  if (types.length === 0 || types.length > MOST_TYPES) {
    throw new SiltaError(
      'invalid-parameter',
      `A search at the base names its types: '_type' must list 1 to ${MOST_TYPES}.`,
    );
  }
  if (!types.every((type) => isStoredType(definitions.resourceTypes, type))) {
    throw new SiltaError(
      'invalid-parameter',
      "'_type' must list resource types that this server keeps, with commas between them.",
    );
  }
  return types;
}

/** Each type is a search of its own. */
const MOST_TYPES = 20;

/** What may be included: what the caller may read, and of what refers to matches also search. */
function includeLimits(
  { rest, principal }: Session,
  parameters: Parameters,
): Pick<SearchQuery, 'includable' | 'mostIncluded'> {
  if (!parameters.some(([name]) => /^_(rev)?include/.test(name))) return {};
  const permitted = (interaction: 'read' | 'search', types: Iterable<string>): ReadonlySet<string> =>
    new Set([...types].filter((type) => rest.access.permits(principal, interaction, type)));
  const referred = permitted('read', rest.definitions.resourceTypes);
  return {
    includable: { referred, referring: permitted('search', referred) },
    mostIncluded: rest.limits.maxIncluded,
  };
}

function storeParameters(parameters: Parameters, summary: Summary | undefined, session: Session): Parameters {
  const own = parameters.filter(([name]) => !EDGE_PARAMETERS.includes(name));
  if (summary?.kind === 'count') {
    return [...own.filter(([name]) => name !== '_total'), ['_total', 'accurate'], ['_count', '0']];
  }
  const count = parseCount(singleParameter(parameters, '_count'), session.rest.limits);
  return [...own, ['_count', String(count)]];
}

interface Found {
  readonly page: SearchPage;
  readonly parameters: Parameters;
  readonly ignored: readonly string[];
  readonly summary: Summary | undefined;
}

/** Total and links of a page, before its entries. */
function headOf(
  session: Session,
  type: string,
  page: Pick<SearchPageText, 'total' | 'next'>,
  parameters: Parameters,
): BundleHead {
  const links: BundleLink[] = [{ relation: 'self', url: selfLink(session, type, parameters) }];
  if (page.next !== undefined) {
    links.push({ relation: 'next', url: nextLink(session, type, { parameters, next: page.next }) });
  }
  return { type: 'searchset', ...(page.total !== undefined && { total: page.total }), links };
}

function searchset(session: Session, type: string, { page, parameters, ignored, summary }: Found): string {
  const head = headOf(session, type, page, parameters);
  if (summary?.kind === 'count') return assembleBundle({ ...head, entries: [] });
  const entry =
    (mode: 'match' | 'include') =>
    (stored: StoredVersion): EntryText => ({
      fullUrl: `${session.rest.baseUrl}/${referenceOf(stored)}`,
      resource: contentOf(session, stored, summary),
      search: mode,
    });
  const entries = [
    ...page.matches.map(entry('match')),
    ...visibleIncludes(session, page).map(entry('include')),
    ...(ignored.length > 0 || page.includedCut ? [report(session, ignored, page)] : []),
  ];
  return assembleBundle({ ...head, entries });
}

/** What the page leaves out. A name may be a misplaced value, so only what names are made of is repeated. */
function report({ rest }: Session, ignored: readonly string[], page: SearchPage): EntryText {
  const issues = ignored.map((name): Issue => {
    const shown = name.slice(0, 100).replace(/[^A-Za-z_:.-]+/g, '…');
    return {
      severity: 'warning',
      code: 'not-supported',
      diagnostics: `The search parameter '${shown}' is not known here and was ignored.`,
    };
  });
  const cut: Issue = {
    severity: 'warning',
    code: 'incomplete',
    diagnostics: `More would be included than the ${rest.limits.maxIncluded} resources that a page takes: ask for a smaller _count or for fewer includes.`,
  };
  const outcome = toOperationOutcome(page.includedCut ? [...issues, cut] : issues);
  return { resource: JSON.stringify(outcome), search: 'outcome' };
}

/** The store confines includes to what is visible; which types the caller may read is a matter of scopes. */
function visibleIncludes(session: Session, page: SearchPage): readonly StoredVersion[] {
  return page.included.filter((stored) => session.rest.access.maySee(session.principal, stored));
}

function contentOf(session: Session, stored: StoredVersion, summary: Summary | undefined): string {
  const content = stored.content ?? '{}';
  return summary ? applySummary(session.rest.definitions, content, summary) : content;
}

function listShown(session: Session, page: SearchPage, summary: Summary | undefined): readonly string[] {
  if (summary?.kind === 'count') return [];
  return [...page.matches, ...visibleIncludes(session, page)].map(referenceOf);
}
