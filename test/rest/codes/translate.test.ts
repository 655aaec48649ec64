import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConceptMap, Parameters, ParametersParameter } from 'fhir/r4';
import { Client } from 'fhir-kit-client';
import { startGateway, type TestGateway } from '../gateway.ts';
import { callerOf, HEALTH, issueOf, outOf, parameters, wardMap } from './support.ts';

let gateway: TestGateway;
let id: string;
beforeAll(async () => {
  gateway = await startGateway();
  id = (await post('/ConceptMap', wardMap).expect(201)).body.id;
});
afterAll(() => gateway.close());
const { get, post } = callerOf(() => gateway);

const URL = String(wardMap.url);
const ask = async (options: Record<string, string>): Promise<Parameters> =>
  (await get(`/ConceptMap/$translate?${new URLSearchParams(options)}`).expect(200)).body;
const matches = ({ parameter = [] }: Parameters) =>
  parameter
    .filter(({ name }) => name === 'match')
    .map(({ part = [] }) =>
      part.map((each) => each.valueCode ?? each.valueCoding?.code ?? each.valueUri ?? each.part).slice(0, 2),
    );

describe('ConceptMap/$translate', () => {
  const K1 = { url: URL, system: HEALTH, code: 'K1' };

  it('gives the targets, what goes with them, and the map that says so', async () => {
    const body = await ask(K1);
    expect(outOf(body, 'result')).toBe(true);
    expect(body.parameter?.slice(1)).toEqual([
      {
        name: 'match',
        part: [
          { name: 'equivalence', valueCode: 'wider' },
          { name: 'concept', valueCoding: { system: 'urn:sap:unit', code: '100', display: 'Day surgery' } },
          {
            name: 'product',
            part: [
              { name: 'element', valueUri: 'urn:x:priority' },
              { name: 'concept', valueCoding: { system: 'urn:x:priorities', code: 'high' } },
            ],
          },
          { name: 'source', valueUri: `${URL}|2` },
        ],
      },
    ]);
  });

  it('finds the map by address, by version, in the body, by its value sets and by its systems', async () => {
    const { url: _, ...coded } = K1;
    const wanted = [['wider', '100']];
    expect(
      matches((await get(`/ConceptMap/${id}/$translate?${new URLSearchParams(coded)}`).expect(200)).body),
    ).toEqual(wanted);
    expect(matches(await ask({ ...K1, conceptMapVersion: '2' }))).toEqual(wanted);
    expect(matches(await ask(coded))).toEqual(wanted);
    expect(
      matches(await ask({ ...coded, source: String(wardMap.sourceUri), target: String(wardMap.targetUri) })),
    ).toEqual(wanted);
    expect(matches(await ask({ ...coded, targetsystem: 'urn:sap:unit' }))).toEqual(wanted);
    expect(outOf(await ask({ ...coded, targetsystem: 'urn:x' }), 'result')).toBe(false);
    expect(outOf(await ask({ ...coded, target: 'urn:x' }), 'message')).toContain('No concept map');
    const body = parameters(
      { name: 'conceptMap', resource: wardMap },
      {
        name: 'codeableConcept',
        valueCodeableConcept: {
          coding: [
            { system: 'urn:x', code: 'y' },
            { system: HEALTH, code: 'K1' },
          ],
        },
      },
    );
    expect(matches((await post('/ConceptMap/$translate', body).expect(200)).body)).toEqual(wanted);
  });

  it('holds to what a mapping depends on, tells what has no target, and what is not mapped', async () => {
    const dependency: ParametersParameter = {
      name: 'dependency',
      part: [
        { name: 'element', valueUri: 'urn:x:age' },
        { name: 'concept', valueCodeableConcept: { coding: [{ system: 'urn:x:ages', code: 'child' }] } },
      ],
    };
    const body = parameters(
      { name: 'url', valueUri: URL },
      { name: 'coding', valueCoding: { system: HEALTH, code: 'K1' } },
      dependency,
    );
    expect(matches((await post('/ConceptMap/$translate', body).expect(200)).body)).toEqual([
      ['wider', '100'],
      ['equivalent', '101'],
    ]);
    const closed = await ask({ ...K1, code: 'S' });
    expect([outOf(closed, 'result'), matches(closed)]).toEqual([false, [['unmatched', `${URL}|2`]]]);
    expect(matches(await ask({ ...K1, code: 'other' }))).toEqual([['inexact', '999']]);
  });

  it('goes the other way', async () => {
    const back = { url: URL, system: 'urn:sap:unit', code: '100', reverse: 'true' };
    expect(matches(await ask(back))).toEqual([['narrower', 'K1']]);
    expect(outOf(await ask({ ...back, code: '7' }), 'result')).toBe(false);
  });

  it('goes on to the map that another one names, and knows the built-in maps', async () => {
    const first: ConceptMap = {
      ...wardMap,
      url: `${URL}-first`,
      group: [
        { source: HEALTH, target: 'urn:x', element: [], unmapped: { mode: 'other-map', url: URL } },
      ].map((group) => ({
        ...group,
        element: [{ code: 'never' }],
      })) as ConceptMap['group'] & object,
    };
    await post('/ConceptMap', first).expect(201);
    expect(matches(await ask({ ...K1, url: first.url as string }))).toEqual([['wider', '100']]);
    const client = new Client({ baseUrl: gateway.url, bearerToken: 'portal' });
    const input = {
      url: 'http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3',
      system: 'http://hl7.org/fhir/administrative-gender',
      code: 'male',
    };
    const answer = await client.operation({
      name: 'translate',
      resourceType: 'ConceptMap',
      method: 'GET',
      input,
    });
    expect(matches(answer as never)[0]?.[1]).toBe('M');
  });

  it.each([
    [{ ...K1, url: 'urn:x:none' }, 404, 'not-found'],
    [{ ...K1, conceptMapVersion: '9' }, 404, 'not-found'],
    [{ url: URL, code: 'K1' }, 400, "'system' must be given"],
    [{ url: URL }, 400, 'Exactly one of'],
    [{ ...K1, reverse: 'yes' }, 400, 'of type boolean'],
  ])('%j → %i', async (options, status, text) => {
    const path = `/ConceptMap/$translate?${new URLSearchParams(options as Record<string, string>)}`;
    expect(issueOf((await get(path).expect(status)).body)).toContain(text);
  });

  it('shows nothing of a map that the caller may not read', async () => {
    const label = { security: [{ system: 'https://silta.example/fhir/CodeSystem/sector', code: 'health' }] };
    const hidden = { ...wardMap, url: `${URL}-hidden`, meta: label };
    const { id: hiddenId } = (await post('/ConceptMap', hidden).expect(201)).body;
    const query = new URLSearchParams({ system: HEALTH, code: 'K1' });
    await get(`/ConceptMap/${hiddenId}/$translate?${query}`, 'social').expect(404);
    await get(`/ConceptMap/$translate?url=${hidden.url}&${query}`, 'social').expect(404);
    const { text } = await get(`/ConceptMap/$translate?${query}`, 'social').expect(200);
    expect(text).not.toContain('-hidden');
  });
});
