import { randomUUID } from 'node:crypto';
import { type Definitions, loadDefinitions } from '../../src/definitions/index.ts';
import { GATEWAY } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import {
  createStore,
  type SearchPage,
  type SearchQuery,
  type Store,
  type Visibility,
  type WriteContext,
} from '../../src/store/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

export const EVERYTHING: Visibility = { sectors: ['health', 'social'] };
export const BY_GATEWAY: WriteContext = { principal: GATEWAY, requestId: 'request-1' };

export interface StoreFixture extends TestDatabase {
  readonly store: Store;
  readonly definitions: Definitions;
  /** Creates a resource with a random id and gives the id. */
  create(resource: Resource, context?: WriteContext): Promise<string>;
  search(text: string, visibility?: Visibility, cursor?: string): Promise<SearchPage>;
  /** Ids of the matches of `Type?name=value&…`, in order. */
  find(text: string, visibility?: Visibility): Promise<string[]>;
}

/** A store over a database of its own. The clock moves a millisecond with each look. */
export async function openStoreFixture(options: { readonly base?: string } = {}): Promise<StoreFixture> {
  const test = await createTestDatabase();
  const definitions = await loadDefinitions({ profiles: 'profiles' });
  let now = Date.parse('2026-03-01T08:00:00.000Z');
  const store = createStore({
    database: test.database,
    definitions,
    clock: () => new Date(now++),
    ...options,
  });
  const search = (text: string, visibility = EVERYTHING, cursor?: string): Promise<SearchPage> =>
    store.search(toQuery(text, visibility, cursor));
  return {
    ...test,
    store,
    definitions,
    search,
    find: async (text, visibility) => (await search(text, visibility)).matches.map((each) => each.id),
    create: async (resource, context = BY_GATEWAY) => {
      const id = resource.id ?? randomUUID();
      await store.write([{ kind: 'create', resource: { ...resource, id } }], context);
      return id;
    },
  };
}

function toQuery(text: string, visibility: Visibility, cursor: string | undefined): SearchQuery {
  const [type = '', rest = ''] = text.split(/\?(.*)/s);
  const parameters = rest
    .split('&')
    .filter((each) => each !== '')
    .map((each): [string, string] => {
      const equals = each.indexOf('=');
      return [each.slice(0, equals), each.slice(equals + 1)];
    });
  return { type, parameters, visibility, ...(cursor !== undefined && { cursor }) };
}
