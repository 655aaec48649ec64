// https://hl7.org/fhir/R4/http.html#history
import type { StoredVersion } from '../store/index.ts';
import { assembleBundle, type BundleLink, type EntryText } from './assemble-bundle.ts';
import { parseCount, singleParameter } from './parse-parameters.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { referenceOf } from './represent.ts';
import { openPage, sealPage } from './seal-page.ts';
import type { Interact, RestOptions } from './types.ts';
import { etagOf } from './version-headers.ts';

const METHODS = {
  create: ['POST', '201 Created'],
  update: ['PUT', '200 OK'],
  delete: ['DELETE', '204 No Content'],
};

/** Versions of one resource, newest first, those the caller may see. */
export const historyInstance: Interact = async (request, { rest, principal, reader }) => {
  refuseParameters(request, ['_count', '_page']);
  const { type, id } = request;
  rest.access.authorize(principal, 'history', type);
  const current = rest.access.authorizeStored(principal, type, await reader.read(type, id));
  const binding = `history|${principal.who}|${referenceOf(current)}`;
  const token = singleParameter(request.parameters, '_page');
  const page = token === undefined ? undefined : (openPage(rest.sealingKey, binding, token) as PageState);
  const count = Math.max(
    1,
    page?.count ?? parseCount(singleParameter(request.parameters, '_count'), rest.limits),
  );
  const versions = await rest.store.history(type, id, {
    count: count + 1,
    ...(page && { before: page.before }),
  });
  const shown = versions.slice(0, count);
  const last = shown.at(-1);
  const links: BundleLink[] = [
    { relation: 'self', url: `${rest.baseUrl}/${type}/${id}/_history?_count=${count}` },
  ];
  if (last && versions.length > count) {
    const next = sealPage(rest.sealingKey, binding, { before: last.versionId, count } satisfies PageState);
    links.push({ relation: 'next', url: `${rest.baseUrl}/${type}/${id}/_history?_page=${next}` });
  }
  const visible = shown.filter((version) => rest.access.maySee(principal, version));
  const body = assembleBundle({
    type: 'history',
    links,
    entries: visible.map((version) => historyEntry(rest, version)),
  });
  return { status: 200, body, shown: { action: 'history-instance', entities: [referenceOf(current)] } };
};

interface PageState {
  readonly before: number;
  readonly count: number;
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
