import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { AINO, bdiAnswer, startGateway, type TestGateway, task } from './gateway.ts';

jest.setTimeout(90_000);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function call(method: string, path: string, body?: string): Promise<number> {
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { Authorization: 'Bearer portal', 'Content-Type': 'application/fhir+json' },
    ...(body !== undefined && { body }),
  });
  await response.arrayBuffer();
  return response.status;
}

const segment = fc.oneof(
  fc.constantFrom(
    'Task',
    'Patient',
    '_search',
    '_history',
    '$validate',
    'QuestionnaireResponse',
    '1',
    '.',
    '%00',
    '%ff',
    'Bundle',
  ),
  fc.string({ maxLength: 12 }).map(encodeURIComponent),
);
const parameter = fc.tuple(
  fc.constantFrom(
    '_id',
    '_lastUpdated',
    '_count',
    '_sort',
    '_include',
    '_has:Task:focus:status',
    'subject.name',
    'status',
    'identifier',
    '_page',
    '_elements',
    'patient:Patient',
    'code:not',
    '_total',
  ),
  fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom('gt2026', '|', '\\', 'a|b|c', ',', '$', '-1', '1e9', '*'),
  ),
);

describe('noise', () => {
  it('in addresses and parameters never makes the gateway fail', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH'),
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.array(parameter, { maxLength: 3 }),
        async (method, segments, parameters) => {
          const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
          const status = await call(method, `/${segments.join('/')}?${query}`);
          expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('in a body is refused or stored whole, and never makes the gateway fail', async () => {
    const templates = [task(AINO), bdiAnswer(AINO, 1)].map((each) => JSON.stringify(each));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...templates),
        fc.nat(),
        fc.nat({ max: 40 }),
        fc.json({ maxDepth: 3 }),
        async (text, start, length, noise) => {
          const at = start % text.length;
          const body = text.slice(0, at) + noise + text.slice(at + length);
          const type = /"resourceType":"(\w+)"/.exec(body)?.[1] ?? 'Task';
          expect(await call('POST', `/${type}`, body)).toBeLessThan(500);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('in the values of a well-formed body is judged, never fatal', async () => {
    const paths = [
      ['status'],
      ['for'],
      ['for', 'reference'],
      ['meta'],
      ['meta', 'security'],
      ['code'],
      ['output'],
      ['identifier'],
      ['restriction'],
      ['contained'],
      ['extension'],
      ['text'],
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 }), async (path, value) => {
        const [first = '', second] = path;
        const body = { ...task(AINO), [first]: second ? { [second]: value } : value };
        expect(await call('POST', '/Task', JSON.stringify(body))).toBeLessThan(500);
        const entry = [{ fullUrl: value, resource: body, request: { method: 'POST', url: 'Task' } }];
        const bundle = { resourceType: 'Bundle', type: 'transaction', entry };
        expect(await call('POST', '/', JSON.stringify(bundle))).toBeLessThan(500);
      }),
      { numRuns: 40 },
    );
  });
});
