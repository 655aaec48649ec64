import type { CodeSystem, ConceptMap, Parameters, ParametersParameter, ValueSet } from 'fhir/r4';
import request from 'supertest';
import type { TestGateway } from '../gateway.ts';

export const HEALTH = 'https://terms.example/CodeSystem/ward';
export const WARDS = 'https://terms.example/ValueSet/wards';

/** A county's own code system, with names in two languages. */
export const ward: CodeSystem = {
  resourceType: 'CodeSystem',
  url: HEALTH,
  version: '1.0',
  name: 'Ward',
  status: 'active',
  content: 'complete',
  caseSensitive: true,
  language: 'fi',
  property: [{ code: 'beds', type: 'integer', description: 'How many beds' }],
  concept: [
    {
      code: 'K',
      display: 'Kirurgia',
      definition: 'Leikkaukset',
      designation: [{ language: 'sv', value: 'Kirurgi' }],
      property: [{ code: 'notSelectable', valueBoolean: true }],
      concept: [
        { code: 'K1', display: 'Päiväkirurgia', property: [{ code: 'beds', valueInteger: 7 }] },
        { code: 'K2', display: 'Ortopedia', designation: [{ language: 'sv', value: 'Ortopedi' }] },
      ],
    },
    { code: 'S', display: 'Sisätaudit', property: [{ code: 'inactive', valueBoolean: true }] },
  ],
};

export const wards: ValueSet = {
  resourceType: 'ValueSet',
  url: WARDS,
  version: '1.0',
  name: 'Wards',
  status: 'active',
  compose: { include: [{ system: HEALTH }] },
};

export const wardMap: ConceptMap = {
  resourceType: 'ConceptMap',
  url: 'https://terms.example/ConceptMap/ward-to-sap',
  version: '2',
  status: 'active',
  sourceUri: WARDS,
  targetUri: 'https://terms.example/ValueSet/sap',
  group: [
    {
      source: HEALTH,
      target: 'urn:sap:unit',
      element: [
        {
          code: 'K1',
          target: [
            {
              code: '100',
              display: 'Day surgery',
              equivalence: 'wider',
              product: [{ property: 'urn:x:priority', system: 'urn:x:priorities', value: 'high' }],
            },
            {
              code: '101',
              equivalence: 'equivalent',
              dependsOn: [{ property: 'urn:x:age', system: 'urn:x:ages', value: 'child' }],
            },
          ],
        },
        { code: 'S', target: [{ equivalence: 'unmatched', comment: 'closed' }] },
      ],
      unmapped: { mode: 'fixed', code: '999', display: 'Other' },
    },
  ],
};

export function callerOf(gateway: () => TestGateway) {
  const headers = (token: string) => ({
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/fhir+json',
  });
  return {
    get: (path: string, token = 'portal') => request(gateway().url).get(path).set(headers(token)),
    post: (path: string, body: object, token = 'portal') =>
      request(gateway().url).post(path).set(headers(token)).send(body),
    put: (path: string, body: object, token = 'portal') =>
      request(gateway().url).put(path).set(headers(token)).send(body),
  };
}

export const parameters = (...parameter: ParametersParameter[]): Parameters => ({
  resourceType: 'Parameters',
  parameter,
});

/** The value of an `out` parameter. */
export function outOf(body: Parameters, name: string): unknown {
  const found = body.parameter?.find((each) => each.name === name) ?? {};
  return Object.entries(found).find(([key]) => key.startsWith('value'))?.[1];
}

/** The issue code and text of a refusal. */
export function issueOf(body: { issue: readonly { code: string; diagnostics: string }[] }): string {
  return `${body.issue[0]?.code}: ${body.issue[0]?.diagnostics}`;
}
