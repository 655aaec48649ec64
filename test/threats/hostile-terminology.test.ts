import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startGateway, type TestGateway } from '../rest/gateway.ts';

const SYSTEM = 'http://hl7.org/fhir/task-status';
/** Takes time that doubles with each letter of a definition. */
const SLOW = { property: 'definition', op: 'regex', value: '(([A-Za-z ])+)+[0-9]' };

const valueSet = (include: readonly object[]) => ({
  resourceType: 'ValueSet',
  url: 'https://x.example/ValueSet/hostile',
  status: 'active',
  compose: { include },
});

describe('a value set that means harm', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  }, 120_000);
  afterAll(() => gateway.close());

  const ask = (operation: string, set: object, more: readonly object[] = []) =>
    request(gateway.url)
      .post(`/ValueSet/${operation}`)
      .set('Authorization', 'Bearer aino')
      .set('Content-Type', 'application/fhir+json')
      .send({ resourceType: 'Parameters', parameter: [{ name: 'valueSet', resource: set }, ...more] });
  const code = [
    { name: 'system', valueUri: SYSTEM },
    { name: 'code', valueCode: 'draft' },
  ];

  it.each<[string, readonly object[]]>([
    ['$expand', []],
    ['$validate-code', code],
  ])('%s stops one slow pattern', async (operation, more) => {
    const { status, body } = await ask(operation, valueSet([{ system: SYSTEM, filter: [SLOW] }]), more);
    expect([200, 422]).toContain(status);
    expect(JSON.stringify(body)).toContain('takes too long');
  });

  it.each<[string, readonly object[]]>([
    ['$expand', []],
    ['$validate-code', code],
  ])(
    '%s refuses to try slow patterns by the hundred',
    async (operation, more) => {
      const parts = Array.from({ length: 200 }, () => ({ system: SYSTEM, filter: [SLOW] }));
      const { status, body } = await ask(operation, valueSet(parts), more);
      expect({ status, text: body.issue?.[0]?.diagnostics }).toEqual({
        status: 422,
        text: expect.stringContaining('regular expressions'),
      });
    },
    60_000,
  );

  it('refuses patterns by the hundred among exclusions, and in one filter list', async () => {
    const many = Array.from({ length: 200 }, () => SLOW);
    const excluded = {
      ...valueSet([{ system: SYSTEM }]),
      compose: { include: [{ system: SYSTEM }], exclude: [{ system: SYSTEM, filter: many }] },
    };
    expect((await ask('$expand', excluded)).text).toContain('too many regular expressions');
  }, 60_000);

  it('draws on no address: a code system elsewhere is only a name', async () => {
    for (const system of ['http://127.0.0.1:1/cs', 'file:///etc/passwd', 'http://169.254.169.254/']) {
      const { status, text } = await ask('$expand', valueSet([{ system }]));
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(text).not.toMatch(/root:|ECONNREFUSED|ENOENT/);
    }
  });

  it('of the other sector is not to be told from one that is not there', async () => {
    const url = 'https://x.example/ValueSet/of-social';
    const stored = await request(gateway.url)
      .post('/ValueSet')
      .set('Authorization', 'Bearer social')
      .set('Content-Type', 'application/fhir+json')
      .send({ ...valueSet([{ system: SYSTEM, concept: [{ code: 'draft' }] }]), url });
    expect(stored.status).toBe(201);
    const expand = (asked: string) =>
      request(gateway.url)
        .get('/ValueSet/$expand')
        .query({ url: asked })
        .set('Authorization', 'Bearer health');
    const [hidden, missing] = [await expand(url), await expand('https://x.example/ValueSet/nowhere')];
    expect(missing.status).toBe(404);
    expect([hidden.status, hidden.text]).toEqual([404, missing.text]);
  });
});
