import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Resource } from '../../src/resource.ts';
import { AINO, startBeside, startGateway, type TestGateway, task } from './gateway.ts';

jest.setTimeout(120_000);

let gateways: readonly TestGateway[];
beforeAll(async () => {
  const first = await startGateway();
  gateways = [first, await startBeside(first)];
});
afterAll(async () => {
  for (const gateway of gateways.toReversed()) await gateway.close();
});

interface Answer {
  readonly status: number;
  readonly etag: string;
  // biome-ignore lint/suspicious/noExplicitAny: a resource as it came over the wire
  readonly body: any;
}

let turn = 0;
/** Sends each request to the other gateway than the one before. */
async function call(method: string, path: string, body?: object, headers?: object): Promise<Answer> {
  const { url } = gateways[turn++ % gateways.length] as TestGateway;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { Authorization: 'Bearer portal', 'Content-Type': 'application/fhir+json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get('etag') ?? '',
    body: text === '' ? undefined : JSON.parse(text),
  };
}

const countOf = (resource: Resource): number => Number(resource['description']);
const counter = () => task(AINO, { description: '0' });
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
const CONFLICTS = [409, 412];

async function createCounter(): Promise<string> {
  return (await call('POST', '/Task', counter())).body.id;
}

/** Adds one to a counter: reads, writes what it saw plus one, and starts over when somebody was quicker. */
async function increment(id: string): Promise<void> {
  for (;;) {
    const { body, etag } = await call('GET', `/Task/${id}`);
    const next = { ...body, description: String(countOf(body) + 1) };
    const { status } = await call('PUT', `/Task/${id}`, next, { 'If-Match': etag });
    if (status === 200) return;
    expect(CONFLICTS).toContain(status);
  }
}

/** Moves one from a counter to another, both in one transaction that names the versions it saw. */
async function move(from: string, to: string): Promise<void> {
  for (;;) {
    const [one, other] = await Promise.all([call('GET', `/Task/${from}`), call('GET', `/Task/${to}`)]);
    const entry = [
      { seen: one, by: -1 },
      { seen: other, by: 1 },
    ].map(({ seen, by }) => ({
      resource: { ...seen.body, description: String(countOf(seen.body) + by) },
      request: { method: 'PUT', url: `Task/${seen.body.id}`, ifMatch: seen.etag },
    }));
    const { status } = await call('POST', '/', { resourceType: 'Bundle', type: 'transaction', entry });
    if (status === 200) return;
    expect(CONFLICTS).toContain(status);
  }
}

describe('two gateways over one database', () => {
  it('let one of eight updates with the same If-Match through, and keep its content', async () => {
    for (let round = 0; round < 5; round++) {
      const { body } = await call('POST', '/Task', counter());
      const answers = await Promise.all(
        times(8, (n) =>
          call('PUT', `/Task/${body.id}`, { ...body, description: `${n}` }, { 'If-Match': 'W/"1"' }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...times(7, () => 412)]);
      const winner = answers.find(({ status }) => status === 200);
      expect((await call('GET', `/Task/${body.id}`)).body).toEqual(winner?.body);
    }
  });

  it('lose no update of writers that read, change and write with If-Match', async () => {
    const id = await createCounter();
    await Promise.all(
      times(8, async () => {
        for (let n = 0; n < 4; n++) await increment(id);
      }),
    );
    const { body } = await call('GET', `/Task/${id}`);
    expect([countOf(body), body.meta.versionId]).toEqual([32, '33']);
  });

  it('lose and duplicate nothing between transactions over the same resources', async () => {
    const ids = await Promise.all(times(3, createCounter));
    const at = (n: number): string => ids[n % 3] as string;
    await Promise.all(times(12, (n) => move(at(n), at(n + 1 + (n % 2)))));
    const counters = await Promise.all(ids.map((id) => call('GET', `/Task/${id}`)));
    expect(counters.reduce((sum, { body }) => sum + countOf(body), 0)).toBe(0);
    const versions = counters.reduce((sum, { body }) => sum + Number(body.meta.versionId), 0);
    expect(versions).toBe(3 + 2 * 12);
  });

  it('make one resource of many conditional creates, and tell everybody which', async () => {
    const identified = (n: number) =>
      task(AINO, { identifier: [{ system: 'urn:example:race', value: `${n}` }] });
    const answers = await Promise.all(
      times(40, (n) =>
        call('POST', '/Task', identified(n % 5), { 'If-None-Exist': `identifier=urn:example:race|${n % 5}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(35);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(5);
    expect((await call('GET', '/Task?identifier=urn:example:race|&_count=50')).body.total).toBe(5);
  });

  it('make one resource of a conditional create that transactions race for', async () => {
    const patient = {
      fullUrl: 'urn:uuid:9d3a7d0e-5a0c-4a43-9a3b-0d6f7f2f3c11',
      resource: { resourceType: 'Patient', identifier: [{ system: 'urn:example:race', value: 'p' }] },
      request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:example:race|p' },
    };
    const order = (n: number) => ({
      resource: { ...task('x', { description: `${n}` }), for: { reference: patient.fullUrl } },
      request: { method: 'POST', url: 'Task' },
    });
    const answers = await Promise.all(
      times(12, (n) =>
        call('POST', '/', { resourceType: 'Bundle', type: 'transaction', entry: [order(n), patient] }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(times(12, () => 200));
    const found = (await call('GET', '/Patient?identifier=urn:example:race|p&_revinclude=Task:patient')).body;
    expect(found.total).toBe(1);
    const descriptions = found.entry
      .filter((entry: { search: { mode: string } }) => entry.search.mode === 'include')
      .map((entry: { resource: { description: string } }) => Number(entry.resource.description));
    expect(descriptions.sort((a: number, b: number) => a - b)).toEqual(times(12, (n) => n));
  });

  it('answer a repeated request as the first time, whichever is asked', async () => {
    const before = (await call('GET', '/Task?_summary=count')).body.total;
    const headers = { 'Idempotency-Key': 'race-1' };
    const answers = await Promise.all(times(8, () => call('POST', '/Task', counter(), headers)));
    expect(answers.map(({ status }) => status)).toEqual(times(8, () => 201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect((await call('GET', '/Task?_summary=count')).body.total).toBe(before + 1);
  });
});
