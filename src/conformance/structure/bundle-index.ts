/**
 * Where the references of a Bundle's entries lead.
 *
 * @see https://hl7.org/fhir/R4/bundle.html#references
 */
import { isObject, type JsonObject, listOf } from '../json.ts';
import { containedById } from './contained-by-id.ts';
import type { Run } from './run.ts';

interface BundleIndex {
  readonly byUrl: ReadonlyMap<string, readonly JsonObject[]>;
  /** `Type/id` → the resources with that type and id. */
  readonly byIdentity: ReadonlyMap<string, readonly JsonObject[]>;
  readonly urlOf: ReadonlyMap<JsonObject, string>;
}

const known = new WeakMap<JsonObject, BundleIndex>();
const RESTFUL = /^(https?:\/\/.+\/)[A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/;
const HISTORY = /\/_history\/[^/]+$/;

/** The entries of a Bundle by their addresses, listed once however many references there are. */
export function indexBundle(bundle: JsonObject): BundleIndex {
  const before = known.get(bundle);
  if (before) return before;
  const byUrl = new Map<string, JsonObject[]>();
  const byIdentity = new Map<string, JsonObject[]>();
  const urlOf = new Map<JsonObject, string>();
  for (const entry of listOf(bundle['entry'])) {
    const resource = isObject(entry) ? entry['resource'] : undefined;
    if (!isObject(entry) || !isObject(resource)) continue;
    const { fullUrl } = entry;
    if (typeof fullUrl === 'string') {
      add(byUrl, fullUrl, resource);
      urlOf.set(resource, fullUrl);
    }
    add(byIdentity, `${String(resource['resourceType'])}/${String(resource['id'])}`, resource);
  }
  const index = { byUrl, byIdentity, urlOf };
  known.set(bundle, index);
  return index;
}

function add(lists: Map<string, JsonObject[]>, key: string, resource: JsonObject): void {
  const list = lists.get(key);
  if (list) list.push(resource);
  else lists.set(key, [resource]);
}

/** The resources in a Bundle that a reference of one of its entries means; several when it is ambiguous. */
export function findInBundle(bundle: JsonObject, address: string, from: JsonObject): readonly JsonObject[] {
  const index = indexBundle(bundle);
  const plain = address.replace(HISTORY, '');
  const exact = index.byUrl.get(plain);
  if (exact) return ofVersion(exact, address);
  if (/^[a-z][a-z0-9+.-]*:/i.test(plain)) return [];
  const base = RESTFUL.exec(index.urlOf.get(from) ?? '')?.[1];
  const found = (base && index.byUrl.get(base + plain)) || index.byIdentity.get(plain) || [];
  return ofVersion(found, address);
}

/** Of several versions the one that the reference names, if it names one. */
function ofVersion(found: readonly JsonObject[], address: string): readonly JsonObject[] {
  const version = HISTORY.exec(address)?.[0]?.slice('/_history/'.length);
  if (version === undefined) return found;
  return found.filter(({ meta }) => !isObject(meta) || (meta['versionId'] ?? version) === version);
}

/** What a Reference (or its address) means, when that is contained or in the same Bundle. */
export function resolveLocally(reference: unknown, run: Run): JsonObject | undefined {
  const address = isObject(reference) ? reference['reference'] : reference;
  if (typeof address !== 'string') return undefined;
  if (address === '#') return run.rootResource;
  if (address.startsWith('#')) return containedById(run.rootResource).get(address.slice(1));
  return run.bundle && findInBundle(run.bundle, address, run.rootResource)[0];
}
