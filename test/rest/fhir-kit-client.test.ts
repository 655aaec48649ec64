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
  readonly meta?: { readonly versionId: string; readonly tag?: readonly { readonly code: string }[] };
  readonly entry?: readonly { readonly fullUrl?: string; readonly resource: Shape }[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly total?: number;
}

/** Interactions that the tests here have driven, in the words of the CapabilityStatement. */
const driven = new Set<string>();

/** Waits for an answer and notes the interaction. */
async function drive(interaction: string, answer: Promise<unknown>): Promise<Shape> {
  const shape = (await answer) as Shape;
  driven.add(interaction);
  return shape;
}

const create = (change: object = {}, headers: Record<string, string> = {}) =>
  drive(
    'create',
    client.create({ resourceType: 'Task', body: task(AINO, change) as Shape, options: { headers } }),
  );

const refusedWith = (status: number) => ({ response: { status } });
/** HTTP's status of an answer that was not refused. */
const statusOf = (shape: Shape) => Client.httpFor(shape).response?.status;

describe('fhir-kit-client, a client that others wrote', () => {
  it('drives a resource through its life', async () => {
    const created = await create();
    const id = created.id ?? '';
    const updated = await drive(
      'update',
      client.update({ resourceType: 'Task', id, body: { ...created, priority: 'stat' } }),
    );
    expect(updated.meta?.versionId).toBe('2');
    const read = await drive('read', client.read({ resourceType: 'Task', id }));
    expect(read).toMatchObject({ priority: 'stat' });
    const first = await drive('vread', client.vread({ resourceType: 'Task', id, version: '1' }));
    expect(first).not.toHaveProperty('priority');
    const patched = await drive(
      'patch',
      client.patch({
        resourceType: 'Task',
        id,
        jsonPatch: [{ op: 'replace', path: '/priority', value: 'asap' }],
      }),
    );
    expect(patched).toMatchObject({ priority: 'asap', meta: { versionId: '3' } });
    await drive('delete', client.delete({ resourceType: 'Task', id }));
    await expect(client.read({ resourceType: 'Task', id })).rejects.toMatchObject(refusedWith(410));
  });

  it('reads the histories of a resource, of a type and of everything', async () => {
    const { id = '' } = await create({ description: 'with a past' });
    await client.delete({ resourceType: 'Task', id });
    const own = await drive('history-instance', client.resourceHistory({ resourceType: 'Task', id }));
    expect(own.entry).toHaveLength(2);
    const ofType = await drive('history-type', client.typeHistory({ resourceType: 'Task' }));
    expect(ofType.entry?.[0]?.fullUrl).toContain(`/Task/${id}`);
    const all = await drive('history-system', client.systemHistory());
    expect(all.total ?? all.entry?.length).toBeGreaterThan(ofType.entry?.length ?? 0);
  });

  it('makes writes conditional by headers and by criteria', async () => {
    const identifier = [{ system: 'urn:kit', value: 'conditional' }];
    const criteria = { identifier: 'urn:kit|conditional' };
    const header = { 'If-None-Exist': 'identifier=urn:kit|conditional' };
    const created = await create({ identifier }, header);
    const again = await create({ identifier }, header);
    expect([statusOf(created), statusOf(again), again.id]).toEqual([201, 200, created.id]);
    const id = created.id ?? '';
    const stale = { headers: { 'If-Match': 'W/"7"' } };
    await expect(
      client.update({ resourceType: 'Task', id, body: created, options: stale }),
    ).rejects.toMatchObject(refusedWith(412));
    await expect(client.delete({ resourceType: 'Task', id, options: stale })).rejects.toMatchObject(
      refusedWith(412),
    );
    const fresh = { headers: { 'If-Match': 'W/"1"' } };
    const updated = (await client.update({
      resourceType: 'Task',
      id,
      body: { ...created, description: 'fresh' },
      options: fresh,
    })) as Shape;
    expect(updated.meta?.versionId).toBe('2');
    const matched = (await client.update({
      resourceType: 'Task',
      searchParams: criteria,
      body: task(AINO, { identifier, description: 'matched' }) as Shape,
    })) as Shape;
    expect(matched).toMatchObject({ id, description: 'matched' });
    await expect(
      client.read({ resourceType: 'Task', id, options: { headers: { 'If-None-Match': 'W/"3"' } } }),
    ).rejects.toMatchObject(refusedWith(304));
    await client.request(`Task?identifier=${encodeURIComponent(criteria.identifier)}`, { method: 'DELETE' });
    await expect(client.read({ resourceType: 'Task', id })).rejects.toMatchObject(refusedWith(410));
  });

  it('searches by GET and POST and turns every page, forward as the links lead', async () => {
    for (const description of ['a', 'b', 'c']) {
      await create({ description, groupIdentifier: { value: 'pages' } });
    }
    for (const options of [{}, { postSearch: true }]) {
      const searchParams = { 'group-identifier': 'pages', _count: 2 };
      let page: Shape | undefined = await drive(
        'search-type',
        client.resourceSearch({ resourceType: 'Task', searchParams, options }),
      );
      const found: unknown[] = [];
      while (page) {
        found.push(...(page.entry ?? []).map(({ resource }) => resource['description']));
        // Pages are reached from the one before; the links of the server name no previous one.
        expect(client.prevPage({ bundle: page as never })).toBeUndefined();
        page = (await client.nextPage({ bundle: page as never })) as Shape | undefined;
      }
      expect(found.sort()).toEqual(['a', 'b', 'c']);
    }
    const everywhere = await drive(
      'search-system',
      client.systemSearch({ searchParams: { _type: 'Task,Patient', _id: AINO } }),
    );
    expect(everywhere.entry?.map(({ resource }) => resource.id)).toEqual([AINO]);
  });

  it('follows references: to the server, in a Bundle, and to what is contained', async () => {
    const { id = '' } = await create({
      contained: [{ resourceType: 'Organization', id: 'inside', name: 'Inside' }],
      owner: { reference: '#inside' },
    });
    const bundle = (await client.resourceSearch({
      resourceType: 'Task',
      searchParams: { _id: id, _include: 'Task:patient' },
    })) as Shape;
    const found = bundle.entry?.[0]?.resource as Shape;
    const { reference } = found['for'] as { reference: string };
    const inBundle = await client.resolve({ reference, context: bundle });
    expect(inBundle).toMatchObject({ resourceType: 'Patient', id: AINO });
    const relative = await client.resolve({ reference });
    expect(relative).toMatchObject({ resourceType: 'Patient', id: AINO });
    const absolute = await client.resolve({ reference: `${gateway.url}/${reference}` });
    expect(absolute).toMatchObject({ resourceType: 'Patient', id: AINO });
    const contained = await client.resolve({ reference: '#inside', context: found });
    expect(contained).toMatchObject({ name: 'Inside' });
  });

  it('sends transactions and batches', async () => {
    const entry = [{ resource: task(AINO), request: { method: 'POST', url: 'Task' } }];
    const body = (type: string) => ({ resourceType: 'Bundle', type, entry });
    const transaction = await drive('transaction', client.transaction({ body: body('transaction') }));
    expect(transaction['type']).toBe('transaction-response');
    const batch = await drive('batch', client.batch({ body: body('batch') }));
    expect(batch['type']).toBe('batch-response');
  });

  it('calls operations on a type and on a resource, by POST and by GET', async () => {
    const outcome = await client.operation({
      name: '$validate',
      resourceType: 'Task',
      input: task(AINO) as Shape,
    });
    expect(outcome.resourceType).toBe('OperationOutcome');
    const everything = (await client.operation({
      name: 'everything',
      resourceType: 'Patient',
      id: AINO,
      method: 'GET',
      input: { _count: 5 },
    })) as Shape;
    expect(everything.entry?.[0]?.resource.id).toBe(AINO);
    const { id = '' } = await create();
    const meta = { tag: [{ system: 'urn:kit', code: 'seen' }] };
    await client.operation({
      name: 'meta-add',
      resourceType: 'Task',
      id,
      input: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] },
    });
    expect(await client.read({ resourceType: 'Task', id })).toMatchObject({ meta });
  });

  it('has driven every interaction that the CapabilityStatement names', async () => {
    const statement = (await client.capabilityStatement()) as Shape;
    expect(statement['kind']).toBe('instance');
    const [rest] = statement['rest'] as {
      interaction: { code: string }[];
      resource: { type: string; interaction: { code: string }[] }[];
    }[];
    const ofTask = rest?.resource.find(({ type }) => type === 'Task')?.interaction ?? [];
    const named = [...(rest?.interaction ?? []), ...ofTask].map(({ code }) => code);
    expect([...driven].sort()).toEqual([...new Set(named)].sort());
    expect((await client.smartAuthMetadata()).tokenUrl?.href).toBe('https://as.example/token');
  });
});
