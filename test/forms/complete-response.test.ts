import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { calculate, run } from '../../src/forms/calculate.ts';
import { readForm } from '../../src/forms/form.ts';
import { completeResponse, scoresOf } from '../../src/forms/index.ts';
import type { Resource } from '../../src/resource.ts';
import { BDI, bdiItems, calculated, form, response } from './support.ts';

const scores21 = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 21, maxLength: 21 });
const number = (linkId: string, value: number) => ({ linkId, answer: [{ valueInteger: value }] });
const itemsOf = (resource: Resource) => resource['item'] as readonly unknown[];

describe('Completing a response', () => {
  it('adds the total of the answers, whatever they are, and leaves the input as it was', () => {
    fc.assert(
      fc.property(scores21, (scores) => {
        const given = response('completed', bdiItems(scores));
        const before = structuredClone(given);
        const { response: completed, issues } = completeResponse(BDI, given);
        const total = scores.reduce((sum, score) => sum + score, 0);
        expect(issues).toEqual([]);
        expect(itemsOf(completed).at(-1)).toEqual({ linkId: 'total', answer: [{ valueInteger: total }] });
        expect(itemsOf(completed).slice(0, 21)).toEqual(itemsOf(given));
        expect(given).toEqual(before);
        expect(scoresOf(BDI, completed)).toMatchObject([
          { linkId: 'total', value: total, code: [{ code: 'bdi-total' }] },
        ]);
        expect(completeResponse(BDI, completed)).toEqual({ response: completed, issues: [] });
      }),
      { numRuns: 50 },
    );
  });

  it('refuses another total than the answers give, at its place, and does not say which', () => {
    fc.assert(
      fc.property(scores21, fc.integer({ min: 0, max: 63 }), (scores, claimed) => {
        const items = [...bdiItems(scores), number('total', claimed)];
        const { issues } = completeResponse(BDI, response('amended', items));
        const total = scores.reduce((sum, score) => sum + score, 0);
        expect(issues.map((issue) => issue.expression)).toEqual(
          total === claimed ? [] : [['QuestionnaireResponse.item[21].answer[0].value']],
        );
        for (const issue of issues) {
          expect(issue).toMatchObject({ severity: 'error', key: 'calculated' });
          expect(issue.diagnostics).toContain("'total'");
          expect(issue.diagnostics).not.toMatch(/\d/);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('does not believe the score that an answer states of itself', () => {
    const items = bdiItems(Array.from({ length: 21 }, () => 1));
    const lie = { url: 'http://hl7.org/fhir/StructureDefinition/ordinalValue', valueDecimal: 50 };
    const system = 'https://silta.example/fhir/CodeSystem/bdi-answer';
    items[0] = { linkId: 'bdi-1', answer: [{ valueCoding: { extension: [lie], system, code: '0' } }] };
    const { response: completed } = completeResponse(BDI, response('completed', items));
    expect(scoresOf(BDI, completed)[0]?.value).toBe(20);
  });

  it('leaves responses alone that are not finished', () => {
    for (const status of ['in-progress', 'entered-in-error', 'stopped']) {
      const given = response(status, bdiItems([1, 2, 3]));
      expect(completeResponse(BDI, given).response).toBe(given);
    }
  });

  it('puts a calculated item where the questionnaire has it, also into a group that is not there', () => {
    const questionnaire = form(
      { linkId: 'a', type: 'integer' },
      {
        linkId: 'g',
        type: 'group',
        item: [calculated('twice', 'integer', "%resource.item.where(linkId='a').answer.value * 2")],
      },
      { linkId: 'b', type: 'integer' },
    );
    const { response: completed } = completeResponse(
      questionnaire,
      response('completed', [number('a', 4), number('b', 1)]),
    );
    expect(completed['item']).toEqual([
      number('a', 4),
      { linkId: 'g', item: [number('twice', 8)] },
      number('b', 1),
    ]);
  });

  it('computes items that use each other, in any order', () => {
    const questionnaire = form(
      calculated('last', 'integer', "%resource.item.where(linkId='middle').answer.value + 1"),
      calculated('middle', 'integer', "%resource.item.where(linkId='a').answer.value + 1"),
      { linkId: 'a', type: 'integer' },
    );
    const { response: completed, issues } = completeResponse(
      questionnaire,
      response('completed', [number('a', 1)]),
    );
    expect(issues).toEqual([]);
    expect(completed['item']).toEqual([number('last', 3), number('middle', 2), number('a', 1)]);
  });

  it('stops when items depend on each other without end', () => {
    const questionnaire = form(
      calculated(
        'n',
        'integer',
        "iif(%resource.item.where(linkId='n').answer.value.exists(), %resource.item.where(linkId='n').answer.value + 1, 0)",
      ),
    );
    const { issues } = completeResponse(questionnaire, response('completed', []));
    expect(issues).toMatchObject([{ severity: 'error', key: 'calculated' }]);
  });

  it('computes in each repetition of a group, with its variables', () => {
    const variable = {
      url: 'http://hl7.org/fhir/StructureDefinition/variable',
      valueExpression: {
        name: 'n',
        language: 'text/fhirpath',
        expression: "item.where(linkId='n').answer.value",
      },
    };
    const questionnaire = form({
      linkId: 'g',
      type: 'group',
      repeats: true,
      extension: [variable],
      item: [{ linkId: 'n', type: 'integer' }, calculated('square', 'integer', '%n * %n')],
    });
    const group = (...item: object[]) => ({ linkId: 'g', item });
    const { response: completed } = completeResponse(
      questionnaire,
      response('completed', [group(number('n', 2)), group(number('n', 3))]),
    );
    expect(completed['item']).toEqual([
      group(number('n', 2), number('square', 4)),
      group(number('n', 3), number('square', 9)),
    ]);
  });

  it('leaves a calculated item out when nothing can be computed, or when it is not enabled', () => {
    const when = { enableWhen: [{ question: 'a', operator: '>', answerInteger: 5 }] };
    const questionnaire = form(
      { linkId: 'a', type: 'integer' },
      calculated('c', 'integer', "%resource.item.where(linkId='a').answer.value + 1", when),
    );
    const complete = (...item: object[]) =>
      completeResponse(questionnaire, response('completed', item)).response['item'];
    expect(complete(number('a', 5))).toEqual([number('a', 5)]);
    expect(complete(number('a', 6))).toEqual([number('a', 6), number('c', 7)]);
    expect(complete()).toEqual([]);
  });

  it('reports an expression that fails or yields another type, without quoting answers', () => {
    const failing = form(
      { linkId: 'a', type: 'string' },
      calculated('c', 'integer', "%resource.item.where(linkId='a').answer.value.zork()"),
    );
    const wrongType = form(
      { linkId: 'a', type: 'string' },
      calculated('c', 'integer', "%resource.item.where(linkId='a').answer.value"),
    );
    const given = response('completed', [{ linkId: 'a', answer: [{ valueString: 'salaisuus' }] }]);
    for (const questionnaire of [failing, wrongType]) {
      const { issues } = completeResponse(questionnaire, given);
      expect(issues).toMatchObject([{ severity: 'error', code: 'processing', key: 'calculated' }]);
      expect(JSON.stringify(issues)).not.toContain('salaisuus');
    }
  });

  it('adds decimal scores without binary noise', () => {
    const weight = (value: number) => ({
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/itemWeight', valueDecimal: value }],
      valueCoding: { code: String(value) },
    });
    const questionnaire = form(
      { linkId: 'q', type: 'choice', repeats: true, answerOption: [weight(0.1), weight(0.2)] },
      calculated('t', 'decimal', '%resource.item.answer.value.weight().sum()'),
    );
    const answer = [0.1, 0.2].map((value) => ({ valueCoding: { code: String(value) } }));
    const { response: completed } = completeResponse(
      questionnaire,
      response('completed', [{ linkId: 'q', answer }]),
    );
    expect(itemsOf(completed)[1]).toEqual({ linkId: 't', answer: [{ valueDecimal: 0.3 }] });
  });
});

describe('The plain form of a sum of scores', () => {
  it.each([
    "%resource.item.where(linkId != 'total').answer.value.ordinal().sum()",
    "%resource.item.where(linkId = 'bdi-2').answer.value.weight().sum()",
    "%resource.repeat(item).where(linkId.startsWith('bdi-1')).answer.value.ordinal().sum()",
    '%resource.descendants().answer.value.ordinal().sum()',
    '%resource.item.answer.value.ofType(Coding).ordinal().sum()',
  ])('gives what FHIRPath gives: %s', (expression) => {
    const read = readForm(BDI);
    const item = read.byLinkId.get('total');
    if (!item) throw new Error('The BDI shell has no total.');
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 21 }),
        fc.boolean(),
        (scores, grouped) => {
          const items = bdiItems(scores);
          const given = response('completed', grouped ? [{ linkId: 'g', item: items }] : items);
          const context = { form: read, response: given, item, holders: [] };
          expect(calculate(expression, context)).toEqual(run(expression, context));
        },
      ),
      { numRuns: 40 },
    );
  });
});
