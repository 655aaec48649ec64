import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startGateway, type TestGateway } from '../rest/gateway.ts';

const URL_OF_MAPS = 'https://silta.example/fhir/StructureMap';
const HEAD = (name: string, uses = '') => `/// url = '${URL_OF_MAPS}/${name}'
/// name = 'Hostile'
/// status = 'active'

uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "http://hl7.org/fhir/StructureDefinition/Basic" alias Basic as target
${uses}
`;
const GREET = `group Greet(source patient : Patient, target basic : Basic) {
  patient.gender as gender -> basic.code as code, code.text = gender "gender";
}
`;
const PATIENT = { resourceType: 'Patient', gender: 'female' };

describe('a map that means harm', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  }, 120_000);
  afterAll(() => gateway.close());

  const post = (path: string, token: string) =>
    request(gateway.url).post(path).set('Authorization', `Bearer ${token}`);
  const transform = (map: object, token = 'portal', content: object = PATIENT) =>
    post('/StructureMap/$transform', token)
      .set('Content-Type', 'application/fhir+json')
      .send({
        resourceType: 'Parameters',
        parameter: [map, { name: 'content', resource: content }],
      });
  const run = (fml: string) => transform({ name: 'srcMap', valueString: fml });
  const source = (name: string) => ({ name: 'source', valueUri: `${URL_OF_MAPS}/${name}` });

  it.each<[string, string, number]>([
    [
      'calls itself without end',
      `${HEAD('loop')}group Loop(source patient : Patient, target basic : Basic) {
  patient -> basic then Loop(patient, basic) "again";
}
`,
      422,
    ],
    [
      'matches with a pattern that takes exponential time',
      `${HEAD('pattern')}group Slow(source patient : Patient, target basic : Basic) {
  patient.gender as gender where ('${'a'.repeat(60)}!').matches('^(a|a|aa)+$') -> basic.code as code, code.text = gender "gender";
}
`,
      422,
    ],
    [
      'refers to more than anybody maintains',
      HEAD(
        'needs',
        Array.from({ length: 1_000 }, (_, at) => `imports "${URL_OF_MAPS}/absent-${at}"`).join('\n'),
      ) + GREET,
      422,
    ],
  ])(
    'is stopped and told so when it %s, and the next map is served',
    async (_what, fml, status) => {
      const { body, status: answered } = await run(fml);
      expect({ status: answered, type: body.resourceType, issue: body.issue?.[0]?.severity }).toEqual({
        status,
        type: 'OperationOutcome',
        issue: 'error',
      });
      expect(JSON.stringify(body)).not.toMatch(/ {4}at |node_modules|\.[jt]s:\d/);
      expect((await run(HEAD('after') + GREET)).status).toBe(200);
    },
    60_000,
  );

  it('does not swell an answer beyond what a body may be', async () => {
    const doubled = Array.from({ length: 24 }, () => '.select($this & $this)').join('');
    const fml = `${HEAD('swell')}group Swell(source patient : Patient, target basic : Basic) {
  patient -> basic.code as code, code.text = ('aaaaaaaa'${doubled}) "swell";
}
`;
    const { status, text } = await run(fml);
    expect({ status, fits: text.length < 10_000_000 }).toEqual({ status: 422, fits: true });
  }, 60_000);

  it.each([
    'file:///etc/passwd',
    'http://127.0.0.1:1/map',
    'http://169.254.169.254/latest/meta-data',
    '../../etc/passwd',
  ])('makes the gateway fetch nothing: %s is only a name', async (url) => {
    for (const fml of [
      HEAD('fetch', `imports "${url}"`) + GREET,
      HEAD('fetch', `uses "${url}" alias Other as queried`) + GREET,
    ]) {
      const { text } = await run(fml);
      expect(text).not.toMatch(/root:|ECONNREFUSED|ENOENT|EACCES|fetch failed/);
    }
    const { status } = await transform({ name: 'source', valueUri: url });
    expect(status).toBe(404);
  });

  it('is for those only who may write maps, and reading is asked for each kind that it draws on', async () => {
    for (const token of ['aino', 'lifecare']) {
      const map = { name: 'srcMap', valueString: HEAD('foreign') + GREET };
      expect((await transform(map, token)).status).toBe(403);
    }
  });

  it('of the other sector looks like one that is not there, and hides none of the own', async () => {
    const store = (token: string, fml: string) =>
      post('/StructureMap', token).set('Content-Type', 'text/fhir-mapping').send(fml);
    const sector = (fml: string, version: string) =>
      fml.replace('/// status', `/// version = '${version}'\n/// status`);
    expect((await store('social', HEAD('secret') + GREET)).status).toBe(201);
    expect((await store('social', sector(HEAD('shared') + GREET, '1'))).status).toBe(201);
    expect((await store('portal', sector(HEAD('shared') + GREET, '2'))).status).toBe(201);
    const hidden = await transform(source('secret'), 'health');
    const missing = await transform(source('nowhere'), 'health');
    expect(missing.status).toBe(404);
    expect([hidden.status, hidden.text]).toEqual([404, missing.text]);
    // The newest version is of the health sector, which the social one does not see.
    expect((await transform(source('shared'), 'social')).status).toBe(200);
  });
});
