import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Issue } from '../../src/outcome.ts';
import type { Resource } from '../../src/resource.ts';
import { conformance, errorsOf } from './support.ts';

const CODES = 'http://example.org/codes';
const coding = (code: string) => ({ system: CODES, code });
const options = (...codes: string[]) => codes.map((code) => ({ valueCoding: coding(code) }));
const extension = (name: string, value: object) => ({
  url: name.startsWith('http') ? name : `http://hl7.org/fhir/StructureDefinition/${name}`,
  ...value,
});
const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-';

const form = (...item: object[]): Resource => ({
  resourceType: 'Questionnaire',
  url: 'http://example.org/q',
  version: '2',
  status: 'active',
  item,
});
const answers = (status: string, ...item: object[]): Resource => ({
  resourceType: 'QuestionnaireResponse',
  questionnaire: 'http://example.org/q|2',
  status,
  item,
});
const given = (linkId: string, ...answer: object[]) => ({ linkId, answer });
const judge = (questionnaire: Resource, ...item: object[]) =>
  errorsOf(conformance.validateResponse(answers('completed', ...item), questionnaire));
const at = (path: string) => `QuestionnaireResponse${path}`;

const NESTED = form(
  {
    linkId: 'g',
    type: 'group',
    item: [
      { linkId: 'first', type: 'string' },
      { linkId: 'second', type: 'integer', required: true },
    ],
  },
  {
    linkId: 'q',
    type: 'choice',
    answerOption: options('a', 'b'),
    item: [{ linkId: 'why', type: 'text', required: true }],
  },
  { linkId: 'info', type: 'display' },
);
const second = given('second', { valueInteger: 2 });
const whole = { linkId: 'g', item: [second] };

describe('An answer by its questionnaire', () => {
  it('is accepted when it fits', () => {
    const why = given('why', { valueString: 'because' });
    expect(judge(NESTED, whole, given('q', { valueCoding: coding('a'), item: [why] }))).toEqual([]);
    expect(judge(NESTED, whole, { linkId: 'info' })).toEqual([]);
  });

  it.each<[string, object[], string[]]>([
    [
      'an item that does not exist',
      [whole, given('zork', { valueString: 'x' })],
      [`not-found item-unknown ${at('.item[1]')}`],
    ],
    [
      'an item in the wrong place',
      [whole, given('first', { valueString: 'x' })],
      [`structure item-misplaced ${at('.item[1]')}`],
    ],
    [
      'items out of order',
      [{ linkId: 'g', item: [second, given('first', { valueString: 'x' })] }],
      [`structure item-order ${at('.item[0].item[1]')}`],
    ],
    [
      'an answer of the wrong type',
      [{ linkId: 'g', item: [given('second', { valueString: '2' })] }],
      [`invariant answer-type ${at('.item[0].item[0].answer[0].value')}`],
    ],
    [
      'a missing required answer',
      [{ linkId: 'g', item: [given('first', { valueString: 'x' })] }],
      [`required answer-missing ${at('.item[0]')}`],
    ],
    [
      'a required question without answers',
      [{ linkId: 'g', item: [{ linkId: 'second' }] }],
      [`required answer-missing ${at('.item[0].item[0]')}`],
    ],
    ['a missing group with a required answer', [], [`required answer-missing ${at('')}`]],
    [
      'an answer without a value',
      [{ linkId: 'g', item: [given('second', {})] }],
      [`required answer-missing ${at('.item[0].item[0].answer[0]')}`],
    ],
    [
      'a missing required answer below an answer',
      [whole, given('q', { valueCoding: coding('a') })],
      [`required answer-missing ${at('.item[1].answer[0]')}`],
    ],
    [
      'an answer outside the options',
      [whole, given('q', { valueCoding: coding('z'), item: [given('why', { valueString: 'x' })] })],
      [`code-invalid answer-option ${at('.item[1].answer[0].value')}`],
    ],
    [
      'an option of another system',
      [
        whole,
        given('q', {
          valueCoding: { system: 'urn:x', code: 'a' },
          item: [given('why', { valueString: 'x' })],
        }),
      ],
      [`code-invalid answer-option ${at('.item[1].answer[0].value')}`],
    ],
    [
      'text for a choice of codes',
      [whole, given('q', { valueString: 'a', item: [given('why', { valueString: 'x' })] })],
      [`invariant answer-type ${at('.item[1].answer[0].value')}`],
    ],
    [
      'two answers to one question',
      [{ linkId: 'g', item: [given('second', { valueInteger: 1 }, { valueInteger: 2 })] }],
      [`invalid answer-count ${at('.item[0].item[0].answer[1]')}`],
    ],
    ['a group twice', [whole, whole], [`invalid item-repeats ${at('.item[1]')}`]],
    [
      'an answered group',
      [{ ...whole, answer: [{ valueString: 'x' }] }],
      [`structure answer-not-allowed ${at('.item[0]')}`],
    ],
    [
      'an answered display item',
      [whole, given('info', { valueString: 'x' })],
      [`structure answer-not-allowed ${at('.item[1]')}`],
    ],
    [
      'items beside an answer instead of in it',
      [whole, { linkId: 'q', item: [given('why', { valueString: 'x' })] }],
      [`structure item-misplaced ${at('.item[1]')}`],
    ],
  ])('is refused for %s, at its place', (_what, items, expected) => {
    expect(judge(NESTED, ...items)).toEqual(expected);
  });

  it('need not be complete while it is in progress', () => {
    const items = [{ linkId: 'g', item: [given('first', { valueString: 'x' })] }];
    expect(errorsOf(conformance.validateResponse(answers('in-progress', ...items), NESTED))).toEqual([]);
    expect(errorsOf(conformance.validateResponse(answers('amended', ...items), NESTED))).toHaveLength(1);
    const wrong = answers('in-progress', { linkId: 'g', item: [given('second', { valueString: 'x' })] });
    expect(errorsOf(conformance.validateResponse(wrong, NESTED))).toHaveLength(1);
  });

  it('is never quoted in a finding', () => {
    const secret = 'sairastan salaa';
    const item = {
      linkId: 'q',
      type: 'string',
      maxLength: 3,
      extension: [extension('regex', { valueString: 'a+' })],
    };
    const issues = conformance.validateResponse(
      answers(
        'completed',
        given('q', { valueString: secret }),
        given('r', { valueCoding: { code: secret } }),
      ),
      form(item, { linkId: 'r', type: 'choice', answerOption: options('a') }),
    );
    expect(errorsOf(issues)).toHaveLength(3);
    expect(JSON.stringify(issues)).not.toContain(secret);
  });

  it('suggests the link id that was meant', () => {
    const [issue] = conformance.validateResponse(answers('completed', whole, given('secnod')), NESTED);
    expect(issue?.diagnostics).toContain("Did you mean 'second'?");
  });

  it('that names another questionnaire is an error, another version a warning', () => {
    const other = { ...answers('completed', whole), questionnaire: 'http://example.org/other' };
    expect(errorsOf(conformance.validateResponse(other, NESTED))).toEqual([
      `invalid questionnaire-status ${at('.questionnaire')}`,
    ]);
    const old = { ...answers('completed', whole), questionnaire: 'http://example.org/q|1' };
    expect(conformance.validateResponse(old, NESTED)).toMatchObject([{ severity: 'warning' }]);
  });

  it('to a questionnaire that is not in use is a warning', () => {
    const severities = (content: object): Issue['severity'][] =>
      conformance
        .validateResponse(
          { ...answers('completed', whole), authored: '2026-05-01' },
          { ...NESTED, ...content },
        )
        .map((issue) => issue.severity);
    expect(severities({ status: 'retired' })).toEqual(['warning']);
    expect(severities({ effectivePeriod: { start: '2026-05-02' } })).toEqual(['warning']);
    expect(severities({ effectivePeriod: { end: '2026-04' } })).toEqual(['warning']);
    expect(severities({ effectivePeriod: { start: '2026', end: '2026-05' } })).toEqual([]);
  });
});

describe('A limit of an item', () => {
  it.each<[string, object, object, boolean]>([
    ['maxLength holds', { type: 'string', maxLength: 3 }, { valueString: 'äää' }, true],
    ['maxLength fails', { type: 'text', maxLength: 3 }, { valueString: 'aaaa' }, false],
    [
      'minLength fails',
      { type: 'string', extension: [extension('minLength', { valueInteger: 2 })] },
      { valueString: 'a' },
      false,
    ],
    [
      'regex matches all or nothing',
      { type: 'string', extension: [extension('regex', { valueString: '[0-9]{5}' })] },
      { valueString: '004500' },
      false,
    ],
    [
      'minValue holds at its edge',
      { type: 'integer', extension: [extension('minValue', { valueInteger: 0 })] },
      { valueInteger: 0 },
      true,
    ],
    [
      'minValue fails',
      { type: 'integer', extension: [extension('minValue', { valueInteger: 0 })] },
      { valueInteger: -1 },
      false,
    ],
    [
      'maxValue of dates fails',
      { type: 'date', extension: [extension('maxValue', { valueDate: '2026-01-31' })] },
      { valueDate: '2026-02-01' },
      false,
    ],
    [
      'maxValue of instants knows zones',
      { type: 'dateTime', extension: [extension('maxValue', { valueDateTime: '2026-01-01T12:00:00Z' })] },
      { valueDateTime: '2026-01-01T13:30:00+02:00' },
      true,
    ],
    [
      'maxDecimalPlaces fails',
      { type: 'decimal', extension: [extension('maxDecimalPlaces', { valueInteger: 1 })] },
      { valueDecimal: 1.25 },
      false,
    ],
    [
      'maxDecimalPlaces counts small numbers',
      { type: 'decimal', extension: [extension('maxDecimalPlaces', { valueInteger: 6 })] },
      { valueDecimal: 1e-7 },
      false,
    ],
    [
      'quantities convert',
      {
        type: 'quantity',
        extension: [
          extension(`${SDC}maxQuantity`, {
            valueQuantity: { value: 2, system: 'http://unitsofmeasure.org', code: 'kg' },
          }),
        ],
      },
      { valueQuantity: { value: 1999, system: 'http://unitsofmeasure.org', code: 'g' } },
      true,
    ],
    [
      'quantities out of range',
      {
        type: 'quantity',
        extension: [
          extension(`${SDC}maxQuantity`, {
            valueQuantity: { value: 2, system: 'http://unitsofmeasure.org', code: 'kg' },
          }),
        ],
      },
      { valueQuantity: { value: 2001, system: 'http://unitsofmeasure.org', code: 'g' } },
      false,
    ],
    [
      'a unit that is offered',
      {
        type: 'quantity',
        extension: [
          extension('questionnaire-unitOption', {
            valueCoding: { system: 'http://unitsofmeasure.org', code: 'cm' },
          }),
        ],
      },
      { valueQuantity: { value: 1, system: 'http://unitsofmeasure.org', code: 'cm' } },
      true,
    ],
    [
      'a unit that is not offered',
      {
        type: 'quantity',
        extension: [
          extension('questionnaire-unitOption', {
            valueCoding: { system: 'http://unitsofmeasure.org', code: 'cm' },
          }),
        ],
      },
      { valueQuantity: { value: 1, unit: 'cm' } },
      false,
    ],
    [
      'an attachment of the right type',
      { type: 'attachment', extension: [extension('mimeType', { valueCode: 'image/png' })] },
      { valueAttachment: { contentType: 'image/png', data: 'YQ==' } },
      true,
    ],
    [
      'an attachment that is too large, whatever it says',
      { type: 'attachment', extension: [extension('maxSize', { valueDecimal: 0.000002 })] },
      { valueAttachment: { contentType: 'image/png', data: 'YWFh', size: 1 } },
      false,
    ],
    [
      'a reference of an allowed type',
      {
        type: 'reference',
        extension: [extension('questionnaire-referenceResource', { valueCode: 'Patient' })],
      },
      { valueReference: { reference: 'Patient/1' } },
      true,
    ],
    [
      'a reference of another type',
      {
        type: 'reference',
        extension: [extension('questionnaire-referenceResource', { valueCode: 'Patient' })],
      },
      { valueReference: { reference: 'Group/1' } },
      false,
    ],
    [
      'free text of an open choice',
      { type: 'open-choice', answerOption: options('a') },
      { valueString: 'other' },
      true,
    ],
    [
      'a code beside an open choice',
      { type: 'open-choice', answerOption: options('a') },
      { valueCoding: coding('b') },
      false,
    ],
    [
      'an integer among options',
      { type: 'choice', answerOption: [{ valueInteger: 1 }] },
      { valueInteger: 1 },
      true,
    ],
    [
      'a date not among options',
      { type: 'choice', answerOption: [{ valueDate: '2026-01-01' }] },
      { valueDate: '2026-01-02' },
      false,
    ],
    [
      'a code of a known value set',
      { type: 'choice', answerValueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
      { valueCoding: { system: 'http://hl7.org/fhir/administrative-gender', code: 'female' } },
      true,
    ],
    [
      'a code outside a known value set',
      { type: 'choice', answerValueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
      { valueCoding: { system: 'http://hl7.org/fhir/administrative-gender', code: 'mies' } },
      false,
    ],
    [
      'an unknown value set',
      { type: 'choice', answerValueSet: 'http://example.org/vs' },
      { valueCoding: coding('a') },
      true,
    ],
    [
      'a read-only answer as it was',
      { type: 'string', readOnly: true, initial: [{ valueString: 'x' }] },
      { valueString: 'x' },
      true,
    ],
    [
      'a read-only answer that was changed',
      { type: 'string', readOnly: true, initial: [{ valueString: 'x' }] },
      { valueString: 'y' },
      false,
    ],
  ])('is kept: %s', (_what, item, answer, right) => {
    const found = judge(form({ linkId: 'q', ...item }), given('q', answer));
    expect(found).toHaveLength(right ? 0 : 1);
    if (!right) expect(found[0]).toContain(at('.item[0]'));
  });

  it('counts answers and repetitions', () => {
    const item = {
      linkId: 'q',
      type: 'string',
      repeats: true,
      extension: [
        extension('questionnaire-minOccurs', { valueInteger: 2 }),
        extension('questionnaire-maxOccurs', { valueInteger: 3 }),
      ],
    };
    const times = (count: number) =>
      judge(form(item), given('q', ...Array.from({ length: count }, () => ({ valueString: 'x' }))));
    expect([1, 2, 3, 4].map((count) => times(count).length)).toEqual([1, 0, 0, 1]);
  });

  it('lets an exclusive option stand alone', () => {
    const none = {
      valueCoding: coding('none'),
      extension: [extension('questionnaire-optionExclusive', { valueBoolean: true })],
    };
    const item = { linkId: 'q', type: 'choice', repeats: true, answerOption: [...options('a', 'b'), none] };
    const choose = (...codes: string[]) =>
      judge(form(item), given('q', ...codes.map((code) => ({ valueCoding: coding(code) }))));
    expect(choose('a', 'b')).toEqual([]);
    expect(choose('none')).toEqual([]);
    expect(choose('a', 'none')).toEqual([`invariant answer-option ${at('.item[0]')}`]);
  });

  it('reads value sets contained in the questionnaire', () => {
    const contained = [
      {
        resourceType: 'ValueSet',
        id: 'v',
        compose: { include: [{ system: CODES, concept: [{ code: 'a' }] }] },
      },
    ];
    const questionnaire = { ...form({ linkId: 'q', type: 'choice', answerValueSet: '#v' }), contained };
    expect(judge(questionnaire, given('q', { valueCoding: coding('a') }))).toEqual([]);
    expect(judge(questionnaire, given('q', { valueCoding: coding('b') }))).toHaveLength(1);
  });
});

describe('An item that depends on others', () => {
  const number = { linkId: 'n', type: 'integer' };
  const depends = (operator: string, answer: object) =>
    form(number, {
      linkId: 'd',
      type: 'string',
      required: true,
      enableWhen: [{ question: 'n', operator, ...answer }],
    });

  it.each([
    ['exists', { answerBoolean: true }, [1], []],
    ['exists', { answerBoolean: false }, [], [1]],
    ['=', { answerInteger: 2 }, [2], [1, 3]],
    ['!=', { answerInteger: 2 }, [1, 3], [2]],
    ['>', { answerInteger: 2 }, [3], [1, 2]],
    ['<', { answerInteger: 2 }, [1], [2, 3]],
    ['>=', { answerInteger: 2 }, [2, 3], [1]],
    ['<=', { answerInteger: 2 }, [1, 2], [3]],
  ])('is enabled by %s %j for the right answers only', (operator, answer, enabling, disabling) => {
    const questionnaire = depends(operator, answer);
    const dependent = given('d', { valueString: 'x' });
    for (const value of enabling) {
      const number = given('n', { valueInteger: value });
      expect(judge(questionnaire, number)).toEqual([`required answer-missing ${at('')}`]);
      expect(judge(questionnaire, number, dependent)).toEqual([]);
    }
    for (const value of disabling) {
      const number = given('n', { valueInteger: value });
      expect(judge(questionnaire, number)).toEqual([]);
      expect(judge(questionnaire, number, dependent)).toEqual([`invalid item-disabled ${at('.item[1]')}`]);
    }
  });

  it('combines conditions by any or all', () => {
    const enableWhen = [
      { question: 'n', operator: '>', answerInteger: 1 },
      { question: 'n', operator: '<', answerInteger: 3 },
    ];
    const of = (enableBehavior: string) =>
      form(number, { linkId: 'd', type: 'string', required: true, enableBehavior, enableWhen });
    const missing = (behavior: string, value: number) =>
      judge(of(behavior), given('n', { valueInteger: value })).length;
    expect([1, 2, 3].map((value) => missing('any', value))).toEqual([1, 1, 1]);
    expect([1, 2, 3].map((value) => missing('all', value))).toEqual([0, 1, 0]);
  });

  it('looks at the answers of its own repetition of a group', () => {
    const group = {
      linkId: 'g',
      type: 'group',
      repeats: true,
      item: [
        { linkId: 'n', type: 'integer' },
        {
          linkId: 'd',
          type: 'string',
          required: true,
          enableWhen: [{ question: 'n', operator: '=', answerInteger: 1 }],
        },
      ],
    };
    const one = { linkId: 'g', item: [given('n', { valueInteger: 1 }), given('d', { valueString: 'x' })] };
    const two = { linkId: 'g', item: [given('n', { valueInteger: 2 })] };
    expect(judge(form(group), one, two)).toEqual([]);
    expect(judge(form(group), two, { ...one, item: one.item.slice(0, 1) })).toEqual([
      `required answer-missing ${at('.item[1]')}`,
    ]);
  });
});

describe('Any answer at all', () => {
  it('is judged with findings that have a place, never with an exception', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.record(
        { valueInteger: fc.jsonValue(), valueCoding: fc.jsonValue(), item: fc.jsonValue() },
        { requiredKeys: [] },
      ),
    );
    const item = fc.record(
      {
        linkId: fc.oneof(fc.constantFrom('g', 'first', 'second', 'q', 'why', 'info'), fc.jsonValue()),
        answer: fc.oneof(fc.array(value), fc.jsonValue()),
        item: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(item, fc.jsonValue())), (items) => {
        const response = { ...answers('completed'), item: items } as Resource;
        for (const issue of conformance.validateResponse(response, NESTED)) {
          expect(issue.expression?.[0]).toMatch(/^QuestionnaireResponse/);
        }
      }),
    );
  });
});
