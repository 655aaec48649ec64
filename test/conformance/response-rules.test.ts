import { describe, expect, it } from '@jest/globals';
import { longestFor } from '../../src/conformance/response/pattern-cost.ts';
import type { Resource } from '../../src/resource.ts';
import { conformance, errorsOf } from './support.ts';

const CONSTRAINT = 'http://hl7.org/fhir/StructureDefinition/questionnaire-constraint';
const TARGET = 'http://hl7.org/fhir/StructureDefinition/targetConstraint';
const REGEX = 'http://hl7.org/fhir/StructureDefinition/regex';

const rule = (key: string, expression: string, severity = 'error') => ({
  url: CONSTRAINT,
  extension: [
    { url: 'key', valueId: key },
    { url: 'severity', valueCode: severity },
    { url: 'expression', valueString: expression },
    { url: 'human', valueString: 'Start before the end.' },
  ],
});
const target = (key: string, expression: string) => ({
  url: TARGET,
  extension: [
    { url: 'key', valueId: key },
    { url: 'severity', valueCode: 'error' },
    { url: 'expression', valueExpression: { language: 'text/fhirpath', expression } },
  ],
});
const questionnaire = (extension: object[], item: object[]): Resource => ({
  resourceType: 'Questionnaire',
  url: 'http://example.org/q',
  status: 'active',
  extension,
  item,
});
const START = { linkId: 'start', type: 'integer' };
const END = { linkId: 'end', type: 'integer' };
const ITEMS = [START, END];
const answers = (start: number, end: number, status = 'completed'): Resource => ({
  resourceType: 'QuestionnaireResponse',
  questionnaire: 'http://example.org/q',
  status,
  item: [
    { linkId: 'start', answer: [{ valueInteger: start }] },
    { linkId: 'end', answer: [{ valueInteger: end }] },
  ],
});
const ORDER = "item.where(linkId='start').answer.value <= item.where(linkId='end').answer.value";

describe('A rule of a questionnaire', () => {
  it.each([
    ['of the whole response', questionnaire([rule('order', ORDER)], ITEMS), ['QuestionnaireResponse']],
    [
      'of the whole response, as SDC says it',
      questionnaire([target('order', ORDER)], ITEMS),
      ['QuestionnaireResponse'],
    ],
    [
      'of an item',
      questionnaire([], [{ ...START, extension: [rule('small', 'answer.value < 5')] }, END]),
      ['QuestionnaireResponse.item[0]'],
    ],
    [
      'of an item that asks of the whole response',
      questionnaire(
        [],
        [
          {
            ...START,
            extension: [rule('order', `%resource.${ORDER.replaceAll(' item', ' %resource.item')}`)],
          },
          END,
        ],
      ),
      ['QuestionnaireResponse.item[0]'],
    ],
  ])('%s must hold once the answers are complete', (_what, form, places) => {
    expect(errorsOf(conformance.validateResponse(answers(7, 3), form))).toEqual(
      places.map((place) => `invariant answer-constraint ${place}`),
    );
    expect(conformance.validateResponse(answers(2, 3), form)).toEqual([]);
    expect(conformance.validateResponse(answers(7, 3, 'in-progress'), form)).toEqual([]);
  });

  it('that only warns refuses nothing, and one that cannot be read is said not to be judged', () => {
    const severities = (extension: object) =>
      conformance
        .validateResponse(answers(7, 3), questionnaire([extension], ITEMS))
        .map(({ severity, code }) => [severity, code]);
    expect(severities(rule('order', ORDER, 'warning'))).toEqual([['warning', 'invariant']]);
    expect(severities(rule('order', 'item.where('))).toEqual([['warning', 'not-supported']]);
  });
});

describe('A regular expression of a questionnaire', () => {
  it.each(['(a+)+', '(a|aa)+', '(?:\\d+)*x', '([a-z]+\\s?)+$', '(a)\\1', '((a|b)c)*', '(x{2,})*'])(
    'that may take for ever is not tried: %s',
    (pattern) => {
      expect(longestFor(pattern)).toBe(0);
    },
  );

  it.each(['[0-9]{5}', '[A-ZÅÄÖ][a-zåäö]+', '\\d{1,3}(\\.\\d{1,2})?', '(ab|cd)', '[(+)]+', '\\(\\d+\\)'])(
    'that is quick is tried on any answer: %s',
    (pattern) => {
      expect(longestFor(pattern)).toBeGreaterThan(100_000);
    },
  );

  it('leaves the answer unjudged when it is not tried, and says so', () => {
    const form = questionnaire(
      [],
      [{ linkId: 'a', type: 'string', extension: [{ url: REGEX, valueString: '(a+)+b' }] }],
    );
    const response: Resource = {
      resourceType: 'QuestionnaireResponse',
      questionnaire: 'http://example.org/q',
      status: 'completed',
      item: [{ linkId: 'a', answer: [{ valueString: 'a'.repeat(60) }] }],
    };
    expect(conformance.validateResponse(response, form).map(({ severity, key }) => [severity, key])).toEqual([
      ['warning', 'definition-unknown'],
    ]);
  });
});
