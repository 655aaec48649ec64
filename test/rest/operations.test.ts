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
    [`/Patient/${AINO}/$everything?start=soon`, 400],
    [`/Patient/${AINO}/$everything?start=2026&end=2025`, 400],
    [`/Patient/${AINO}/$everything?_offset=1`, 422],
    ['/Patient/$everything', 422],
    [`/Patient/${AINO}/$everything?_type=Tusk`, 400],
    [`/Patient/${AINO}/$everything?_since=2026`, 400],
    [`/Patient/${AINO}/$everything?_page=x`, 400],
  ])('%s → %i', async (path, status) => {
    expect((await get(path).expect(status)).body.resourceType).toBe('OperationOutcome');
  });

  it('shows the care of a time, and what says no time', async () => {
    const { id } = await create({ resourceType: 'Patient', birthDate: '1950-01-01' });
    const authored = async (authoredOn?: string) =>
      `match Task/${(await create(task(id, authoredOn ? { authoredOn } : {}))).id}`;
    const [old, recent, undated] = [
      await authored('2020-05-01'),
      await authored('2026-02-03'),
      await authored(),
    ];
    const within = async (query: string) => {
      const { body } = await get(`/Patient/${id}/$everything?${query}`).expect(200);
      return shown(body).filter((each) => each.includes('Task'));
    };
    expect(await within('start=2026')).toEqual([recent, undated]);
    expect(await within('end=2020-05')).toEqual([old, undated]);
    expect(await within('start=2020-05-01&end=2026-02-03')).toEqual([old, recent, undated]);
    expect(await within('start=2021&end=2022')).toEqual([undated]);
    expect(await within('_type=Task&_type=Patient&start=2026')).toEqual([recent, undated]);
    const body = { resourceType: 'Parameters', parameter: [{ name: 'start', valueDate: '2026' }] };
    const { body: posted } = await post(`/Patient/${id}/$everything`, body).expect(200);
    expect(shown(posted)).toEqual([`match Patient/${id}`, recent, undated]);
  });

  it('is for a citizen everything of their own without an id', async () => {
    const own = await create(task(AINO));
    const { body, text } = await get('/Patient/$everything?_type=Patient,Task&_count=50', 'aino').expect(200);
    expect(shown(body)).toEqual(expect.arrayContaining([`match Patient/${AINO}`, `match Task/${own.id}`]));
    expect(text).not.toContain(EERO);
    const paged = await get('/Patient/$everything?_count=1', 'aino').expect(200);
    const next = (paged.body as SearchSet).link.find(({ relation }) => relation === 'next')?.url ?? '';
    await get(next.slice(gateway.url.length), 'aino').expect(200);
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

  it('of a type or of everything tells what the caller may see', async () => {
    const labelled = (patient: string, code: string) =>
      create({ ...task(patient), meta: { tag: [{ system: 'urn:example:in-use', code }] } });
    for (const [patient, code] of [
      [AINO, 'mine'],
      [EERO, 'other'],
    ] as const)
      await labelled(patient, code);
    const tagsOf = async (path: string, token: string) => {
      const { body } = await get(path, token).expect(200);
      expect(body.parameter).toHaveLength(1);
      const { tag: tags = [] }: Resource['meta'] & object = body.parameter[0].valueMeta;
      return tags.filter(({ system }) => system === 'urn:example:in-use').map(({ code }) => code);
    };
    for (const path of ['/Task/$meta', '/$meta']) {
      expect(await tagsOf(path, 'portal')).toEqual(['mine', 'other']);
      expect(await tagsOf(path, 'aino')).toEqual(['mine']);
    }
    expect(await tagsOf('/$meta', 'lifecare')).toEqual([]);
    expect(await tagsOf('/Patient/$meta', 'portal')).toEqual([]);
    await get('/Task/$meta', 'lifecare').expect(403);
    await get('/Task/$meta?x=1').expect(400);
    const { body } = await get('/Task/$meta', 'social').expect(200);
    expect(body.parameter[0].valueMeta.security ?? []).not.toContainEqual(
      expect.objectContaining({ code: 'health' }),
    );
  });

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

describe('$validate', () => {
  const issues = ({ body }: { body: { issue: { severity: string; code: string }[] } }) =>
    body.issue.map(({ severity, code }) => `${severity} ${code}`);
  const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter });
  const mode = (valueCode: string) => ({ name: 'mode', valueCode });
  const WELL = ['information informational'];

  it('judges what is stored, and what would replace it', async () => {
    const { id } = await create(task(AINO));
    expect(issues(await get(`/Task/${id}/$validate`).expect(200))).toEqual(WELL);
    expect(issues(await post(`/Task/${id}/$validate`, { ...task(AINO), id }).expect(200))).toEqual(WELL);
    const wrong = parameters(mode('update'), {
      name: 'resource',
      resource: { ...task(AINO), status: 'asleep' },
    });
    expect(issues(await post(`/Task/${id}/$validate`, wrong).expect(200))).toEqual(['error code-invalid']);
    await post(`/Task/${id}/$validate`, { ...task(AINO), id: 'other' }).expect(400);
    await get(`/Task/${id}/$validate`, 'eero').expect(404);
    await get('/Task/never-was/$validate').expect(404);
  });

  it('tells whether the caller may do what is asked about', async () => {
    const { id } = await create(task(AINO));
    expect(issues(await get(`/Task/${id}/$validate?mode=delete`).expect(200))).toEqual(WELL);
    expect(issues(await get(`/Task/${id}/$validate?mode=delete`, 'aino').expect(200))).toEqual([
      'error forbidden',
    ]);
    const { status } = (await get(`/Task/${id}`).expect(200)).body;
    expect(status).toBe(task(AINO)['status']);
  });

  it('judges by a profile when that is what is asked', async () => {
    const profile = {
      name: 'profile',
      valueUri: 'https://silta.example/fhir/StructureDefinition/silta-task',
    };
    const resource = { name: 'resource', resource: task(AINO) };
    const { body } = await post('/Task/$validate', parameters(mode('profile'), profile, resource)).expect(
      200,
    );
    expect(body.resourceType).toBe('OperationOutcome');
    await post('/Task/$validate', parameters(mode('profile'), resource)).expect(400);
  });

  it.each([
    ['an unknown mode', [mode('maybe')]],
    ['a deletion without an address', [mode('delete')]],
    ['no resource', []],
    ['an unknown parameter', [{ name: 'profiles', valueUri: 'urn:x' }]],
    ['a profile twice', [1, 2].map(() => ({ name: 'profile', valueUri: 'urn:x' }))],
  ])('refuses %s', async (_, parts) => {
    const { body } = await post('/Task/$validate', parameters(...parts)).expect(400);
    expect(body.resourceType).toBe('OperationOutcome');
  });
});

describe('operations', () => {
  it('are defined where the capabilities say, our own by resources that are served', async () => {
    const { body } = await get('/metadata').expect(200);
    const named: { name: string; definition: string }[] = body.rest[0].resource.flatMap(
      ({ operation = [] }: { operation?: object[] }) => operation,
    );
    const own = new Set(
      named.flatMap(({ definition }) => (definition.includes('silta.example') ? [definition] : [])),
    );
    expect([...own]).toContain('https://silta.example/fhir/OperationDefinition/CarePlan-everything');
    for (const url of own) {
      const definition = gateway.definitions.published('OperationDefinition', url);
      expect(definition).toMatchObject({
        status: 'active',
        code: named.find((each) => each.definition === url)?.name,
      });
    }
    for (const { name, definition } of named.filter((each) =>
      each.definition.startsWith('http://hl7.org/fhir/OperationDefinition/'),
    )) {
      expect(gateway.definitions.published('OperationDefinition', definition)).toMatchObject({ code: name });
    }
  });
});
