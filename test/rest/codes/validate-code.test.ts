import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ParametersParameter } from 'fhir/r4';
import { Client } from 'fhir-kit-client';
import { startGateway, type TestGateway } from '../gateway.ts';
import { callerOf, HEALTH, issueOf, outOf, parameters, WARDS, ward, wards } from './support.ts';

let gateway: TestGateway;
let ids: { readonly valueSet: string; readonly codeSystem: string };
beforeAll(async () => {
  gateway = await startGateway();
  const codeSystem = (await post('/CodeSystem', ward).expect(201)).body.id;
  ids = { codeSystem, valueSet: (await post('/ValueSet', wards).expect(201)).body.id };
});
afterAll(() => gateway.close());
const { get, post } = callerOf(() => gateway);

const GENDERS = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const GENDER = 'http://hl7.org/fhir/administrative-gender';
const ask = async (type: string, options: Record<string, string>) => {
  const { body } = await get(`/${type}/$validate-code?${new URLSearchParams(options)}`).expect(200);
  expect(body.resourceType).toBe('Parameters');
  return ['result', 'display', 'message'].map((name) => outOf(body, name));
};

describe('ValueSet/$validate-code', () => {
  const K2 = { url: WARDS, system: HEALTH, code: 'K2' };
  it.each([
    [K2, true, 'Ortopedia'],
    [{ ...K2, displayLanguage: 'sv' }, true, 'Ortopedi'],
    [{ ...K2, display: 'ortopedi' }, true, 'Ortopedia'],
    [{ ...K2, display: 'Ortopedia', displayLanguage: 'sv' }, false, 'Ortopedi', "It is called 'Ortopedi'."],
    [{ ...K2, display: 'Kirurgia' }, false, 'Ortopedia', "not a name of the code 'K2'"],
    [{ ...K2, code: 'k2' }, false, undefined, 'is not in'],
    [{ ...K2, system: 'urn:x:other' }, false, undefined, "The code 'K2' of urn:x:other is not in"],
    [{ ...K2, code: 'K' }, true, 'Kirurgia'],
    [{ ...K2, code: 'K', abstract: 'false' }, false, 'Kirurgia', 'only groups others'],
    [{ ...K2, systemVersion: '1.0' }, true, 'Ortopedia'],
    [{ url: GENDERS, system: GENDER, code: 'female', display: 'Female' }, true, 'Female'],
    [{ url: GENDERS, system: GENDER, code: 'girl' }, false],
    [{ url: 'http://hl7.org/fhir/ValueSet/mimetypes', system: 'urn:ietf:bcp:13', code: 'image/png' }, true],
    [
      { url: 'http://hl7.org/fhir/ValueSet/ucum-units', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
      true,
      'millimeter of mercury',
    ],
    [
      { url: 'http://hl7.org/fhir/ValueSet/ucum-units', system: 'http://unitsofmeasure.org', code: 'mmHg!' },
      false,
    ],
  ])('%j → %s', async (options, result, ...[display, message]) => {
    const answer = await ask('ValueSet', options as Record<string, string>);
    expect(answer.slice(0, 2)).toEqual([result, display]);
    expect(String(answer[2] ?? '')).toContain(String(message ?? ''));
    expect(answer[2] === undefined).toBe(result);
  });

  it('takes a Coding, or a CodeableConcept of which one coding must hold', async () => {
    const result = async (...given: ParametersParameter[]) => {
      const body = parameters({ name: 'url', valueUri: WARDS }, ...given);
      return outOf((await post('/ValueSet/$validate-code', body).expect(200)).body, 'result');
    };
    const [right, wrong] = [
      { system: HEALTH, code: 'K1' },
      { system: HEALTH, code: 'Z' },
    ];
    expect(await result({ name: 'coding', valueCoding: right })).toBe(true);
    expect(await result({ name: 'coding', valueCoding: { ...right, display: 'Muu' } })).toBe(false);
    expect(await result({ name: 'codeableConcept', valueCodeableConcept: { coding: [wrong, right] } })).toBe(
      true,
    );
    expect(await result({ name: 'codeableConcept', valueCodeableConcept: { coding: [wrong] } })).toBe(false);
    expect(await result({ name: 'codeableConcept', valueCodeableConcept: { text: 'x' } })).toBe(false);
    const own = parameters({ name: 'valueSet', resource: wards }, { name: 'coding', valueCoding: right });
    expect(outOf((await post('/ValueSet/$validate-code', own).expect(200)).body, 'result')).toBe(true);
    const at = `/ValueSet/${ids.valueSet}/$validate-code?system=${HEALTH}&code=`;
    expect(outOf((await get(`${at}K1`).expect(200)).body, 'result')).toBe(true);
    expect(outOf((await get(`${at}Z`).expect(200)).body, 'result')).toBe(false);
  });

  it.each([
    [{ ...K2, url: 'urn:x:none' }, 404, 'not-found'],
    [{ url: WARDS, code: 'K2' }, 400, "the parameter 'system' must be given"],
    [{ url: WARDS }, 400, "Exactly one of the parameters 'code', 'coding', 'codeableConcept'"],
    [{ system: HEALTH, code: 'K2' }, 400, "Exactly one of the parameters 'url', 'valueSet'"],
    [{ ...K2, context: 'x' }, 422, 'not-supported'],
    [
      { url: 'http://hl7.org/fhir/ValueSet/condition-code', system: 'http://snomed.info/sct', code: '1' },
      422,
      'not-found: The code cannot be checked',
    ],
  ])('%j → %i', async (options, status, text) => {
    const path = `/ValueSet/$validate-code?${new URLSearchParams(options as Record<string, string>)}`;
    expect(issueOf((await get(path).expect(status)).body)).toContain(text);
  });
});

describe('CodeSystem/$validate-code', () => {
  it.each([
    [{ url: HEALTH, code: 'K1' }, true, 'Päiväkirurgia'],
    [{ url: HEALTH, code: 'K1', version: '1.0', display: 'päiväkirurgia' }, true, 'Päiväkirurgia'],
    [{ url: HEALTH, code: 'K9' }, false],
    [{ url: GENDER, code: 'male', display: 'Man' }, false, 'Male'],
    [{ url: 'urn:iso:std:iso:4217', code: 'EUR', displayLanguage: 'fi' }, true, 'euro'],
    [{ url: 'urn:ietf:bcp:47', code: 'sv-FI' }, true, 'Swedish (Finland)'],
  ])('%j → %s', async (options, result, ...[display]) => {
    expect((await ask('CodeSystem', options as Record<string, string>)).slice(0, 2)).toEqual([
      result,
      display,
    ]);
  });

  it('takes a Coding, the system in the body, and the system of the address', async () => {
    const coding: ParametersParameter = { name: 'coding', valueCoding: { system: HEALTH, code: 'K2' } };
    const bodies = [
      ['', parameters(coding)],
      ['', parameters(coding, { name: 'codeSystem', resource: ward })],
      [`/${ids.codeSystem}`, parameters(coding)],
    ] as const;
    for (const [at, body] of bodies) {
      expect(outOf((await post(`/CodeSystem${at}/$validate-code`, body).expect(200)).body, 'result')).toBe(
        true,
      );
    }
    const other = parameters(coding, { name: 'url', valueUri: GENDER });
    expect(outOf((await post('/CodeSystem/$validate-code', other).expect(200)).body, 'message')).toContain(
      'another system',
    );
  });

  it('never takes the system in a body for the one that is stored', async () => {
    const forged = { ...ward, concept: [{ code: 'EVIL', display: 'Evil' }] };
    const body = parameters({ name: 'codeSystem', resource: forged }, { name: 'code', valueCode: 'EVIL' });
    expect(outOf((await post('/CodeSystem/$validate-code', body).expect(200)).body, 'result')).toBe(true);
    expect((await ask('CodeSystem', { url: HEALTH, code: 'EVIL' }))[0]).toBe(false);
    expect((await ask('ValueSet', { url: WARDS, system: HEALTH, code: 'EVIL' }))[0]).toBe(false);
  });

  it.each([
    [{ url: 'http://snomed.info/sct', code: '73211009' }, 404, 'not-found'],
    [{ url: HEALTH, version: '7', code: 'K1' }, 404, 'not-found'],
    [{ code: 'K1' }, 400, 'invalid'],
  ])('%j → %i', async (options, status, text) => {
    const path = `/CodeSystem/$validate-code?${new URLSearchParams(options as Record<string, string>)}`;
    expect(issueOf((await get(path).expect(status)).body)).toContain(text);
  });
});

describe('CodeSystem/$lookup', () => {
  const look = async (options: Record<string, string>) =>
    (await get(`/CodeSystem/$lookup?${new URLSearchParams(options)}`).expect(200)).body;
  const propertiesOf = (body: { parameter: { name: string; part?: { name: string }[] }[] }) =>
    body.parameter.filter(({ name }) => name === 'property').map(({ part = [] }) => part);

  it('tells the name, the names in other languages, and the properties', async () => {
    const body = await look({ system: HEALTH, code: 'K' });
    expect(['name', 'version', 'display'].map((name) => outOf(body, name))).toEqual([
      'Ward',
      '1.0',
      'Kirurgia',
    ]);
    expect(body.parameter).toContainEqual({
      name: 'designation',
      part: [
        { name: 'language', valueCode: 'sv' },
        { name: 'value', valueString: 'Kirurgi' },
      ],
    });
    const property = (code: string, value: object) => [
      { name: 'code', valueCode: code },
      { name: 'value', ...value },
    ];
    expect(propertiesOf(body)).toEqual(
      expect.arrayContaining([
        property('definition', { valueString: 'Leikkaukset' }),
        property('child', { valueCode: 'K1' }),
        property('child', { valueCode: 'K2' }),
        property('inactive', { valueBoolean: false }),
        property('notSelectable', { valueBoolean: true }),
      ]),
    );
    expect(propertiesOf(await look({ system: HEALTH, code: 'K1', property: 'beds' }))).toEqual([
      [...property('beds', { valueInteger: 7 }), { name: 'description', valueString: 'How many beds' }],
    ]);
    expect(outOf(await look({ system: HEALTH, code: 'K', displayLanguage: 'sv' }), 'display')).toBe(
      'Kirurgi',
    );
  });

  it('knows the built-in systems, and takes a Coding from a client that others wrote', async () => {
    const client = new Client({ baseUrl: gateway.url, bearerToken: 'portal' });
    const coding = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' };
    const input = parameters({ name: 'coding', valueCoding: coding });
    const answer = await client.operation({
      name: 'lookup',
      resourceType: 'CodeSystem',
      input: input as never,
    });
    expect(outOf(answer as never, 'display')).toBe('ambulatory');
    expect(
      outOf(await look({ system: 'urn:iso:std:iso:3166', code: 'SE', displayLanguage: 'fi' }), 'display'),
    ).toBe('Ruotsi');
  });

  it.each([
    [{ system: HEALTH, code: 'none' }, 404, 'code-invalid'],
    [{ system: 'http://loinc.org', code: '1-8' }, 404, 'not-found'],
    [{ code: 'K' }, 400, 'invalid'],
    [{ system: HEALTH }, 400, "Exactly one of the parameters 'code', 'coding'"],
    [{ system: HEALTH, code: 'K', date: '2020' }, 422, 'not-supported'],
    [
      { system: 'http://terminology.hl7.org/CodeSystem/service-type', code: 'zork' },
      422,
      'not-supported: Only a part',
    ],
  ])('%j → %i', async (options, status, text) => {
    const path = `/CodeSystem/$lookup?${new URLSearchParams(options as Record<string, string>)}`;
    expect(issueOf((await get(path).expect(status)).body)).toContain(text);
  });
});

describe('CodeSystem/$subsumes', () => {
  const V3 = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
  it.each([
    ['K', 'K1', HEALTH, 'subsumes'],
    ['K1', 'K', HEALTH, 'subsumed-by'],
    ['K1', 'K1', HEALTH, 'equivalent'],
    ['K1', 'K2', HEALTH, 'not-subsumed'],
    ['_ActEncounterCode', 'AMB', V3, 'subsumes'],
  ])('%s and %s of %s: %s', async (codeA, codeB, system, outcome) => {
    const path = `/CodeSystem/$subsumes?${new URLSearchParams({ codeA, codeB, system })}`;
    expect((await get(path).expect(200)).body).toEqual(parameters({ name: 'outcome', valueCode: outcome }));
    const codings = parameters(
      { name: 'codingA', valueCoding: { system, code: codeA } },
      { name: 'codingB', valueCoding: { system, code: codeB } },
    );
    expect(outOf((await post('/CodeSystem/$subsumes', codings).expect(200)).body, 'outcome')).toBe(outcome);
  });

  it('is asked of a stored system by its address, and refuses what it cannot answer', async () => {
    const at = `/CodeSystem/${ids.codeSystem}/$subsumes`;
    expect(outOf((await get(`${at}?codeA=K&codeB=K2`).expect(200)).body, 'outcome')).toBe('subsumes');
    await get(`${at}?codeA=K&codeB=none`).expect(404);
    await get(`${at}?codeA=K`).expect(400);
    const mixed = parameters(
      { name: 'codingA', valueCoding: { system: HEALTH, code: 'K' } },
      { name: 'codingB', valueCoding: { system: GENDER, code: 'male' } },
    );
    await post('/CodeSystem/$subsumes', mixed).expect(400);
    await get(`/CodeSystem/$subsumes?codeA=K&codeB=K1&system=${HEALTH}`, 'lifecare').expect(403);
  });
});
