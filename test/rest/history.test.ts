import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AINO, EERO, startGateway, type TestGateway, task } from './gateway.ts';

/** The gateway's time, moved by the tests. */
let now = Date.parse('2026-03-01T08:00:00Z');
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({}, () => new Date(now++));
});
afterAll(() => gateway.close());

const as = (token: string) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' });
const get = (path: string, token = 'portal') => request(gateway.url).get(path).set(as(token));
const put = (id: string, body: object) =>
  request(gateway.url).put(`/Task/${id}`).set(as('portal')).send(body).expect(200);
const create = async (patientId: string, token = 'portal') =>
  (await request(gateway.url).post('/Task').set(as(token)).send(task(patientId)).expect(201)).body;

interface History {
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly {
    readonly fullUrl: string;
    readonly request: { readonly method: string };
    readonly response: { readonly etag: string; readonly lastModified: string };
  }[];
}

const versions = ({ entry = [] }: History): string[] =>
  entry.map(
    (each) => `${each.request.method} ${each.fullUrl.slice(gateway.url.length)} ${each.response.etag}`,
  );
const nextOf = ({ link }: History): string | undefined =>
  link.find(({ relation }) => relation === 'next')?.url.slice(gateway.url.length);

describe('the history of a type', () => {
  it('holds every version, deletions too, newest first, page by page', async () => {
    const [one, two] = [await create(AINO), await create(EERO)];
    await put(one.id, { ...one, priority: 'urgent' });
    await request(gateway.url).delete(`/Task/${two.id}`).set(as('portal')).expect(204);
    const seen: string[] = [];
    let path: string | undefined = '/Task/_history?_count=2';
    while (path !== undefined) {
      const { body }: { body: History } = await get(path).expect(200);
      expect(versions(body).length).toBeLessThanOrEqual(2);
      seen.push(...versions(body));
      path = nextOf(body);
    }
    expect(seen).toEqual([
      `DELETE /Task/${two.id} W/"2"`,
      `PUT /Task/${one.id} W/"2"`,
      `POST /Task/${two.id} W/"1"`,
      `POST /Task/${one.id} W/"1"`,
    ]);
  });

  it('turns its pages past what is written meanwhile', async () => {
    for (const _ of [1, 2, 3]) await create(AINO);
    const first: History = (await get('/Task/_history?_count=2').expect(200)).body;
    await create(AINO);
    const second: History = (await get(nextOf(first) ?? '').expect(200)).body;
    expect(versions(second).some((each) => versions(first).includes(each))).toBe(false);
    const times = [...(first.entry ?? []), ...(second.entry ?? [])].map(
      ({ response }) => response.lastModified,
    );
    expect(times).toEqual([...times].sort().reverse());
    await get(nextOf(first) ?? '', 'social').expect(400);
    await get(`${nextOf(first)}&_count=5`).expect(400);
    await get((nextOf(first) ?? '').replace('/Task/', '/Patient/')).expect(400);
  });

  it('begins where it is asked to, and knows what was current when', async () => {
    now = Date.parse('2026-04-01T08:00:00Z');
    const one = await create(AINO);
    now = Date.parse('2026-05-01T08:00:00Z');
    await put(one.id, { ...one, priority: 'urgent' });
    now = Date.parse('2026-06-01T08:00:00Z');
    await put(one.id, { ...one, priority: 'stat' });
    const etags = async (query: string): Promise<string[]> => {
      const { body } = await get(`/Task/${one.id}/_history?${query}`).expect(200);
      return ((body as History).entry ?? []).map(({ response }) => response.etag);
    };
    expect(await etags('_since=2026-05-01T08:00:00Z')).toEqual(['W/"3"', 'W/"2"']);
    expect(await etags('_since=2026-05-01T11:00:01%2B03:00')).toEqual(['W/"3"']);
    expect(await etags('_at=2026-04-15')).toEqual(['W/"1"']);
    expect(await etags('_at=2026-05')).toEqual(['W/"2"', 'W/"1"']);
    expect(await etags('_at=2026-03')).toEqual([]);
    expect(await etags('_at=2027')).toEqual(['W/"3"']);
    const { body } = await get('/Task/_history?_since=2026-06-01T00:00:00Z').expect(200);
    expect(versions(body)).toEqual([`PUT /Task/${one.id} W/"3"`]);
  });

  it.each([
    '/Task/_history?_since=2026',
    '/Task/_history?_since=yesterday',
    '/Task/_history?_at=soon',
    '/Task/_history?_count=-1',
    '/Task/_history?_count=2&_count=3',
    '/Task/_history?_page=abc',
    '/Task/_history?status=requested',
    '/_history?_sort=x',
  ])('refuses %s', async (path) => {
    expect((await get(path).expect(400)).body.resourceType).toBe('OperationOutcome');
  });
});

describe('the history of everything', () => {
  it('holds versions of all types that the caller may read', async () => {
    const { body } = await get('/_history?_count=50').expect(200);
    const types = new Set(((body as History).entry ?? []).map(({ fullUrl }) => fullUrl.split('/').at(-2)));
    expect([...types].sort()).toEqual(['Patient', 'Questionnaire', 'Task']);
    const few = (await get('/_history?_count=50', 'lifecare').expect(200)).body as History;
    const shown = new Set((few.entry ?? []).map(({ fullUrl }) => fullUrl.split('/').at(-2)));
    expect([...shown]).toEqual(['Patient']);
    await get('/Task/_history', 'lifecare').expect(403);
  });

  it('is audited with what it showed', async () => {
    await get('/_history?_count=1').set('X-Request-Id', 'history-audit-1').expect(200);
    const rows = await gateway.database.database.query(
      "SELECT action, cardinality(entities) AS shown FROM audit WHERE request_id = 'history-audit-1'",
    );
    expect(rows).toEqual([{ action: 'history-system', shown: 1 }]);
  });

  it('is in the capabilities, and answers GET only', async () => {
    const { body } = await request(gateway.url).get('/metadata').expect(200);
    expect(body.rest[0].interaction).toContainEqual({ code: 'history-system' });
    const codes = body.rest[0].resource[0].interaction.map(({ code }: { code: string }) => code);
    expect(codes).toContain('history-type');
    expect(codes).not.toContain('history-system');
    await request(gateway.url).post('/_history').set(as('portal')).send({}).expect(405);
  });
});

describe('a history', () => {
  it('shows a citizen their own and what is public, in every form', async () => {
    const [own, other] = [await create(AINO), await create(EERO)];
    for (const path of ['/Task/_history?_count=50', '/_history?_count=50']) {
      const { body } = await get(path, 'aino').expect(200);
      expect(body.entry.length).toBeGreaterThan(0);
      expect(JSON.stringify(body)).toContain(own.id);
      expect(JSON.stringify(body)).not.toContain(other.id);
      expect(JSON.stringify(body)).not.toContain(EERO);
    }
    await get('/AuditEvent/_history', 'aino').expect(200);
    await get('/Binary/_history', 'aino').expect(403);
  });

  it('of the other sector stays there', async () => {
    const { id } = await create(AINO, 'social');
    expect(versions((await get('/Task/_history', 'social').expect(200)).body)).toEqual([
      `POST /Task/${id} W/"1"`,
    ]);
  });

  it('of what went to another patient shows nothing to the one before', async () => {
    const moved = await create(AINO);
    await put(moved.id, { ...moved, for: { reference: `Patient/${EERO}` } });
    await get(`/Task/${moved.id}/_history`, 'aino').expect(404);
    const { body } = await get('/Task/_history?_count=50', 'aino').expect(200);
    expect(JSON.stringify(body)).not.toContain(moved.id);
    const their = (await get('/Task/_history?_count=50', 'eero').expect(200)).body;
    expect(versions(their).filter((each) => each.includes(moved.id))).toEqual([
      `PUT /Task/${moved.id} W/"2"`,
    ]);
  });
});
