import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BY_GATEWAY, openStoreFixture, type StoreFixture } from './store-fixture.ts';

const URL = 'https://x.example/Questionnaire/bdi';

describe('resolving a canonical', () => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await openStoreFixture();
    for (const [id, version, status] of [
      ['ten', '1.10.0', 'active'],
      ['nine', '1.9.0', 'active'],
      ['draft', '2.0.0', 'draft'],
    ]) {
      await fixture.create({ resourceType: 'Questionnaire', id: id as string, url: URL, version, status });
    }
  });
  afterAll(() => fixture.drop());

  const resolve = async (canonical: string, type = 'Questionnaire') =>
    (await fixture.store.resolveCanonical(type, canonical))?.id;

  it('takes the named version', async () => {
    expect(await resolve(`${URL}|1.9.0`)).toBe('nine');
    expect(await resolve(`${URL}|2.0.0`)).toBe('draft');
    expect(await resolve(`${URL}|3.0.0`)).toBeUndefined();
  });

  it('takes the newest active version when none is named', async () => {
    expect(await resolve(URL)).toBe('ten');
  });

  it('sees at once what the same gateway writes', async () => {
    const url = `${URL}-late`;
    expect(await resolve(url)).toBeUndefined();
    await fixture.create({ resourceType: 'Questionnaire', id: 'late', url, status: 'active' });
    expect(await resolve(url)).toBe('late');
    await fixture.store.transaction((tx) =>
      tx.write([{ kind: 'delete', type: 'Questionnaire', id: 'late' }], BY_GATEWAY),
    );
    expect(await resolve(url)).toBeUndefined();
  });

  it('knows nothing of types without a url, nor of another type', async () => {
    expect(await resolve(URL, 'Task')).toBeUndefined();
    expect(await resolve(URL, 'PlanDefinition')).toBeUndefined();
  });
});
