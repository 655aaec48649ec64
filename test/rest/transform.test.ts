import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startGateway, type TestGateway } from './gateway.ts';

const MAP_URL = 'https://silta.example/fhir/StructureMap/test-greet';
const FML = `/// url = '${MAP_URL}'
/// name = 'Greet'
/// status = 'active'

uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "http://hl7.org/fhir/StructureDefinition/Basic" alias Basic as target

group Greet(source patient : Patient, target basic : Basic) {
  patient.gender as gender -> basic.code as code, code.text = gender "gender";
}
`;
const PATIENT = { resourceType: 'Patient', gender: 'female' };
const parameters = (parameter: readonly object[]) => ({ resourceType: 'Parameters', parameter });
const CONTENT = { name: 'content', resource: PATIENT };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
}, 120_000);
afterAll(() => gateway.close());

const post = (path: string, token = 'portal') =>
  request(gateway.url).post(path).set('Authorization', `Bearer ${token}`);
const transform = (parameter: readonly object[], token?: string, path = '/StructureMap/$transform') =>
  post(path, token).set('Content-Type', 'application/fhir+json').send(parameters(parameter));

// https://build.fhir.org/mapping-language.html, media type text/fhir-mapping
describe('FHIR Mapping Language over HTTP', () => {
  it('goes in as text and comes out as StructureMap, and as text for who asks', async () => {
    const created = await post('/StructureMap').set('Content-Type', 'text/fhir-mapping').send(FML);
    expect(created.status).toBe(201);
    const path = new URL(String(created.headers['location'])).pathname.replace(/^\/fhir|\/_history.*$/g, '');
    const get = (accept: string) =>
      request(gateway.url).get(path).set('Authorization', 'Bearer portal').set('Accept', accept);
    const json = await get('application/fhir+json');
    expect(json.body).toMatchObject({ resourceType: 'StructureMap', url: MAP_URL, status: 'active' });
    const text = await get('text/fhir-mapping');
    expect(text.headers['content-type']).toBe('text/fhir-mapping; charset=utf-8');
    expect(text.text).toContain('patient.gender as gender');
    const id = path.split('/').at(-1);
    const replaced = await request(gateway.url)
      .put(path)
      .set('Authorization', 'Bearer portal')
      .set('Content-Type', 'text/fhir-mapping')
      .set('Accept', 'application/fhir+json')
      .send(text.text.replace('"gender"', '"sex"'));
    expect(replaced.status).toBe(200);
    expect(replaced.body).toMatchObject({ id, group: [{ rule: [{ name: 'sex' }] }] });
  });

  it('shows every fault of a text by its place, and stores nothing', async () => {
    const before = await gateway.countResources();
    const broken = FML.replace('group Greet(source', 'group Greet(sorce').replace('"gender";', '"gender"');
    const { status, body } = await post('/StructureMap')
      .set('Content-Type', 'text/fhir-mapping')
      .send(broken);
    expect(status).toBe(400);
    expect(body.issue[0].diagnostics).toMatch(/^8:13: expected .*did you mean 'source'/);
    expect(await gateway.countResources()).toBe(before);
  });

  it('is a form of StructureMaps alone', async () => {
    const [asked, sent] = await Promise.all([
      request(gateway.url)
        .get('/Patient/aino-3f1c')
        .set('Authorization', 'Bearer portal')
        .set('Accept', 'text/fhir-mapping'),
      post('/Patient').set('Content-Type', 'text/fhir-mapping').send(FML),
    ]);
    expect(asked.status).toBe(406);
    expect(sent.status).toBe(400);
    expect(sent.body.resourceType).toBe('OperationOutcome');
  });
});

// https://hl7.org/fhir/R4/structuremap-operation-transform.html
describe('StructureMap/$transform', () => {
  const wanted = { resourceType: 'Basic', code: { text: 'female' } };

  it('runs a stored map by its url, by its address, and as the body alone', async () => {
    const stored = await post('/StructureMap')
      .set('Content-Type', 'text/fhir-mapping')
      .set('Accept', 'application/fhir+json')
      .send(FML.replaceAll('test-greet', 'test-stored'));
    const source = { name: 'source', valueUri: MAP_URL.replace('test-greet', 'test-stored') };
    const path = `/StructureMap/${stored.body.id}/$transform`;
    const answers = [
      await transform([source, CONTENT]),
      await transform([CONTENT], 'portal', path),
      await post(path).send(PATIENT),
    ];
    for (const { status, body } of answers) expect({ status, body }).toEqual({ status: 200, body: wanted });
  }, 60_000);

  // https://hl7.org/fhir/R5/structuremap-operation-transform.html
  it('runs a map of the request with supporting maps and models, and traces it', async () => {
    const library = FML.replaceAll('test-greet', 'test-library')
      .replace("'Greet'", "'Library'")
      .replace('group Greet', 'group Shared');
    const caller = FML.replace(
      'uses',
      'imports "https://silta.example/fhir/StructureMap/test-library"\nuses',
    ).replace(
      'patient.gender as gender -> basic.code as code, code.text = gender "gender"',
      'patient then Shared(patient, basic) "shared"',
    );
    const given = [
      { name: 'srcMap', valueString: caller },
      { name: 'supportingMap', valueString: library },
      CONTENT,
    ];
    expect((await transform(given)).body).toEqual(wanted);
    const { body } = await transform([...given, { name: 'debug', valueBoolean: true }]);
    expect(body).toMatchObject({
      resourceType: 'Parameters',
      parameter: expect.arrayContaining([{ name: 'return', resource: wanted }]),
    });
  }, 60_000);

  it('takes and gives what is no FHIR in a Binary, by the models of the request', async () => {
    const model = {
      resourceType: 'StructureDefinition',
      url: 'urn:test:note',
      name: 'Note',
      status: 'active',
      kind: 'logical',
      abstract: false,
      type: 'Note',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Element',
      derivation: 'specialization',
      differential: {
        element: [{ path: 'Note' }, { path: 'Note.words', min: 0, max: '1', type: [{ code: 'string' }] }],
      },
    };
    const map = `map "urn:test:copy" = "copy"
uses "urn:test:note" alias Note as source
uses "urn:test:note" alias Note as target
group Copy(source a : Note, target b : Note) { a.words as w -> b.words = append(w, '!') "words"; }`;
    const data = Buffer.from('{"words":"hei"}').toString('base64');
    const { body } = await transform([
      { name: 'srcMap', valueString: map },
      { name: 'model', resource: model },
      { name: 'content', resource: { resourceType: 'Binary', contentType: 'application/json', data } },
    ]);
    expect(body).toMatchObject({ resourceType: 'Binary', contentType: 'application/json' });
    expect(JSON.parse(Buffer.from(body.data, 'base64').toString())).toEqual({ words: 'hei!' });
  }, 60_000);

  it('tells a broken map, and content that does not fit, with their places', async () => {
    const misspelt = FML.replace('patient.gender', 'patient.gendr');
    const [map, data] = [
      await transform([{ name: 'srcMap', valueString: misspelt }, CONTENT]),
      await transform([
        { name: 'srcMap', valueString: FML },
        { name: 'content', resource: { resourceType: 'Task', status: 'draft', intent: 'order' } },
      ]),
    ];
    expect(map.status).toBe(422);
    expect(map.body.issue[0].diagnostics).toContain("map:9:3: Patient has no element 'gendr'");
    expect(data.status).toBe(422);
    expect(data.body.issue[0].diagnostics).toContain('must be a Patient');
  }, 60_000);

  it('stops a map that does not end, and runs the next one', async () => {
    const items = Array.from({ length: 60 }, (_, index) => ({ linkId: `${index}` }));
    const endless = `map "urn:test:long" = "long"
uses "http://hl7.org/fhir/StructureDefinition/Questionnaire" alias Q as source
uses "http://hl7.org/fhir/StructureDefinition/Basic" alias Basic as target
group Long(source q : Q, target b : Basic) {
  q.item as a1, q.item as a2, q.item as a3, q.item as a4, q.item as a5 -> b.language = 'fi' "never done";
}`;
    const long = await transform([
      { name: 'srcMap', valueString: endless },
      { name: 'content', resource: { resourceType: 'Questionnaire', status: 'draft', item: items } },
    ]);
    expect(long.status).toBe(422);
    expect(long.body.issue[0]).toMatchObject({ code: 'too-costly' });
    const next = await transform([{ name: 'srcMap', valueString: FML }, CONTENT]);
    expect(next.body).toEqual(wanted);
  }, 60_000);

  it('is for who may read StructureMaps, and a map of the request for who may create them', async () => {
    const reader = await transform([{ name: 'source', valueUri: MAP_URL }, CONTENT], 'lifecare');
    const citizen = await transform([{ name: 'srcMap', valueString: FML }, CONTENT], 'aino');
    expect([reader.status, citizen.status]).toEqual([403, 403]);
    const [row] = await gateway.database.database.query(
      "SELECT count(*) AS n FROM audit WHERE action = 'transform' AND outcome = 'refused'",
    );
    expect(Number(row?.['n'])).toBe(2);
  });

  it.each([
    ['no content', [{ name: 'srcMap', valueString: FML }], 400],
    ['no map', [CONTENT], 400],
    ['two maps', [{ name: 'srcMap', valueString: FML }, { name: 'source', valueUri: MAP_URL }, CONTENT], 400],
    ['a parameter that is not there', [{ name: 'srcmap', valueString: FML }, CONTENT], 400],
    ['a url of no map', [{ name: 'source', valueUri: 'urn:nowhere' }, CONTENT], 404],
    ['a map that is none', [{ name: 'sourceMap', resource: PATIENT }, CONTENT], 400],
  ])('refuses %s', async (_, given, status) => {
    const answer = await transform(given);
    expect(answer.status).toBe(status);
    expect(answer.body.resourceType).toBe('OperationOutcome');
  });
});
