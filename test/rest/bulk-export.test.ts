// https://hl7.org/fhir/uv/bulkdata/STU2/export.html

import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Resource } from '../../src/resource.ts';
import { AINO, EERO, startBeside, startGateway, type TestGateway, task } from './gateway.ts';

interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly FileEntry[];
  readonly deleted?: readonly FileEntry[];
  readonly error: readonly FileEntry[];
}
interface FileEntry {
  readonly type: string;
  readonly url: string;
  readonly count: number;
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  gateway.exporter.start();
});
afterAll(() => gateway.close());

const as = (token: string) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' });
const kickOff = (path: string, token = 'portal', prefer = 'respond-async') =>
  request(gateway.url).get(path).set(as(token)).set('Prefer', prefer).set('Accept', 'application/fhir+json');
const post = (path: string, body: object, token = 'portal') =>
  request(gateway.url).post(path).set(as(token)).set('Prefer', 'respond-async').send(body);
const create = async (resource: Resource, token = 'portal'): Promise<Resource & { id: string }> =>
  (await request(gateway.url).post(`/${resource.resourceType}`).set(as(token)).send(resource).expect(201))
    .body;
const at = (url: string, token = 'portal') =>
  request(gateway.url).get(url.slice(gateway.url.length)).set(as(token)).buffer(true);
const remove = (path: string, token = 'portal') => request(gateway.url).delete(path).set(as(token));

/** The manifest of an export, once it is there. */
async function finished(location: string, token = 'portal'): Promise<Manifest> {
  for (let asked = 0; asked < 500; asked++) {
    const answer = await at(location, token);
    if (answer.status !== 202) {
      expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      return JSON.parse(answer.text);
    }
    expect(answer.headers['x-progress']).toBeTruthy();
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await sleep(20);
  }
  throw new Error(`The export does not end: ${gateway.log.join()}`);
}

const linesOf = async ({ url }: FileEntry, token = 'portal'): Promise<Resource[]> => {
  const answer = await fetch(url, { headers: { ...as(token), Accept: 'application/fhir+ndjson' } });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};

/** References of everything a manifest's files hold. */
async function exported(manifest: Manifest, token = 'portal'): Promise<string[]> {
  const all: string[] = [];
  for (const file of manifest.output) {
    const lines = await linesOf(file, token);
    expect(lines).toHaveLength(file.count);
    for (const { resourceType, id } of lines) {
      expect(resourceType).toBe(file.type);
      all.push(`${resourceType}/${id}`);
    }
  }
  return all.sort();
}

async function run(path: string, token = 'portal'): Promise<Manifest> {
  const { headers } = await kickOff(path, token).expect(202);
  return finished(headers['content-location'] as string, token);
}
async function runPosted(path: string, parameter: object[], token = 'portal'): Promise<Manifest> {
  const { headers } = await post(path, { resourceType: 'Parameters', parameter }, token).expect(202);
  return finished(headers['content-location'] as string, token);
}

const auditOf = (
  action: string,
): Promise<{ who: string; entities: string[]; detail: string; outcome: string }[]> =>
  gateway.database.database.query(
    'SELECT who, entities, detail, outcome FROM audit WHERE action = $1 ORDER BY seq',
    [action],
  );

describe('an export', () => {
  it('holds every resource that a search shows, in files of a bounded number of lines, as it is stored', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push((await create(task(AINO, { description: `no ${n}\nä😀` }))).id);
    const manifest = await run('/$export?_type=Task,Patient');
    expect(manifest).toMatchObject({
      request: `${gateway.url}/$export?_type=Task%2CPatient`,
      requiresAccessToken: true,
      error: [],
    });
    expect(manifest.deleted).toBeUndefined();
    expect(manifest.output.filter(({ type }) => type === 'Task').map(({ count }) => count)).toEqual([
      3, 3, 1,
    ]);
    const { body } = await request(gateway.url).get('/Task?_count=50').set(as('portal')).expect(200);
    const found = body.entry.map((entry: { resource: Resource }) => `Task/${entry.resource.id}`);
    expect(await exported(manifest)).toEqual([...found, `Patient/${AINO}`, `Patient/${EERO}`].sort());
    const lines = (await Promise.all(manifest.output.map((file) => linesOf(file)))).flat();
    const stored = await gateway.store.read('Task', ids[0] as string);
    expect(lines.find(({ id }) => id === ids[0])).toEqual(JSON.parse(stored?.content as string));
  });

  it('sends its files packed to who takes them packed', async () => {
    await create(task(EERO));
    const { output } = await run('/$export?_type=Patient');
    const { url } = output[0] as FileEntry;
    const path = url.slice(gateway.url.length);
    const packed = await fetch(gateway.url + path, {
      headers: { ...as('portal'), 'Accept-Encoding': 'gzip' },
    });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(packed.headers.get('content-type')).toBe('application/fhir+ndjson');
    expect(packed.headers.get('vary')).toContain('Accept-Encoding');
    const plain = await fetch(gateway.url + path, {
      headers: { ...as('portal'), 'Accept-Encoding': 'identity' },
    });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await packed.text()).toBe(await plain.text());
    const [chunk] = await gateway.database.database.query<{ data: Buffer }>(
      'SELECT data FROM export_chunk WHERE job = $1 AND file = 1 AND n = 0',
      [path.split('/')[2]],
    );
    expect(gunzipSync(chunk?.data as Buffer).toString()).toContain(AINO);
  });

  it('of patients holds their compartments only, and of a group those of its present members', async () => {
    const { id: outside } = await create({ resourceType: 'Organization', name: 'Org' });
    const [own, other] = [await create(task(AINO)), await create(task(EERO))];
    const all = await exported(await run('/Patient/$export'));
    expect(all).toEqual(expect.arrayContaining([`Task/${own.id}`, `Task/${other.id}`, `Patient/${EERO}`]));
    expect(all).not.toContain(`Organization/${outside}`);
    const group = await create({
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [
        { entity: { reference: `Patient/${AINO}` } },
        { entity: { reference: `Patient/${EERO}` }, inactive: true },
        { entity: { reference: `Patient/${EERO}` }, period: { end: '2020-05' } },
      ],
    });
    const members = await exported(await run(`/Group/${group.id}/$export?_type=Task,Patient`));
    expect(members).toContain(`Task/${own.id}`);
    expect(members).toContain(`Patient/${AINO}`);
    expect(members).not.toContain(`Task/${other.id}`);
    expect(members).not.toContain(`Patient/${EERO}`);
    expect(await auditOf('export')).toContainEqual(
      expect.objectContaining({ who: 'Device/portal', entities: [`Group/${group.id}`], outcome: 'success' }),
    );
    await kickOff('/Group/none/$export').expect(404);
  });

  it('is confined by searches, of which one must match', async () => {
    const [low, high, done] = [
      await create(task(AINO, { priority: 'routine' })),
      await create(task(AINO, { priority: 'stat' })),
      await create(task(AINO, { status: 'completed', priority: 'stat' })),
    ];
    const one = encodeURIComponent('Task?priority=stat&status=requested,draft');
    const chosen = await exported(await run(`/$export?_type=Task&_typeFilter=${one}`));
    expect(chosen).toEqual([`Task/${high.id}`]);
    const two = encodeURIComponent('Task?priority=stat&status=requested,Task?status=completed');
    const either = await exported(await run(`/$export?_type=Task&_typeFilter=${two}`));
    expect(either).toEqual([`Task/${high.id}`, `Task/${done.id}`].sort());
    expect(either).not.toContain(`Task/${low.id}`);
  });

  it('takes its parameters by POST too, with patients and a group', async () => {
    const [own, other] = [await create(task(AINO)), await create(task(EERO))];
    const manifest = await runPosted('/Patient/$export', [
      { name: '_type', valueString: 'Task' },
      { name: 'patient', valueReference: { reference: `Patient/${EERO}` } },
    ]);
    const shown = await exported(manifest);
    expect(shown).toContain(`Task/${other.id}`);
    expect(shown).not.toContain(`Task/${own.id}`);
    const entity = { reference: `Patient/${AINO}` };
    const { id: group } = await create({
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [{ entity }],
    });
    const ofGroup = await exported(
      await runPosted(`/Group/${group}/$export`, [{ name: '_type', valueString: 'Patient' }]),
    );
    expect(ofGroup).toEqual([`Patient/${AINO}`]);
    const outside = [{ name: 'patient', valueReference: { reference: `Patient/${EERO}` } }];
    await post(`/Group/${group}/$export`, { resourceType: 'Parameters', parameter: outside }).expect(400);
    const parameter = [{ name: 'patient', valueReference: { reference: 'Patient/nobody' } }];
    await post('/Patient/$export', { resourceType: 'Parameters', parameter }).expect(400);
    await post('/$export', { resourceType: 'Parameters', parameter }).expect(400);
    await post('/$export', task(AINO)).expect(400);
    await post('/$export', {
      resourceType: 'Parameters',
      parameter: [{ name: '_type', valueCode: 'Task' }],
    }).expect(400);
  });

  it('since a time holds what was written later, and tells what was deleted', async () => {
    const before = await create(task(AINO, { description: 'before' }));
    const gone = await create(task(AINO, { description: 'gone' }));
    const since = before.meta?.lastUpdated as string;
    await sleep(5);
    const later = await create(task(AINO, { description: 'later' }));
    await remove(`/Task/${gone.id}`).expect(204);
    const manifest = await run(`/$export?_type=Task&_since=${encodeURIComponent(since)}`);
    const shown = await exported(manifest);
    expect(shown).toContain(`Task/${later.id}`);
    expect(shown).not.toContain(`Task/${before.id}`);
    expect(shown).not.toContain(`Task/${gone.id}`);
    const [bundle] = await linesOf(manifest.deleted?.[0] as FileEntry);
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'transaction' });
    expect(bundle?.['entry']).toContainEqual({ request: { method: 'DELETE', url: `Task/${gone.id}` } });
  });
});

describe('the transaction time of an export', () => {
  it('lies before every write that was under way, however late it is committed', async () => {
    const { id } = await create(task(AINO, { description: 'under way' }));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let stamped = '';
    const late = gateway.store.transaction(async (tx) => {
      const [written] = await tx.write([{ kind: 'create', resource: { ...task(AINO), id: 'late-1' } }], {
        principal: {
          kind: 'gateway',
          who: 'Device/silta-gateway',
          scopes: [],
          sectors: ['health', 'social'],
        },
        requestId: 'late',
      });
      stamped = written?.lastUpdated as string;
      await held;
    });
    const first = await run('/$export?_type=Task');
    expect(await exported(first)).not.toContain('Task/late-1');
    release();
    await late;
    expect(Date.parse(first.transactionTime)).toBeLessThan(Date.parse(stamped));
    const next = await run(`/$export?_type=Task&_since=${encodeURIComponent(first.transactionTime)}`);
    expect(await exported(next)).toEqual(expect.arrayContaining(['Task/late-1', `Task/${id}`]));
  });
});

describe('who may export', () => {
  it('is a backend service, and it gets what it may search, of its sectors', async () => {
    const [health, social] = [await create(task(AINO)), await create(task(AINO), 'social')];
    const shown = await exported(await run('/$export?_type=Task', 'social'), 'social');
    expect(shown).toContain(`Task/${social.id}`);
    expect(shown).not.toContain(`Task/${health.id}`);
    await kickOff('/Patient/$export', 'aino').expect(403);
    await kickOff('/$export?_type=Task', 'lifecare').expect(403);
    await request(gateway.url).get('/$export').set('Prefer', 'respond-async').expect(401);
    const chain = encodeURIComponent('QuestionnaireResponse?subject:Patient.name=x');
    await kickOff(`/$export?_type=QuestionnaireResponse&_typeFilter=${chain}`, 'lifecare').expect(403);
    expect((await auditOf('export')).some(({ outcome }) => outcome === 'refused')).toBe(true);
  });

  it('alone sees the export and its files, and every download leaves an audit row', async () => {
    await create(task(AINO));
    const { headers } = await kickOff('/$export?_type=Task').expect(202);
    const location = headers['content-location'] as string;
    const manifest = await finished(location);
    const { url } = manifest.output[0] as FileEntry;
    for (const address of [location, url]) {
      const other = await at(address, 'social').expect(404);
      const none = await at(address.replace(/_export\/[0-9a-f]{8}/, '_export/00000000'), 'social').expect(
        404,
      );
      expect(JSON.parse(other.text)).toEqual(JSON.parse(none.text));
      await at(address, 'aino').expect(403);
      await request(address).get('').expect(401);
    }
    await remove(location.slice(gateway.url.length), 'social').expect(404);
    const before = (await auditOf('export-file')).length;
    await linesOf(manifest.output[0] as FileEntry);
    const rows = await auditOf('export-file');
    expect(rows).toHaveLength(before + 1);
    expect(rows.at(-1)).toMatchObject({
      who: 'Device/portal',
      outcome: 'success',
      detail: expect.stringContaining('of Task'),
    });
    await at(`${location}/99`).expect(404);
  });
});

describe('a kick-off', () => {
  it.each([
    ['without Prefer: respond-async', '/$export', 'return=minimal', /respond-async/],
    ['with a format that is not NDJSON', '/$export?_outputFormat=text/csv', 'respond-async', /_outputFormat/],
    ['with a time that is none', '/$export?_since=yesterday', 'respond-async', /_since/],
    ['with an unknown type', '/$export?_type=Tusk', 'respond-async', /_type/],
    [
      'of patients with a type outside their compartments',
      '/Patient/$export?_type=Organization',
      'respond-async',
      /_type/,
    ],
    ['with an unknown parameter', '/$export?_sinse=2026-01-01T00:00:00Z', 'respond-async', /_since/],
    [
      'with what is not supported',
      '/$export?includeAssociatedData=LatestProvenanceResources',
      'respond-async',
      /includeAssociatedData/,
    ],
    [
      'that would organize its output otherwise',
      '/$export?organizeOutputBy=Patient',
      'respond-async',
      /organizeOutputBy/,
    ],
    [
      'with a filter of a type that is not asked for',
      '/$export?_type=Task&_typeFilter=Patient%3Fname%3Dx',
      'respond-async',
      /_typeFilter/,
    ],
    ['with a filter that is no search', '/$export?_typeFilter=Task', 'respond-async', /_typeFilter/],
    [
      'with a filter that sorts',
      '/$export?_typeFilter=Task%3F_sort%3Dstatus',
      'respond-async',
      /_typeFilter/,
    ],
    [
      'with an unknown parameter in a filter',
      '/$export?_typeFilter=Task%3Fstutus%3Dx',
      'respond-async',
      /_typeFilter/,
    ],
    [
      'with a wrong value in a filter',
      '/$export?_typeFilter=Task%3Fauthored-on%3Dnever',
      'respond-async',
      /authored-on/,
    ],
    ['with patients in a query', '/Patient/$export?patient=Patient/1', 'respond-async', /patient/],
  ])('%s is refused with an outcome', async (_, path, prefer, what) => {
    const { body } = await kickOff(path, 'portal', prefer).expect(400);
    expect(body).toMatchObject({ resourceType: 'OperationOutcome' });
    expect(body.issue[0].diagnostics).toMatch(what);
  });

  it('leaves aside what it does not do for who prefers that, and says so in the manifest', async () => {
    const prefer = 'respond-async, handling=lenient';
    const path = '/$export?_type=Patient,Tusk&organizeOutputBy=Patient&_typeFilter=Patient%3F_sort%3Dname';
    const { headers } = await kickOff(path, 'portal', prefer).expect(202);
    const { output, error } = await finished(headers['content-location'] as string);
    expect(output.map(({ type }) => type)).toEqual(['Patient']);
    const lines = await linesOf(error[0] as FileEntry);
    expect(lines.map((line) => line['issue'])).toHaveLength(3);
    expect(JSON.stringify(lines)).toContain('organizeOutputBy');
  });

  it('has no place in a Bundle', async () => {
    const entry = [{ request: { method: 'GET', url: '$export' } }];
    const { body } = await request(gateway.url)
      .post('/')
      .set(as('portal'))
      .send({ resourceType: 'Bundle', type: 'batch', entry });
    expect(body.entry[0].response.status).toMatch(/^400/);
  });
});

describe('an export that is under way', () => {
  let slow: TestGateway;
  beforeAll(async () => {
    slow = await startGateway();
  });
  afterAll(() => slow.close());
  const ask = () =>
    request(slow.url).get('/$export?_type=Patient').set(as('portal')).set('Prefer', 'respond-async');
  const look = (path: string) => request(slow.url).get(path).set(as('portal'));
  const pathOf = (headers: Record<string, string>) =>
    (headers['content-location'] as string).slice(slow.url.length);

  it('is limited in number for each client, and goes when it is cancelled', async () => {
    const paths = [pathOf((await ask().expect(202)).headers), pathOf((await ask().expect(202)).headers)];
    const refused = await ask().expect(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    for (const path of paths) {
      await look(path).expect(202);
      await request(slow.url).delete(path).set(as('portal')).expect(202);
      await look(path).expect(404);
    }
    await ask()
      .expect(202)
      .then(({ headers }) => request(slow.url).delete(pathOf(headers)).set(as('portal')).expect(202));
  });

  it('stops where it is when it is cancelled, and leaves nothing', async () => {
    const path = pathOf((await ask().expect(202)).headers);
    // Nobody can read resources while this holds the table.
    await slow.database.database.transaction(async (sql) => {
      await sql.query('LOCK TABLE resource IN ACCESS EXCLUSIVE MODE');
      slow.exporter.start();
      await until(async () => /types/.test((await look(path)).headers['x-progress'] ?? '') || undefined);
      await request(slow.url).delete(path).set(as('portal')).expect(202);
    });
    await slow.exporter.stop();
    const left = await slow.database.database.query(
      'SELECT 1 FROM export_chunk UNION ALL SELECT 1 FROM export_job',
    );
    expect(left).toEqual([]);
  });

  it('is put back by a gateway that stops, and done by another', async () => {
    const other = await startBeside(slow);
    const path = pathOf((await ask().expect(202)).headers);
    await slow.database.database.transaction(async (sql) => {
      await sql.query('LOCK TABLE resource IN ACCESS EXCLUSIVE MODE');
      slow.exporter.start();
      await until(async () => /types/.test((await look(path)).headers['x-progress'] ?? '') || undefined);
      void slow.exporter.stop();
    });
    await slow.exporter.stop();
    other.exporter.start();
    await until(async () => (await look(path)).status === 200 || undefined);
    await other.close();
  });

  it('expires, with its files', async () => {
    const path = pathOf((await ask().expect(202)).headers);
    slow.exporter.start();
    await until(async () => (await look(path)).status === 200 || undefined);
    const { headers, body } = await look(path);
    expect(Date.parse(headers['expires'] as string)).toBeGreaterThan(Date.now());
    await slow.database.database.query('UPDATE export_job SET expires_at = clock_timestamp()');
    await look(path).expect(404);
    await look(body.output[0].url.slice(slow.url.length)).expect(404);
    await until(async () => {
      const [row] = await slow.database.database.query('SELECT count(*) AS n FROM export_chunk');
      return row?.['n'] === 0 || undefined;
    });
  });
});

async function until(holds: () => Promise<true | undefined>): Promise<void> {
  for (let asked = 0; asked < 1_000; asked++) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error('It did not come to hold.');
}
