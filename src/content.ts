/** Content of `profiles/` as stored resources: what clients read, rules follow and answers are judged by. */
import { createHash } from 'node:crypto';
import type { Definitions } from './definitions/index.ts';
import { GATEWAY } from './principal.ts';
import type { Resource } from './resource.ts';
import type { Store } from './store/index.ts';

/**
 * Writes what is new or changed; a resource that is there with equal content is left alone, so that starts and several
 * gateways beside each other make no new versions.
 * @returns how many resources were written
 */
export async function loadContent(store: Store, definitions: Definitions): Promise<number> {
  return store.transaction(async (tx) => {
    await tx.lock('content');
    const writes = [];
    for (const resource of definitions.content) {
      const wanted = { ...resource, id: resource.id ?? contentId(resource) };
      const stored = await tx.read(wanted.resourceType, wanted.id);
      if (stored?.content && sameContent(JSON.parse(stored.content) as Resource, wanted)) continue;
      writes.push({ kind: 'update', resource: wanted, orCreate: true } as const);
    }
    if (writes.length > 0) await tx.write(writes, { principal: GATEWAY, requestId: 'load-content' });
    return writes.length;
  });
}

/**
 * Plans the search of the types for which the deployment brings search parameters of its own, so that a broken one is
 * found at the start and not at the first search.
 * @throws Error that says what is wrong
 */
export function planOwnSearches(store: Pick<Store, 'searchParameters'>, definitions: Definitions): void {
  const { content, resourceTypes } = definitions;
  const own = content.filter((each) => each.resourceType === 'SearchParameter');
  const bases = new Set(own.flatMap((each) => (Array.isArray(each['base']) ? each['base'] : [])));
  const everywhere = bases.has('Resource') || bases.has('DomainResource');
  for (const type of resourceTypes) if (everywhere || bases.has(type)) store.searchParameters(type);
}

/** A stable id of content that names none: made of its type and canonical. */
function contentId(resource: Resource): string {
  const canonical = `${resource.resourceType}|${String(resource['url'])}|${String(resource['version'])}`;
  return createHash('sha256').update(canonical).digest('hex').slice(0, 32);
}

function sameContent(stored: Resource, wanted: Resource): boolean {
  return fingerprint(stored) === fingerprint(wanted);
}

/** The content without what the store fills in, whatever the order of its members. */
function fingerprint({ meta, ...content }: Resource): string {
  return JSON.stringify(sortMembers({ ...content, profile: meta?.profile, tag: meta?.tag }));
}

function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sortMembers(member)]),
  );
}
