/**
 * The baseline: Express and `pg` doing the least that could be called the same work. One hand-written statement for each
 * operation; nothing is validated, authorized or audited, there is no history and no general search.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import pg from 'pg';

const INSERT = `INSERT INTO resource (type, id, version, last_updated, content, questionnaire, patient, status)
  SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[])`;
const INSERT_ONE = `INSERT INTO resource (type, id, version, last_updated, content, questionnaire, patient, status)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;
const READ = 'SELECT content FROM resource WHERE type = $1 AND id = $2';
const UPDATE = `UPDATE resource SET version = version + 1, last_updated = $4, content = $5, patient = $6, status = $7
  WHERE type = $1 AND id = $2 AND version = $3`;
const SEARCH_RESPONSES = `SELECT id, content FROM resource WHERE type = 'QuestionnaireResponse' AND questionnaire = $1
  AND last_updated > $2 ORDER BY last_updated, id LIMIT $3`;
const SEARCH_TASKS = `SELECT id, content FROM resource WHERE type = 'Task' AND patient = $1 AND status = ANY ($2)
  ORDER BY last_updated, id LIMIT $3`;

interface Incoming {
  readonly resourceType: string;
  readonly questionnaire?: string;
  readonly status?: string;
  readonly subject?: { readonly reference: string };
  readonly for?: { readonly reference: string };
}

type Row = [
  type: string,
  id: string,
  version: number,
  at: string,
  content: string,
  questionnaire: string | null,
  patient: string | null,
  status: string | null,
];

const [url = '', poolSize = '8'] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: Number(poolSize) });
const app = express();
app.disable('etag');
app.disable('x-powered-by');
app.use(express.json({ type: 'application/fhir+json', limit: '5mb' }));

function toRow(resource: Incoming, id: string, version: number): Row {
  const at = new Date().toISOString();
  const content = JSON.stringify({ ...resource, id, meta: { versionId: String(version), lastUpdated: at } });
  const patient = (resource.subject ?? resource.for)?.reference ?? null;
  return [
    resource.resourceType,
    id,
    version,
    at,
    content,
    resource.questionnaire ?? null,
    patient,
    resource.status ?? null,
  ];
}

function answer(response: Response, status: number, body: string, version?: number): void {
  response.status(status).type('application/fhir+json');
  if (version !== undefined) response.setHeader('ETag', `W/"${version}"`);
  response.send(body);
}

function answerPage(
  response: Response,
  rows: readonly { readonly id: string; readonly content: string }[],
): void {
  const entries = rows.map(({ id, content }) => `{"fullUrl":"${id}","resource":${content}}`);
  answer(response, 200, `{"resourceType":"Bundle","type":"searchset","entry":[${entries.join(',')}]}`);
}

const single = (request: Request, name: string): string => String(request.query[name]);

app.post('/fhir/QuestionnaireResponse', async (request, response) => {
  const row = toRow(request.body as Incoming, randomUUID(), 1);
  await pool.query({ name: 'insert', text: INSERT_ONE, values: row });
  answer(response, 201, row[4], 1);
});

app.get('/fhir/QuestionnaireResponse/:id', async (request, response) => {
  const values = ['QuestionnaireResponse', request.params.id];
  const { rows } = await pool.query<{ content: string }>({ name: 'read', text: READ, values });
  answer(response, rows[0] ? 200 : 404, rows[0]?.content ?? '{}');
});

app.get('/fhir/QuestionnaireResponse', async (request, response) => {
  const values = [
    single(request, 'questionnaire'),
    single(request, '_lastUpdated').slice(2),
    single(request, '_count'),
  ];
  answerPage(response, (await pool.query({ name: 'responses', text: SEARCH_RESPONSES, values })).rows);
});

app.get('/fhir/Task', async (request, response) => {
  const values = [
    single(request, 'patient'),
    single(request, 'status').split(','),
    single(request, '_count'),
  ];
  answerPage(response, (await pool.query({ name: 'tasks', text: SEARCH_TASKS, values })).rows);
});

app.put('/fhir/Task/:id', async (request, response) => {
  const seen = Number(/"(\d+)"/.exec(request.get('if-match') ?? '')?.[1]);
  const [type, id, version, at, content, , patient, status] = toRow(
    request.body as Incoming,
    request.params.id,
    seen + 1,
  );
  const values = [type, id, seen, at, content, patient, status];
  const { rowCount } = await pool.query({ name: 'update', text: UPDATE, values });
  answer(response, rowCount === 1 ? 200 : 412, content, version);
});

interface IncomingEntry {
  readonly fullUrl: string;
  readonly resource: Incoming;
}

app.post('/fhir', async (request, response) => {
  const { entry } = request.body as { readonly entry: readonly IncomingEntry[] };
  const ids = new Map(entry.map(({ fullUrl }) => [fullUrl, randomUUID() as string]));
  const targets = new Map(
    entry.map(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${ids.get(fullUrl)}`]),
  );
  const rows = entry.map(({ fullUrl, resource }) => {
    const resolved = JSON.stringify(resource).replaceAll(
      /urn:uuid:[0-9a-f-]{36}/g,
      (url_) => targets.get(url_) ?? url_,
    );
    return toRow(JSON.parse(resolved) as Incoming, ids.get(fullUrl) ?? '', 1);
  });
  const columns = Array.from({ length: 8 }, (_, column) => rows.map((row) => row[column]));
  await pool.query({ name: 'insert-many', text: INSERT, values: columns });
  const entries = rows.map(([type, id, , , content]) => {
    const told = JSON.stringify({ status: '201', location: `${type}/${id}/_history/1`, etag: 'W/"1"' });
    return `{"resource":${content},"response":${told}}`;
  });
  answer(
    response,
    200,
    `{"resourceType":"Bundle","type":"transaction-response","entry":[${entries.join(',')}]}`,
  );
});

const server = app.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuSeconds: (user + system) / 1e6 });
});
process.on('disconnect', () => process.exit(0));
