import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Resource } from '../../src/resource.ts';
import { AINO, EERO, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  for (const change of [
    { priority: 'urgent', description: 'd', note: [{ text: 'n' }] },
    { priority: 'stat' },
    { priority: 'routine' },
  ]) {
    await create({ ...task(AINO, change), text: { status: 'generated', div: DIV } });
  }
});
afterAll(() => gateway.close());

const DIV = '<div xmlns="http://www.w3.org/1999/xhtml">x</div>';
const as = (token: string) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' });
const get = (path: string, token = 'portal') => request(gateway.url).get(path).set(as(token));
const create = async (resource: Resource) =>
  (await request(gateway.url).post(`/${resource.resourceType}`).set(as('portal')).send(resource).expect(201))
    .body;
const lenient = { Prefer: 'return=minimal, handling=lenient' };

interface SearchSet {
  readonly total?: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly {
    readonly resource: Resource & { readonly issue?: readonly { readonly diagnostics: string }[] };
    readonly search: { readonly mode: string };
  }[];
}

describe('a search with parameters that are not known', () => {
  it('is refused, unless the caller prefers otherwise', async () => {
    await get('/Task?colour=red').expect(400);
    await get('/Task?colour=red').set('Prefer', 'handling=strict').expect(400);
    const { body }: { body: SearchSet } = await get('/Task?colour=red&priority=stat&subject.shoe=4')
      .set(lenient)
      .expect(200);
    expect(body.total).toBe(1);
    expect(body.link[0]?.url).toBe(`${gateway.url}/Task?priority=stat`);
    const outcome = body.entry?.find(({ search }) => search.mode === 'outcome')?.resource;
    expect(outcome?.issue?.map(({ diagnostics }) => diagnostics)).toEqual([
      "The search parameter 'colour' is not known here and was ignored.",
      "The search parameter 'subject.shoe' is not known here and was ignored.",
    ]);
  });

  it('leaves them aside in a POST and on the pages that follow, too', async () => {
    const posted = await request(gateway.url)
      .post('/Task/_search')
      .set({ Authorization: 'Bearer portal', ...lenient })
      .type('form')
      .send('colour=red&_count=1')
      .expect(200);
    const next = (posted.body as SearchSet).link.find(({ relation }) => relation === 'next')?.url ?? '';
    const { body } = await get(next.slice(gateway.url.length)).expect(200);
    expect((body as SearchSet).entry?.map(({ search }) => search.mode)).toEqual(['match']);
  });

  it('judges long chains at once', async () => {
    await get(`/Observation?${'focus.'.repeat(3)}colour=red`)
      .set(lenient)
      .expect(200);
    await get(`/Observation?${'focus.'.repeat(900)}colour=red`)
      .set(lenient)
      .expect(400);
  });

  it('repeats no value that was misplaced', async () => {
    const { text } = await get('/Task?010190-999W=x').set(lenient).expect(200);
    expect(text).not.toContain('010190');
  });

  it.each([
    '/Task?priority:melted=stat',
    '/Task?_lastUpdated=never',
    '/Task?_include=Task:colour',
    '/Task?_sort=colour',
    '/Task?_count=x',
    '/Task?_has:Task:focus:status:x=requested',
  ])('still refuses what is known and wrong: %s', async (path) => {
    await get(path).set(lenient).expect(400);
  });

  it('shows nobody more, and makes no criteria lenient', async () => {
    await create(task(EERO));
    const { body } = await get('/Task?colour=red', 'aino').set(lenient).expect(200);
    const matches = (body as SearchSet).entry?.filter(({ search }) => search.mode === 'match') ?? [];
    for (const { resource } of matches) expect(resource['for']).toEqual({ reference: `Patient/${AINO}` });
    const removed = request(gateway.url).delete('/Task?colour=red').set(as('portal')).set(lenient);
    await removed.expect(400);
    await get('/QuestionnaireResponse?subject:Patient.name=x&colour=red', 'lifecare')
      .set(lenient)
      .expect(403);
  });
});

describe('_total', () => {
  it('is told as asked, and for free when the page shows everything', async () => {
    const total = async (query: string) => ((await get(query).expect(200)).body as SearchSet).total;
    const tasks = `/Task?patient=Patient/${AINO}&_count=2`;
    expect(await total(`${tasks}&_total=accurate`)).toBe(3);
    expect(await total(`${tasks}&_total=estimate`)).toBe(3);
    expect(await total(`${tasks}&_total=none`)).toBeUndefined();
    expect(await total(tasks)).toBeUndefined();
    expect(await total(`${tasks}&priority=stat`)).toBe(1);
    expect(await total(`${tasks}&_count=0`.replace('_count=2&', ''))).toBe(3);
    await get('/Task?_total=many').expect(400);
  });
});

describe('parts of resources', () => {
  const one = async (query: string): Promise<Resource> => {
    const { body } = await get(`/Task?priority=urgent&${query}`).expect(200);
    return (body as SearchSet).entry?.[0]?.resource as Resource;
  };
  const elements = (resource: Resource) => Object.keys(resource).sort().join(' ');

  it('are chosen by _summary and marked', async () => {
    expect(elements(await one('_summary=true'))).toBe('description for id intent meta resourceType status');
    expect(elements(await one('_summary=text'))).toBe('id intent meta resourceType status text');
    expect(elements(await one('_summary=data'))).toBe(
      'description for id intent meta note priority resourceType status',
    );
    expect(elements(await one('_summary=false'))).toBe(
      'description for id intent meta note priority resourceType status text',
    );
    expect((await one('_summary=text')).meta?.tag).toEqual([expect.objectContaining({ code: 'SUBSETTED' })]);
    expect((await one('_summary=false')).meta?.tag).toBeUndefined();
  });

  it('inside elements follow the definitions as well', async () => {
    const { id } = await create({
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'c' },
      component: [{ code: { text: 'k' }, valueInteger: 1, interpretation: [{ text: 'i' }] }],
    });
    const { body } = await get(`/Observation/${id}?_summary=true`).expect(200);
    expect(body.component).toEqual([{ code: { text: 'k' }, valueInteger: 1 }]);
  });

  it('are chosen by _elements, without what must not be missing', async () => {
    expect(elements(await one('_elements=note'))).toBe('id intent meta note resourceType status');
    expect(elements(await one('_elements=Task.note,Patient.name'))).toBe(
      'id intent meta note resourceType status',
    );
    await get('/Task?_elements=note&_summary=true').expect(400);
  });

  it('of one resource are read in the same way, but not counted', async () => {
    const { id } = await one('_summary=false');
    expect(elements((await get(`/Task/${id}?_summary=text`).expect(200)).body)).toBe(
      'id intent meta resourceType status text',
    );
    await get(`/Task/${id}?_summary=count`).expect(400);
  });
});

describe('the next page of a search sorted by a text', () => {
  it('has a link that a client can follow, however long the text is', async () => {
    const description = (last: string) => `${'Pitkä kuvaus. '.repeat(2_000)}${last}`;
    for (const n of ['1', '2', '3']) {
      const url = `https://long.example/Questionnaire/${n}`;
      await create({ resourceType: 'Questionnaire', url, status: 'active', description: description(n) });
    }
    const found: unknown[] = [];
    let path: string | undefined = '/Questionnaire?url:below=https://long.example&_sort=description&_count=1';
    while (path !== undefined) {
      const { body }: { body: SearchSet } = await get(path).expect(200);
      found.push(...(body.entry ?? []).map(({ resource }) => resource['url']));
      path = body.link.find(({ relation }) => relation === 'next')?.url.slice(gateway.url.length);
    }
    expect(found).toEqual(['1', '2', '3'].map((n) => `https://long.example/Questionnaire/${n}`));
  });
});
