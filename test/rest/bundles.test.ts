import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Resource } from '../../src/resource.ts';
import { AINO, EERO, moodAnswer, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

interface Entry {
  readonly fullUrl?: unknown;
  readonly resource?: unknown;
  readonly request?: unknown;
}

const send = (type: string, entry: readonly Entry[], token = 'portal') =>
  request(gateway.url)
    .post('/')
    .set('Authorization', `Bearer ${token}`)
    .set('Content-Type', 'application/fhir+json')
    .send({ resourceType: 'Bundle', type, entry });
const creating = (resource: Resource, n?: number): Entry => ({
  ...(n !== undefined && { fullUrl: urn(n) }),
  resource,
  request: { method: 'POST', url: resource.resourceType },
});
const urn = (n: number) => `urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c${String(n).padStart(3, '0')}`;

const carePlan = (patient: string, tasks: readonly string[]) => ({
  resourceType: 'CarePlan',
  status: 'active',
  intent: 'plan',
  subject: { reference: patient },
  activity: tasks.map((reference) => ({ reference: { reference } })),
});

describe('a transaction', () => {
  it('stores a plan with its tasks, every reference leading to the other', async () => {
    const tasks = [1, 2, 3, 4];
    const { body } = await send('transaction', [
      creating(carePlan(`Patient/${AINO}`, tasks.map(urn)), 0),
      ...tasks.map((n) =>
        creating(task(AINO, { basedOn: [{ reference: urn(0) }], description: `task ${n}` }), n),
      ),
    ]).expect(200);
    expect(body.type).toBe('transaction-response');
    const locations = body.entry.map((entry: { response: { status: string; location: string } }) => {
      expect(entry.response.status).toBe('201 Created');
      return entry.response.location.slice(gateway.url.length + 1).replace('/_history/1', '');
    });
    const plan = JSON.parse((await readContent(locations[0])) ?? 'null');
    expect(
      plan.activity.map((each: { reference: { reference: string } }) => each.reference.reference),
    ).toEqual(locations.slice(1));
    expect(JSON.parse((await readContent(locations[3])) ?? 'null')).toMatchObject({
      description: 'task 3',
      basedOn: [{ reference: locations[0] }],
    });
  });

  async function readContent(reference: string): Promise<string | null | undefined> {
    const [type = '', id = ''] = reference.split('/');
    return (await gateway.store.read(type, id))?.content;
  }

  it('resolves conditional references and conditional creates', async () => {
    const identifier = [{ system: 'urn:example:client', value: 'c-81' }];
    const bundle = [
      {
        ...creating({ resourceType: 'Patient', identifier }, 1),
        request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:example:client|c-81' },
      },
      creating(task('x', { for: { reference: urn(1) } }), 2),
    ];
    const first = await send('transaction', bundle).expect(200);
    const second = await send('transaction', bundle).expect(200);
    expect(second.body.entry[0].response).toMatchObject({ status: '200 OK', etag: 'W/"1"' });
    expect(second.body.entry[0].response.location).toBe(first.body.entry[0].response.location);
    const third = await send('transaction', [
      creating(task('x', { for: { reference: 'Patient?identifier=urn:example:client|c-81' } })),
    ]).expect(200);
    const [, taskId = ''] = /Task\/([^/]+)/.exec(third.body.entry[0].response.location) ?? [];
    const stored = JSON.parse((await readContent(`Task/${taskId}`)) ?? 'null');
    expect(first.body.entry[0].response.location).toContain(stored.for.reference);
  });

  it('deletes, creates, updates and reads in that order, and answers in the order asked', async () => {
    const { body } = await send('transaction', [creating(task(AINO), 1), creating(task(AINO), 2)]).expect(
      200,
    );
    const [kept, gone] = body.entry.map(
      (entry: { response: { location: string } }) => /Task\/[^/]+/.exec(entry.response.location)?.[0] ?? '',
    );
    const answer = await send('transaction', [
      { request: { method: 'GET', url: kept } },
      {
        resource: { ...task(AINO, { priority: 'stat' }), id: kept.slice(5) },
        request: { method: 'PUT', url: kept, ifMatch: 'W/"1"' },
      },
      { request: { method: 'DELETE', url: gone } },
    ]).expect(200);
    expect(answer.body.entry.map((entry: { response: { status: string } }) => entry.response.status)).toEqual(
      ['200 OK', '200 OK', '204 No Content'],
    );
    expect(answer.body.entry[0].resource).toMatchObject({ priority: 'stat', meta: { versionId: '2' } });
  });

  const good = creating(task(AINO), 0);
  it.each<[string, Entry[], number, string]>([
    [
      'has the same fullUrl twice',
      [good, creating(task(AINO), 1), creating(task(AINO), 1)],
      400,
      'Bundle.entry[2].fullUrl',
    ],
    [
      'refers to a urn:uuid that no entry has',
      [good, creating(task(AINO, { focus: { reference: urn(99) } }), 1)],
      422,
      'Bundle.entry[1].resource.focus.reference',
    ],
    [
      'refers to a resource that is not here',
      [good, creating(task(AINO, { focus: { reference: 'CarePlan/none' } }), 1)],
      422,
      'Bundle.entry[1].resource.focus',
    ],
    [
      'refers by criteria that match nothing',
      [good, creating(task(AINO, { focus: { reference: 'CarePlan?status=draft' } }), 1)],
      422,
      'Bundle.entry[1].resource.focus',
    ],
    [
      'holds an invalid resource',
      [good, creating({ ...task(AINO), status: 'sleeping' })],
      422,
      'Bundle.entry[1].resource.status',
    ],
    [
      'holds an answer that does not fit',
      [good, creating({ ...moodAnswer(AINO), item: [{ linkId: 'x', answer: [{ valueInteger: 1 }] }] })],
      422,
      'Bundle.entry[1].resource.item[0]',
    ],
    ['has an entry without a request', [good, { resource: task(AINO) }], 400, 'Bundle.entry[1].request'],
    [
      'has an entry with a wrong method',
      [good, { request: { method: 'FETCH', url: 'Task/1' } }],
      405,
      'Bundle.entry[1]',
    ],
    [
      'has an entry with an unknown type',
      [good, { request: { method: 'GET', url: 'Tusk/1' } }],
      404,
      'Bundle.entry[1]',
    ],
    ['has an entry that is no object', [good, 5 as unknown as Entry], 400, 'Bundle.entry[1].request'],
    [
      'updates what is not there',
      [good, { resource: { ...task(AINO), id: 'no' }, request: { method: 'PUT', url: 'Task/no' } }],
      404,
      'Bundle.entry[1]',
    ],
    [
      'reads what is not there',
      [good, { request: { method: 'GET', url: 'Task/no' } }],
      404,
      'Bundle.entry[1]',
    ],
    [
      'sends a resource of another type',
      [good, { resource: task(AINO), request: { method: 'POST', url: 'CarePlan' } }],
      400,
      'Bundle.entry[1].resource',
    ],
    [
      'writes one resource twice',
      [good, ...[1, 2].map(() => ({ request: { method: 'DELETE', url: `Patient/${EERO}` } }))],
      400,
      'Bundle.entry[2].request.url',
    ],
    [
      'asks for an operation',
      [good, { resource: task(AINO), request: { method: 'POST', url: 'Task/$validate' } }],
      400,
      'Bundle.entry[1].request',
    ],
    ['has too many entries', Array.from({ length: 21 }, () => creating(task(AINO))), 413, 'Bundle.entry'],
  ])('that %s is refused whole', async (_what, entries, status, expression) => {
    const before = await gateway.countResources();
    const answer = await send('transaction', entries);
    expect([answer.status, answer.body.resourceType]).toEqual([status, 'OperationOutcome']);
    const expressions = answer.body.issue.flatMap(
      (issue: { expression?: string[] }) => issue.expression ?? [],
    );
    expect(expressions.some((each: string) => each.startsWith(expression))).toBe(true);
    expect(await gateway.countResources()).toBe(before);
  });

  it('gives nobody more than single requests would', async () => {
    const before = await gateway.countResources();
    const foreign = await send(
      'transaction',
      [creating({ ...moodAnswer(AINO) }), creating({ ...moodAnswer(EERO) })],
      'aino',
    ).expect(403);
    expect(foreign.body.issue[0].expression).toEqual(['Bundle.entry[1].resource.subject']);
    await send('transaction', [creating(task(AINO))], 'aino').expect(403);
    await send('transaction', [{ request: { method: 'GET', url: `Patient/${EERO}` } }], 'aino').expect(404);
    expect(await gateway.countResources()).toBe(before);
  });

  it('leaves the refused entry in the audit', async () => {
    const reading = { request: { method: 'GET', url: `Patient/${EERO}` } };
    await send('transaction', [creating(moodAnswer(AINO)), reading], 'aino')
      .set('X-Request-Id', 'refused-entry-1')
      .expect(404);
    const rows = await gateway.database.database.query(
      "SELECT action, outcome, entities FROM audit WHERE request_id = 'refused-entry-1'",
    );
    expect(rows).toEqual([{ action: 'read', outcome: 'refused', entities: [`Patient/${EERO}`] }]);
  });

  it('that races with the same conditional create makes one resource', async () => {
    const bundle = [
      {
        ...creating(
          { resourceType: 'Patient', identifier: [{ system: 'urn:example:client', value: 'race' }] },
          1,
        ),
        request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:example:client|race' },
      },
      creating(task('x', { for: { reference: urn(1) } }), 2),
    ];
    const answers = await Promise.all([1, 2, 3].map(() => send('transaction', bundle)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.entry[0].response.location)).size).toBe(1);
  });
});

describe('a batch', () => {
  it('lets each entry stand or fail alone', async () => {
    const { body } = await send('batch', [
      { request: { method: 'GET', url: 'Task/no' } },
      creating(task(AINO)),
      { request: { method: 'GET', url: `Task?patient=Patient/${AINO}&_count=1` } },
      creating({ ...task(AINO), status: 'sleeping' }),
      {},
    ]).expect(200);
    expect(body.type).toBe('batch-response');
    expect(body.entry.map((entry: { response: { status: string } }) => entry.response.status)).toEqual([
      '404 Not Found',
      '201 Created',
      '200 OK',
      '422 Unprocessable Entity',
      '400 Bad Request',
    ]);
    expect(body.entry[2].resource).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    expect(body.entry[3].response.outcome.issue[0].expression).toEqual(['Bundle.entry[3].resource.status']);
  });
});

describe('a Bundle of another kind', () => {
  it.each([
    [{ resourceType: 'Bundle', type: 'collection' }, 'Bundle.type'],
    [{ resourceType: 'Task' }, 'resourceType'],
    [{ resourceType: 'Bundle', type: 'batch', entry: {} }, 'Bundle.entry'],
  ])('is refused: %j', async (body, expression) => {
    const answer = await request(gateway.url)
      .post('/')
      .set('Authorization', 'Bearer portal')
      .set('Content-Type', 'application/fhir+json')
      .send(body)
      .expect(400);
    expect(answer.body.issue[0].expression).toEqual([expression]);
  });
});
