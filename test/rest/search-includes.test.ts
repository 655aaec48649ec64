import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Resource } from '../../src/resource.ts';
import { AINO, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const as = (token: string) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' });
const get = (path: string, token = 'portal') => request(gateway.url).get(path).set(as(token));
const create = async (resource: Resource): Promise<string> =>
  (await request(gateway.url).post(`/${resource.resourceType}`).set(as('portal')).send(resource).expect(201))
    .body.id;

interface SearchSet {
  readonly total?: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly {
    readonly resource: Resource & { readonly issue?: readonly { readonly diagnostics: string }[] };
    readonly search: { readonly mode: string };
  }[];
}

const shown = ({ entry = [] }: SearchSet, mode: string): string[] =>
  entry
    .filter(({ search }) => search.mode === mode)
    .map(({ resource }) => `${resource.resourceType}/${resource.id}`)
    .sort();

describe('includes', () => {
  const ids: string[] = [];
  beforeAll(async () => {
    for (let n = 0; n < 4; n++) {
      const before = ids.at(-1);
      ids.push(await create(task(AINO, before ? { partOf: [{ reference: `Task/${before}` }] } : {})));
    }
  });
  const page = async (query: string, token?: string): Promise<SearchSet> =>
    (await get(query, token).expect(200)).body;
  const tasks = (...places: number[]): string[] => places.map((at) => `Task/${ids[at]}`).sort();

  it('go one step, and with :iterate as far as references lead', async () => {
    const last = `/Task?_id=${ids[3]}`;
    expect(shown(await page(`${last}&_include=Task:part-of`), 'include')).toEqual(tasks(2));
    expect(shown(await page(`${last}&_include:iterate=Task:part-of`), 'include')).toEqual(tasks(0, 1, 2));
    const first = `/Task?_id=${ids[0]}`;
    expect(shown(await page(`${first}&_revinclude=Task:part-of`), 'include')).toEqual(tasks(1));
    expect(shown(await page(`${first}&_revinclude:iterate=Task:part-of`), 'include')).toEqual(tasks(1, 2, 3));
  });

  it('follow every reference when asked for all', async () => {
    const patient = `Patient/${AINO}`;
    const all = await page(`/Task?_id=${ids[2]}&_include=*&_revinclude=*`);
    expect(shown(all, 'include')).toEqual([patient, ...tasks(1, 3)].sort());
    expect(shown(await page(`/Task?_id=${ids[2]}&_include=Task:*`), 'include')).toEqual(
      [patient, ...tasks(1)].sort(),
    );
  });

  it('stay within what the caller may read', async () => {
    const own = await page(`/Task?_id=${ids[2]}&_include=*&_revinclude=*`, 'eero');
    expect(own.entry ?? []).toEqual([]);
    const system = await page(`/Task?_id=${ids[0]}&_revinclude=*&_include=*`, 'aino');
    expect(shown(system, 'include')).toEqual([`Patient/${AINO}`, ...tasks(1)].sort());
  });

  it('are bounded, and the page says so', async () => {
    const parent = await create(task(AINO));
    for (let n = 0; n < 31; n++) await create(task(AINO, { partOf: [{ reference: `Task/${parent}` }] }));
    const cut = await page(`/Task?_id=${parent}&_revinclude=Task:part-of`);
    expect(shown(cut, 'include')).toHaveLength(30);
    const outcome = cut.entry?.find(({ search }) => search.mode === 'outcome')?.resource;
    expect(outcome?.issue?.[0]?.diagnostics).toContain('30 resources');
    const whole = await page(`/Task?_id=${ids[0]}&_revinclude=Task:part-of`);
    expect(shown(whole, 'outcome')).toEqual([]);
  });
});

describe('a search through a type that the caller may not search', () => {
  it.each([
    '_list=x',
    'subject:Patient._list=x',
    'subject:below=Patient/a,QuestionnaireResponse/b',
    'subject:below=QuestionnaireResponse/b,Patient/a',
    '_revinclude=Flag:subject',
    '_revinclude:iterate=Flag:*',
  ])('is refused: %s', async (query) => {
    await get(`/QuestionnaireResponse?${query}`, 'lifecare').expect(403);
  });

  it.each([
    'subject.identifier=x',
    'subject:Group.identifier=x',
    'patient.organization.name=x',
    'subject.link.general-practitioner.name=x',
    'patient.link.birthdate=1990',
    'subject.colour=x',
    'patient._has:Task:patient:status=requested',
  ])('is refused when its chain may lead there: %s', async (query) => {
    await get(`/Observation?${query}`, 'clinic').expect(403);
  });

  it.each(['patient.identifier=x', 'patient.link:Patient.birthdate=1990', 'subject.link.death-date=2020'])(
    'is none when its chain cannot lead there: %s',
    async (query) => {
      await get(`/Observation?${query}`, 'clinic').expect(200);
    },
  );

  it('leaves the types out that are not named', async () => {
    await get('/QuestionnaireResponse?_revinclude=*&_include=*', 'lifecare').expect(200);
  });
});

describe('a search of several types', () => {
  it('finds what matches of each, page by page', async () => {
    const tag = { meta: { tag: [{ system: 'urn:kind', code: 'several' }] } };
    const expected = [
      `Task/${await create(task(AINO, tag))}`,
      `Flag/${await create({
        resourceType: 'Flag',
        ...tag,
        status: 'active',
        code: { text: 'x' },
        subject: { reference: `Patient/${AINO}` },
      })}`,
      `Task/${await create(task(AINO, tag))}`,
    ];
    let url = `/?_type=Task,Flag&_tag=several&_count=2&_total=accurate`;
    const visited: string[] = [];
    for (let pages = 0; url !== '' && pages < 5; pages++) {
      const { body }: { body: SearchSet } = await get(url).expect(200);
      expect(pages > 0 || body.total === 3).toBe(true);
      visited.push(...(body.entry ?? []).map(({ resource }) => `${resource.resourceType}/${resource.id}`));
      const next = body.link.find(({ relation }) => relation === 'next')?.url ?? '';
      url = next && `/${next.slice(gateway.url.length)}`.replace('//', '/');
    }
    expect(visited).toEqual(expected);
    const reversed: SearchSet = (await get('/?_type=Task,Flag&_tag=several&_sort=-_lastUpdated').expect(200))
      .body;
    expect(reversed.entry?.map(({ resource }) => `${resource.resourceType}/${resource.id}`)).toEqual(
      [...expected].reverse(),
    );
    const posted = await request(gateway.url)
      .post('/_search')
      .set('Authorization', 'Bearer portal')
      .type('form')
      .send('_type=Flag&_tag=several')
      .expect(200);
    expect((posted.body as SearchSet).entry).toHaveLength(1);
  });

  it.each([
    ['/?_tag=several', 400],
    ['/?_type=Task,Nonsense', 400],
    ['/?_type=Bundle', 400],
    ['/?_type=Task,Patient&status=requested', 400],
    ['/Task?_type=Task', 400],
    ['/?_type=Task,Subscription', 403, 'aino'],
  ])('answers %s with %i', async (path, status, token = 'portal') => {
    await get(path, token).expect(status);
  });
});
