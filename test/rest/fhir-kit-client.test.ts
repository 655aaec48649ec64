import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'fhir-kit-client';
import { AINO, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
let client: Client;
beforeAll(async () => {
  gateway = await startGateway();
  client = new Client({ baseUrl: gateway.url, bearerToken: 'portal' });
});
afterAll(() => gateway.close());

interface Shape extends Record<string, unknown> {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: { readonly versionId: string };
  readonly entry?: readonly { readonly resource: Shape }[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

describe('fhir-kit-client, a client that others wrote', () => {
  it('drives a resource through its life', async () => {
    const created = (await client.create({ resourceType: 'Task', body: task(AINO) as Shape })) as Shape;
    const id = created.id ?? '';
    const updated = (await client.update({
      resourceType: 'Task',
      id,
      body: { ...created, priority: 'stat' },
    })) as Shape;
    expect(updated.meta?.versionId).toBe('2');
    expect(await client.read({ resourceType: 'Task', id })).toMatchObject({ priority: 'stat' });
    expect(await client.vread({ resourceType: 'Task', id, version: '1' })).not.toHaveProperty('priority');
    const history = (await client.history({ resourceType: 'Task', id })) as Shape;
    expect(history.entry).toHaveLength(2);
    await client.delete({ resourceType: 'Task', id });
    await expect(client.read({ resourceType: 'Task', id })).rejects.toMatchObject({
      response: { status: 410 },
    });
  });

  it('searches by GET and POST and turns every page', async () => {
    for (const description of ['a', 'b', 'c']) {
      await client.create({
        resourceType: 'Task',
        body: task(AINO, { description, groupIdentifier: { value: 'pages' } }) as Shape,
      });
    }
    for (const options of [{}, { postSearch: true }]) {
      const searchParams = { 'group-identifier': 'pages', _count: 2 };
      let page: Shape | undefined = (await client.resourceSearch({
        resourceType: 'Task',
        searchParams,
        options,
      })) as Shape;
      const found: unknown[] = [];
      while (page) {
        found.push(...(page.entry ?? []).map(({ resource }) => resource['description']));
        page = (await client.nextPage({ bundle: page as never })) as Shape | undefined;
      }
      expect(found.sort()).toEqual(['a', 'b', 'c']);
    }
  });

  it('sends transactions and batches, validates, and reads capabilities', async () => {
    const entry = [{ resource: task(AINO), request: { method: 'POST', url: 'Task' } }];
    const transaction = (await client.transaction({
      body: { resourceType: 'Bundle', type: 'transaction', entry },
    })) as Shape;
    expect(transaction['type']).toBe('transaction-response');
    const batch = (await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } })) as Shape;
    expect(batch['type']).toBe('batch-response');
    const outcome = await client.operation({
      name: '$validate',
      resourceType: 'Task',
      input: task(AINO) as Shape,
    });
    expect(outcome.resourceType).toBe('OperationOutcome');
    expect((await client.capabilityStatement())['kind']).toBe('instance');
    expect((await client.smartAuthMetadata()).tokenUrl?.href).toBe('https://as.example/token');
  });
});
