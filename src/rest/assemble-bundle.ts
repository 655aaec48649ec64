/**
 * Puts a Bundle together from pieces of JSON text: stored resources go in as they are, without being parsed.
 * @see https://hl7.org/fhir/R4/bundle.html
 */
export interface BundleLink {
  readonly relation: 'self' | 'next';
  readonly url: string;
}

/** Members of one entry as JSON text; absent ones are left out. */
export interface EntryText {
  readonly fullUrl?: string;
  readonly resource?: string;
  readonly search?: 'match' | 'include' | 'outcome';
  readonly request?: { readonly method: string; readonly url: string };
  readonly response?: {
    readonly status: string;
    readonly location?: string;
    readonly etag?: string;
    readonly lastModified?: string;
    /** JSON text of an OperationOutcome. */
    readonly outcome?: string;
  };
}

/** What stands before the entries. */
export interface BundleHead {
  readonly type: 'searchset' | 'history' | 'batch-response' | 'transaction-response';
  readonly total?: number;
  readonly links?: readonly BundleLink[];
}

/** The Bundle's JSON text. */
export function assembleBundle(bundle: BundleHead & { readonly entries: readonly EntryText[] }): string {
  return wrapEntries(bundle, bundle.entries.map(entryText).join(',')).join('');
}

/**
 * The Bundle's JSON text in pieces, for entries that are too large to be copied once more.
 * @param entries JSON text of the entries, with commas between
 */
export function wrapEntries(head: BundleHead, entries: string): readonly string[] {
  const members = ['"resourceType":"Bundle"', `"type":"${head.type}"`];
  if (head.total !== undefined) members.push(`"total":${head.total}`);
  if (head.links?.length) members.push(`"link":${JSON.stringify(head.links)}`);
  const start = `{${members.join(',')}`;
  return entries === '' ? [`${start}}`] : [`${start},"entry":[`, entries, ']}'];
}

function entryText(entry: EntryText): string {
  const members: string[] = [];
  if (entry.fullUrl !== undefined) members.push(`"fullUrl":${JSON.stringify(entry.fullUrl)}`);
  if (entry.resource !== undefined) members.push(`"resource":${entry.resource}`);
  if (entry.search !== undefined) members.push(`"search":{"mode":"${entry.search}"}`);
  if (entry.request !== undefined) members.push(`"request":${JSON.stringify(entry.request)}`);
  if (entry.response !== undefined) members.push(`"response":${responseText(entry.response)}`);
  return `{${members.join(',')}}`;
}

function responseText({ outcome, ...response }: NonNullable<EntryText['response']>): string {
  const text = JSON.stringify(response);
  return outcome === undefined ? text : `${text.slice(0, -1)},"outcome":${outcome}}`;
}
