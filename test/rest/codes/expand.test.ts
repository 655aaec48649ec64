import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ValueSet, ValueSetExpansionContains } from 'fhir/r4';
import { Client } from 'fhir-kit-client';
import { startGateway, type TestGateway } from '../gateway.ts';
import { callerOf, HEALTH, issueOf, parameters, WARDS, ward, wards } from './support.ts';

let gateway: TestGateway;
let id: string;
beforeAll(async () => {
  gateway = await startGateway();
  await post('/CodeSystem', ward).expect(201);
  id = (await post('/ValueSet', wards).expect(201)).body.id;
});
afterAll(() => gateway.close());
const { get, post, put } = callerOf(() => gateway);

const query = (options: Record<string, string>) => `/ValueSet/$expand?${new URLSearchParams(options)}`;
const codes = (contains: readonly ValueSetExpansionContains[] = []): string[] =>
  contains.flatMap(({ code, contains: inner }) => [String(code), ...codes(inner)]);

async function expand(options: Record<string, string>, token?: string): Promise<ValueSet> {
  return (await get(query({ url: WARDS, ...options }), token).expect(200)).body;
}

describe('ValueSet/$expand', () => {
  it('lists a stored value set of a stored code system, nested as the system is', async () => {
    const { expansion, compose, ...head } = await expand({});
    expect(head).toMatchObject({ resourceType: 'ValueSet', url: WARDS, version: '1.0', status: 'active' });
    expect(compose).toBeUndefined();
    expect(expansion).toMatchObject({
      identifier: expect.stringMatching(/^urn:uuid:/),
      total: 4,
      parameter: [{ name: 'version', valueUri: `${HEALTH}|1.0` }],
      contains: [
        {
          system: HEALTH,
          version: '1.0',
          code: 'K',
          display: 'Kirurgia',
          abstract: true,
          contains: [
            { code: 'K1', display: 'Päiväkirurgia' },
            { code: 'K2', display: 'Ortopedia' },
          ],
        },
        { code: 'S', inactive: true },
      ],
    });
  });

  it('is the same by address, by URL and version, by POST and with the value set in the body', async () => {
    const wanted = (await expand({})).expansion?.contains;
    const { compose: _, ...unnamed } = { ...wards, url: undefined, compose: wards.compose };
    const answers = [
      await get(`/ValueSet/${id}/$expand`),
      await get(query({ url: WARDS, valueSetVersion: '1.0' })),
      await get(query({ url: `${WARDS}|1.0` })),
      await post('/ValueSet/$expand', parameters({ name: 'url', valueUri: WARDS })),
      await post(
        '/ValueSet/$expand',
        parameters({ name: 'valueSet', resource: { ...unnamed, compose: wards.compose } as ValueSet }),
      ),
      await post('/ValueSet/$expand', wards),
      await post(`/ValueSet/${id}/$expand`, { resourceType: 'Parameters' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    for (const { body } of answers) expect(body.expansion.contains).toEqual(wanted);
  });

  it('gives what is asked for, and says by what', async () => {
    const flat = await expand({ excludeNested: 'true', activeOnly: 'true', excludeNotForUI: 'true' });
    expect(flat.expansion?.contains?.map(({ code }) => code)).toEqual(['K1', 'K2']);
    expect(flat.expansion?.parameter).toEqual(
      expect.arrayContaining([{ name: 'activeOnly', valueBoolean: true }]),
    );
    const found = await expand({ filter: 'paiva' });
    expect(codes(found.expansion?.contains)).toEqual(['K1']);
    expect(codes((await expand({ filter: 'ortopedi' })).expansion?.contains)).toEqual(['K2']);
    expect((await expand({ includeDefinition: 'true' })).compose).toEqual(wards.compose);
    const designated = await expand({ includeDesignations: 'true', filter: 'K2' });
    expect(designated.expansion?.contains?.[0]?.designation).toEqual([{ language: 'sv', value: 'Ortopedi' }]);
    expect((await expand({ 'exclude-system': HEALTH })).expansion).toMatchObject({ total: 0 });
  });

  it('gives pages that together are the whole', async () => {
    const seen: string[] = [];
    for (const offset of ['0', '2', '4']) {
      const { expansion } = await expand({ count: '2', offset });
      expect(expansion).toMatchObject({ total: 4, offset: Number(offset) });
      seen.push(...codes(expansion?.contains));
    }
    expect(seen).toEqual(['K', 'K1', 'K2', 'S']);
    expect((await expand({ count: '0' })).expansion).not.toHaveProperty('contains');
  });

  it('names codes in the language that is asked for', async () => {
    const swedish = await expand({ displayLanguage: 'sv-FI', excludeNested: 'true' });
    expect(swedish.expansion?.contains?.map(({ display }) => display)).toEqual([
      'Kirurgi',
      'Päiväkirurgia',
      'Ortopedi',
      'Sisätaudit',
    ]);
    const countries = {
      url: 'http://hl7.org/fhir/ValueSet/iso3166-1-3',
      filter: 'FIN',
      displayLanguage: 'fi',
    };
    expect((await expand(countries)).expansion?.contains).toMatchObject([{ code: 'FIN', display: 'Suomi' }]);
    const supplement = {
      resourceType: 'CodeSystem',
      status: 'active',
      content: 'supplement',
      supplements: 'http://hl7.org/fhir/administrative-gender',
      concept: [{ code: 'female', designation: [{ language: 'fi', value: 'Nainen' }] }],
    };
    await post('/CodeSystem', supplement).expect(201);
    const genders = { url: 'http://hl7.org/fhir/ValueSet/administrative-gender', displayLanguage: 'fi' };
    const names = (await expand(genders)).expansion?.contains?.map(({ display }) => display);
    expect(names).toEqual(['Male', 'Nainen', 'Other', 'Unknown']);
  });

  it('holds to the versions that are asked for', async () => {
    const url = 'https://terms.example/CodeSystem/versioned';
    const of = (version: string, code: string) => ({
      ...ward,
      url,
      version,
      concept: [{ code, display: code }],
    });
    await post('/CodeSystem', of('1.9', 'old')).expect(201);
    await post('/CodeSystem', of('1.10', 'new')).expect(201);
    const valueSet = { ...wards, url: `${url}-all`, compose: { include: [{ system: url }] } };
    const pinned = { ...wards, url: `${url}-old`, compose: { include: [{ system: url, version: '1.9' }] } };
    for (const each of [valueSet, pinned]) await post('/ValueSet', each).expect(201);
    const first = async (options: Record<string, string>) =>
      codes((await expand(options)).expansion?.contains)[0];
    expect(await first({ url: valueSet.url })).toBe('new');
    expect(await first({ url: valueSet.url, 'system-version': `${url}|1.9` })).toBe('old');
    expect(await first({ url: pinned.url, 'system-version': `${url}|1.10` })).toBe('old');
    expect(await first({ url: pinned.url, 'force-system-version': `${url}|1.10` })).toBe('new');
    const refused = await get(query({ url: pinned.url, 'check-system-version': `${url}|1.10` })).expect(422);
    expect(issueOf(refused.body)).toContain('not the one to be checked for');
  });

  it('follows a change at once', async () => {
    const own = { ...wards, url: `${WARDS}-changing` };
    const created = (await post('/ValueSet', own).expect(201)).body;
    expect((await expand({ url: own.url })).expansion?.total).toBe(4);
    const changed = { ...created, compose: { include: [{ system: HEALTH, concept: [{ code: 'S' }] }] } };
    await put(`/ValueSet/${created.id}`, changed).set('If-Match', 'W/"1"').expect(200);
    expect((await expand({ url: own.url })).expansion?.total).toBe(1);
  });

  it.each([
    [{ url: 'https://terms.example/none' }, 404, 'not-found: This value set is not known here'],
    [{ url: WARDS, valueSetVersion: '9' }, 404, 'not-found'],
    [{}, 400, "invalid: Exactly one of the parameters 'url', 'valueSet'"],
    [{ url: WARDS, count: '-1' }, 400, "invalid: The parameter 'count'"],
    [{ url: WARDS, count: 'many' }, 400, "invalid: The parameter 'count' must be of type integer"],
    [{ url: WARDS, activeonly: 'true' }, 400, "Did you mean 'activeOnly'?"],
    [{ url: WARDS, context: 'Patient.gender' }, 422, "not-supported: The parameter 'context'"],
    [{ url: WARDS, date: '2020-01-01' }, 422, "not-supported: The parameter 'date'"],
    [{ url: WARDS, valueSet: 'x' }, 400, 'send it by POST'],
    [{ url: WARDS, 'system-version': HEALTH }, 400, "'system|version'"],
    [{ url: 'http://hl7.org/fhir/ValueSet/mimetypes' }, 422, 'too-costly: This value set cannot be expanded'],
    [
      { url: 'http://hl7.org/fhir/ValueSet/condition-code' },
      422,
      'not-found: This value set cannot be expanded: the content of http://snomed.info/sct',
    ],
  ])('%j → %i', async (options, status, text) => {
    const { body } = await get(query(options as Record<string, string>)).expect(status);
    expect(body.resourceType).toBe('OperationOutcome');
    expect(issueOf(body)).toContain(text);
  });

  it('refuses a value set in the body that is none, and a URL beside an address', async () => {
    const broken = { ...wards, compose: { include: [{ system: 7 }] } };
    await post('/ValueSet/$expand', parameters({ name: 'valueSet', resource: broken as never })).expect(422);
    await post('/ValueSet/$expand', { resourceType: 'Patient' }).expect(400);
    await post('/ValueSet/$expand', { resourceType: 'Parameters', parameter: [{ name: 'url' }] }).expect(422);
    await get(`/ValueSet/${id}/$expand?url=${WARDS}`).expect(400);
    await get('/ValueSet/never-was/$expand').expect(404);
    await get('/Task/$expand').expect(404);
  });

  it('shows and draws on nothing that the caller may not read, and is audited', async () => {
    const secret = 'https://terms.example/CodeSystem/secret';
    const label = { security: [{ system: 'https://silta.example/fhir/CodeSystem/sector', code: 'health' }] };
    const hidden = {
      ...wards,
      url: `${secret}-all`,
      meta: label,
      compose: { include: [{ system: secret }] },
    };
    await post('/CodeSystem', { ...ward, url: secret, meta: label }).expect(201);
    const { id: hiddenId } = (await post('/ValueSet', hidden).expect(201)).body;
    await get(query({ url: hidden.url }))
      .set('X-Request-Id', 'expand-1')
      .expect(200);
    const rows = await gateway.database.database.query(
      "SELECT action, entities FROM audit WHERE request_id = 'expand-1'",
    );
    expect(rows).toEqual([{ action: 'expand', entities: expect.arrayContaining([`ValueSet/${hiddenId}`]) }]);
    await get(query({ url: hidden.url }), 'social').expect(404);
    await get(`/ValueSet/${hiddenId}/$expand`, 'social').expect(404);
    const through = await post('/ValueSet/$expand', { ...hidden, url: 'urn:x:through' }, 'social').expect(
      422,
    );
    expect(issueOf(through.body)).toContain('is not known here');
    expect(through.text).not.toContain('Kirurgia');
    await get(query({ url: WARDS }), 'lifecare').expect(403);
    await get(query({ url: WARDS }), 'aino').expect(200);
  });

  it('is driven by a client that others wrote, by GET and by POST', async () => {
    const client = new Client({ baseUrl: gateway.url, bearerToken: 'portal' });
    for (const method of ['GET', 'POST'] as const) {
      const input =
        method === 'GET'
          ? { url: WARDS, count: '1' }
          : parameters({ name: 'url', valueUri: WARDS }, { name: 'count', valueInteger: 1 });
      const answer = await client.operation({
        name: 'expand',
        resourceType: 'ValueSet',
        method,
        input: input as never,
      });
      expect(answer).toMatchObject({ expansion: { total: 4, contains: [{ code: 'K' }] } });
    }
  });

  it('is answered in a batch', async () => {
    const request = (url: string) => ({ request: { method: 'GET', url } });
    const entry = [request(`ValueSet/$expand?url=${WARDS}`), request('ValueSet/$expand?url=urn:x:none')];
    const { body } = await post('/', { resourceType: 'Bundle', type: 'batch', entry }).expect(200);
    expect(body.entry[0].resource.expansion.total).toBe(4);
    expect(body.entry[1].response.status).toBe('404 Not Found');
  });
});
