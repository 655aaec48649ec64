import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { BY_GATEWAY, openStoreFixture, type StoreFixture } from './store-fixture.ts';

let fixture: StoreFixture;
beforeAll(async () => {
  fixture = await openStoreFixture();
});
afterAll(() => fixture.drop());

// A database page is 8 kB: around that, a row is kept in its page or beside it.
it('keeps resources of every size around a page of the database, and the versions before', async () => {
  const sizes = Array.from({ length: 320 }, (_, n) => 7_600 + 2 * n);
  const binary = (size: number, content: string) => ({
    resourceType: 'Binary',
    id: `b${size}`,
    contentType: 'text/plain',
    data: content.repeat(Math.ceil(size / content.length)).slice(0, size),
  });
  const mixed = Array.from({ length: 700 }, (_, n) => Math.imul(n + 1, 0x9e3779b1).toString(36)).join('');
  for (const content of [mixed, 'a']) {
    const kind = content === 'a' ? ('update' as const) : ('create' as const);
    for (let at = 0; at < sizes.length; at += 20) {
      const some = sizes.slice(at, at + 20).map((size) => ({ kind, resource: binary(size, content) }));
      await fixture.store.write(some, BY_GATEWAY);
    }
  }
  const read = await fixture.store.readVersion('Binary', 'b8000', 1);
  expect(JSON.parse(read?.content ?? '{}').data).toHaveLength(8_000);
});
