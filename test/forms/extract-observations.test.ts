import { describe, expect, it } from '@jest/globals';
import { completeResponse, extractObservations } from '../../src/forms/index.ts';
import { conformance, errorsOf } from '../conformance/support.ts';
import { BDI, bdiItems, form, response } from './support.ts';

const EXTRACT = {
  url: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-observationExtract',
  valueBoolean: true,
};
const NOT = { ...EXTRACT, valueBoolean: false };
const UNIT = {
  url: 'http://hl7.org/fhir/StructureDefinition/questionnaire-unit',
  valueCoding: { system: 'http://unitsofmeasure.org', code: 'cm', display: 'cm' },
};
const code = (value: string) => [{ system: 'http://example.org/codes', code: value }];

const tools = () => {
  let count = 0;
  return { uuid: () => `o${++count}`, now: () => new Date('2026-03-04T06:00:00Z') };
};

describe('Extraction of observations', () => {
  it('makes one of the BDI total, with subject, time and what it comes from', () => {
    const scores = Array.from({ length: 21 }, (_, index) => index % 4);
    const given = {
      ...response('completed', bdiItems(scores)),
      meta: { security: [{ system: 'https://silta.example/fhir/CodeSystem/sector', code: 'health' }] },
      subject: { reference: 'Patient/p1' },
      author: { reference: 'Patient/p1' },
    };
    const observations = extractObservations(BDI, completeResponse(BDI, given).response, tools());
    expect(observations).toMatchObject([
      {
        resourceType: 'Observation',
        id: 'o1',
        meta: given.meta,
        status: 'final',
        category: [{ coding: [{ code: 'survey' }] }],
        code: { coding: [{ code: 'bdi-total' }] },
        subject: { reference: 'Patient/p1' },
        performer: [{ reference: 'Patient/p1' }],
        effectiveDateTime: '2026-03-04T05:06:07Z',
        issued: '2026-03-04T06:00:00.000Z',
        valueInteger: 30,
        derivedFrom: [{ reference: 'QuestionnaireResponse/r1' }],
      },
    ]);
    for (const observation of observations) expect(errorsOf(conformance.validate(observation))).toEqual([]);
  });

  it('takes the value of each type, and only of items that are marked and coded', () => {
    const item = (linkId: string, type: string, more: object = {}) => ({
      linkId,
      type,
      code: code(linkId),
      ...more,
    });
    const questionnaire = {
      ...form(
        item('height', 'integer', { extension: [UNIT] }),
        item('smokes', 'boolean'),
        item('mood', 'choice'),
        item('born', 'date'),
        { linkId: 'uncoded', type: 'string' },
        item('unmarked', 'string', { extension: [NOT] }),
        { linkId: 'g', type: 'group', item: [item('page', 'url')] },
      ),
      extension: [EXTRACT],
    };
    const answer = (linkId: string, value: object) => ({ linkId, answer: [value] });
    const observations = extractObservations(
      questionnaire,
      response('completed', [
        answer('height', { valueInteger: 170 }),
        answer('smokes', { valueBoolean: false }),
        answer('mood', { valueCoding: { code: 'good' } }),
        answer('born', { valueDate: '1970-01-01' }),
        answer('uncoded', { valueString: 'x' }),
        answer('unmarked', { valueString: 'x' }),
        { linkId: 'g', item: [answer('page', { valueUri: 'http://example.org' })] },
      ]),
      tools(),
    );
    expect(
      observations.map((each) => Object.entries(each).find(([name]) => name.startsWith('value'))),
    ).toEqual([
      ['valueQuantity', { value: 170, unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' }],
      ['valueBoolean', false],
      ['valueCodeableConcept', { coding: [{ code: 'good' }] }],
      ['valueDateTime', '1970-01-01'],
      ['valueString', 'http://example.org'],
    ]);
  });
});
