import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AINO, EERO, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  for (let n = 0; n < 12; n++) {
    await request(gateway.url)
      .post('/Task')
      .set({ Authorization: 'Bearer portal', 'Content-Type': 'application/fhir+json' })
      .send(
        task(n % 4 === 3 ? EERO : AINO, {
          priority: 'stat',
          description: `${n} "Hyvää \\ päivää" 😀 ${TEXT}`,
        }),
      )
      .expect(201);
  }
});
afterAll(() => gateway.close());

/** Long enough that a page of a few is sent in pieces, and a page of one is not. */
const TEXT = 'Yön yli nukuttu. '.repeat(300);

const get = (path: string, token = 'portal') =>
  request(gateway.url)
    .get(path)
    .set({ Authorization: `Bearer ${token}` });

interface SearchSet {
  readonly total?: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly fullUrl: string; readonly resource: { readonly id: string } }[];
}

async function lastAudit(): Promise<readonly unknown[]> {
  return gateway.database.database.query(
    'SELECT who, action, outcome, entities FROM audit ORDER BY seq DESC LIMIT 1',
  );
}

describe('a page that the database writes', () => {
  it.each([
    ['of one resource', '/Task?priority=stat&_count=1', 'portal'],
    ['of several', '/Task?priority=stat&_count=7&_sort=-_lastUpdated', 'portal'],
    ['of all', '/Task?priority=stat&_count=50', 'portal'],
    ['of none', '/Task?priority=routine', 'portal'],
    ['of no entries', '/Task?priority=stat&_count=0', 'portal'],
    ['with a counted total', '/Task?priority=stat&_count=2&_total=accurate', 'portal'],
    ['of several types', '/?_type=Task,Patient&_count=9&_sort=_id', 'portal'],
    ['of what a citizen may see', '/Task?priority=stat', 'aino'],
  ])(
    '%s tells what the same page in another form tells, and is audited alike',
    async (_name, path, token) => {
      const plain = await get(path, token).expect(200);
      const plainAudit = await lastAudit();
      const pretty = await get(`${path}&_pretty=true`, token).expect(200);
      const told = ({ total, entry }: SearchSet): object => ({ total, entry });
      expect(told(plain.body)).toEqual(told(pretty.body));
      expect(plain.body.link.length).toBe(pretty.body.link.length);
      expect(await lastAudit()).toEqual(plainAudit);
      expect(plain.headers['content-type']).toBe(pretty.headers['content-type']);
      expect(Number(plain.headers['content-length'])).toBe(Buffer.byteLength(plain.text));
    },
  );

  it('is followed by others until each resource was shown once, under its address', async () => {
    const seen: string[] = [];
    let path: string | undefined = '/Task?priority=stat&_count=5';
    while (path !== undefined) {
      const { body }: { body: SearchSet } = await get(path).expect(200);
      for (const { fullUrl, resource } of body.entry ?? []) {
        expect(fullUrl).toBe(`${gateway.url}/Task/${resource.id}`);
        seen.push(resource.id);
      }
      path = body.link.find(({ relation }) => relation === 'next')?.url.slice(gateway.url.length);
    }
    expect(new Set(seen).size).toBe(12);
    expect(seen).toHaveLength(12);
  });

  it('is announced to HEAD and not sent', async () => {
    const path = '/Task?priority=stat&_count=12&_sort=_lastUpdated';
    const { headers, text } = await request(gateway.url)
      .head(path)
      .set({ Authorization: 'Bearer portal' })
      .expect(200);
    expect(text ?? '').toBe('');
    expect(headers['content-length']).toBe((await get(path)).headers['content-length']);
  });
});
