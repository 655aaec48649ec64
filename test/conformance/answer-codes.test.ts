import { describe, expect, it } from '@jest/globals';
import type { Resource } from '../../src/resource.ts';
import { conformance, errorsOf } from './support.ts';

const COUNTRIES = 'urn:iso:std:iso:3166';

function judge(item: object, ...answer: object[]): string[] {
  const questionnaire: Resource = {
    resourceType: 'Questionnaire',
    url: 'http://example.org/q',
    status: 'active',
    item: [{ linkId: 'q', repeats: true, ...item }],
  };
  const response: Resource = {
    resourceType: 'QuestionnaireResponse',
    questionnaire: 'http://example.org/q',
    status: 'completed',
    item: [{ linkId: 'q', answer }],
  };
  return errorsOf(conformance.validateResponse(response, questionnaire));
}

const country = { type: 'choice', answerValueSet: 'http://hl7.org/fhir/ValueSet/jurisdiction' };
const coding = (code: string, display?: string, system = COUNTRIES) => ({
  valueCoding: { system, code, ...(display && { display }) },
});
const VALUE = 'QuestionnaireResponse.item[0].answer[0].value';

describe('A coded answer', () => {
  it('is taken with any right name of its code, in any language, and without one', () => {
    const answers = [
      coding('FI', 'Suomi'),
      coding('SE', 'sweden'),
      coding('NO'),
      coding('GB', 'Great Britain'),
    ];
    expect(judge(country, ...answers)).toEqual([]);
  });

  it('is refused with the name of another code', () => {
    expect(judge(country, coding('FI', 'Ruotsi'))).toEqual([
      `invalid answer-display ${VALUE}.display,${VALUE}`,
    ]);
    const type = { type: 'choice', answerValueSet: 'http://hl7.org/fhir/ValueSet/item-type' };
    expect(judge(type, coding('string', 'Number', 'http://hl7.org/fhir/item-type'))).toEqual([
      `invalid answer-display ${VALUE}.display,${VALUE}`,
    ]);
  });

  it('is refused when a system whose codes follow a grammar has no such code', () => {
    expect(judge(country, coding('XX'))).toEqual([`code-invalid answer-option ${VALUE}`]);
    const unit = {
      type: 'quantity',
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/questionnaire-unitValueSet',
          valueCanonical: 'http://hl7.org/fhir/ValueSet/ucum-units',
        },
      ],
    };
    const quantity = (code: string) => ({
      valueQuantity: { value: 1, system: 'http://unitsofmeasure.org', code },
    });
    expect(judge(unit, quantity('mmol/L'))).toEqual([]);
    expect(judge(unit, quantity('kilometre'))).toEqual([`invariant answer-unit ${VALUE}`]);
  });
});

describe('A required binding', () => {
  it('to media types or currencies is judged by their form', () => {
    const binary = (contentType: string): Resource => ({ resourceType: 'Binary', contentType });
    expect(errorsOf(conformance.validate(binary('application/pdf')))).toEqual([]);
    expect(errorsOf(conformance.validate(binary('a pdf')))).toEqual([
      'code-invalid binding Binary.contentType',
    ]);
  });
});
