import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Resource } from '../../src/resource.ts';
import { AINO, EERO, moodAnswer, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const as = (token: string) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' });
const get = (path: string, token = 'portal') => request(gateway.url).get(path).set(as(token));
const post = (path: string, body: object, token = 'portal') =>
  request(gateway.url).post(path).set(as(token)).send(body);
const create = async (resource: Resource, token = 'portal') =>
  (await post(`/${resource.resourceType}`, resource, token).expect(201)).body;

interface SearchSet {
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource: Resource; readonly search: { readonly mode: string } }[];
}
const shown = ({ entry = [] }: SearchSet): string[] =>
  entry.map(({ resource, search }) => `${search.mode} ${resource.resourceType}/${resource.id}`);

describe('Patient/$everything', () => {
  it('shows the compartment and what it refers to, page by page', async () => {
    const { id } = await create({ resourceType: 'Patient' });
    const { id: owner } = await create({ resourceType: 'Organization', name: 'Org' });
    const tasks: string[] = [];
    for (const _ of [1, 2, 3]) {
      tasks.push((await create(task(id, { owner: { reference: `Organization/${owner}` } }))).id);
    }
    const seen: string[] = [];
    let path: string | undefined = `/Patient/${id}/$everything?_count=3`;
    while (path !== undefined) {
      const { body }: { body: SearchSet } = await get(path).expect(200);
      seen.push(...shown(body));
      const next: string | undefined = body.link.find(({ relation }) => relation === 'next')?.url;
      path = next?.slice(gateway.url.length);
    }
    const matches = seen.filter((each) => each.startsWith('match'));
    expect(matches).toEqual([`match Patient/${id}`, ...tasks.map((each) => `match Task/${each}`)]);
    expect(new Set(seen.filter((each) => each.startsWith('include')))).toEqual(
      new Set([`include Organization/${owner}`]),
    );
    const { body: some } = await get(`/Patient/${id}/$everything?_type=Task`).expect(200);
    expect(shown(some)).toEqual(tasks.map((each) => `match Task/${each}`));
    const { body: none } = await get(`/Patient/${id}/$everything?_since=2099-01-01T00:00:00Z`).expect(200);
    expect(shown(none)).toEqual([]);
  });

  it('shows no more than single reads would, and is audited', async () => {
    const [own, social] = [await create(task(AINO)), await create(task(AINO), 'social')];
    const other = await create(task(EERO));
    const mine = await get(`/Patient/${AINO}/$everything?_count=50`, 'aino')
      .set('X-Request-Id', 'everything-1')
      .expect(200);
    expect(shown(mine.body)).toEqual(
      expect.arrayContaining([`match Patient/${AINO}`, `match Task/${own.id}`, `match Task/${social.id}`]),
    );
    expect(mine.text).not.toContain(other.id);
    const rows = await gateway.database.database.query(
      "SELECT action, entities FROM audit WHERE request_id = 'everything-1'",
    );
    expect(rows).toEqual([
      { action: 'everything', entities: expect.arrayContaining([`Patient/${AINO}`, `Task/${own.id}`]) },
    ]);
    await get(`/Patient/${EERO}/$everything`, 'aino').expect(404);
    await get(`/Patient/${AINO}/$everything`, 'social').expect(404);
    const few = await get(`/Patient/${AINO}/$everything?_count=50`, 'lifecare').expect(200);
    expect(few.text).not.toContain('"Task"');
  });

  it.each([
    ['/Patient/never-was/$everything', 404],
    [`/Task/${AINO}/$everything`, 404],
    [`/Patient/${AINO}/$everything?start=2026`, 400],
    [`/Patient/${AINO}/$everything?_type=Tusk`, 400],
    [`/Patient/${AINO}/$everything?_since=2026`, 400],
    [`/Patient/${AINO}/$everything?_page=x`, 400],
  ])('%s → %i', async (path, status) => {
    expect((await get(path).expect(status)).body.resourceType).toBe('OperationOutcome');
  });

  it("lets nobody use another's page link", async () => {
    for (const _ of [1, 2]) await create(task(AINO));
    const { body } = await get(`/Patient/${AINO}/$everything?_count=1`).expect(200);
    const next = (body as SearchSet).link.find(({ relation }) => relation === 'next')?.url ?? '';
    const path = next.slice(gateway.url.length);
    await get(path).expect(200);
    await get(path, 'aino').expect(400);
    await get(path.replace(AINO, EERO)).expect(400);
  });
});

describe('CarePlan/$everything', () => {
  it('shows the plan, its Tasks and their answers, and nothing beside', async () => {
    const listed = await create(task(AINO));
    const answer = await create(moodAnswer(AINO), 'aino');
    const plan = await create({
      resourceType: 'CarePlan',
      status: 'active',
      intent: 'plan',
      subject: { reference: `Patient/${AINO}` },
      activity: [{ reference: { reference: `Task/${listed.id}` } }],
    });
    const output = [
      { type: { text: 'answer' }, valueReference: { reference: `QuestionnaireResponse/${answer.id}` } },
    ];
    const based = await create(task(AINO, { basedOn: [{ reference: `CarePlan/${plan.id}` }], output }));
    const direct = await create(
      { ...moodAnswer(AINO), basedOn: [{ reference: `CarePlan/${plan.id}` }] },
      'aino',
    );
    const beside = await create(task(AINO));
    const { body, text } = await get(`/CarePlan/${plan.id}/$everything`).expect(200);
    expect(new Set(shown(body))).toEqual(
      new Set([
        `match CarePlan/${plan.id}`,
        `include Task/${listed.id}`,
        `include Task/${based.id}`,
        `include QuestionnaireResponse/${answer.id}`,
        `include QuestionnaireResponse/${direct.id}`,
      ]),
    );
    expect(shown(body)).toHaveLength(5);
    expect(text).not.toContain(beside.id);
    await get(`/CarePlan/${plan.id}/$everything`, 'aino').expect(200);
    await get(`/CarePlan/${plan.id}/$everything`, 'eero').expect(404);
    await get(`/CarePlan/${plan.id}/$everything`, 'lifecare').expect(403);
    await get(`/CarePlan/${plan.id}/$everything?x=1`).expect(400);
  });
});

describe('$meta', () => {
  const meta = (valueMeta: object) => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'meta', valueMeta }],
  });
  const tag = { system: 'urn:example:tag', code: 'one' };

  it('is shown, added to and taken from, each in a new version', async () => {
    const { id } = await create(task(AINO));
    const added = await post(`/Task/${id}/$meta-add`, meta({ tag: [tag] })).expect(200);
    expect(added.body.parameter[0].valueMeta).toMatchObject({ versionId: '2', tag: [tag] });
    await post(`/Task/${id}/$meta-add`, meta({ tag: [tag] })).expect(200);
    const read = await get(`/Task/${id}/$meta`).expect(200);
    expect(read.body).toMatchObject({ resourceType: 'Parameters', parameter: [{ name: 'return' }] });
    expect(read.body.parameter[0].valueMeta.tag).toEqual([tag]);
    expect((await get(`/Task?_tag=urn:example:tag|one&_id=${id}`)).body.total).toBe(1);
    const taken = await post(`/Task/${id}/$meta-delete`, meta({ tag: [tag] })).expect(200);
    expect(taken.body.parameter[0].valueMeta.tag).toBeUndefined();
    expect(taken.body.parameter[0].valueMeta.security).toEqual([expect.objectContaining({ code: 'health' })]);
  });

  it('gives nobody another sector, another label or what is hidden', async () => {
    const { id } = await create(task(AINO));
    const sector = (code: string) => ({ system: 'https://silta.example/fhir/CodeSystem/sector', code });
    const refused = await post(`/Task/${id}/$meta-add`, meta({ security: [sector('social')] }));
    expect(refused.status).toBeGreaterThanOrEqual(400);
    await post(`/Task/${id}/$meta-delete`, meta({ security: [sector('health')] })).expect(403);
    await post(`/Task/${id}/$meta-add`, meta({ security: [{ system: 'urn:x', code: 'R' }] }), 'aino').expect(
      403,
    );
    await post(`/Task/${id}/$meta-add`, meta({ tag: [tag] }), 'eero').expect(404);
    await post(`/Task/${id}/$meta-add`, meta({ tag: [tag] }), 'lifecare').expect(403);
    await get(`/Task/${id}/$meta`, 'eero').expect(404);
    expect((await get(`/Task/${id}`)).body.meta).toMatchObject({ versionId: '1' });
  });

  it('needs Parameters with a Meta', async () => {
    const { id } = await create(task(AINO));
    for (const body of [
      task(AINO),
      { resourceType: 'Parameters' },
      meta([]),
      meta({ tag: 'x' }),
      meta({ tag: [null] }),
    ]) {
      const answer = await post(`/Task/${id}/$meta-add`, body);
      expect([400, 422]).toContain(answer.status);
    }
    await post('/Task/never-was/$meta-add', meta({ tag: [tag] })).expect(404);
  });
});

describe('capabilities', () => {
  it('name the operations of each type', async () => {
    const { body } = await request(gateway.url).get('/metadata').expect(200);
    const names = (type: string): string[] =>
      body.rest[0].resource
        .find((each: { type: string }) => each.type === type)
        .operation.map(({ name }: { name: string }) => name);
    expect(names('Patient')).toEqual(['validate', 'everything', 'meta', 'meta-add', 'meta-delete', 'export']);
    expect(names('Task')).toEqual(['validate', 'meta', 'meta-add', 'meta-delete']);
  });
});
