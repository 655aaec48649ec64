import { describe, expect, it } from '@jest/globals';
import type { Questionnaire, QuestionnaireItem, QuestionnaireResponse } from 'fhir/r4';
import { createConformance } from '../../src/conformance/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import { judgeAnswers } from '../../src/web/form/judge-answers.ts';
import { type Question, readQuestions } from '../../src/web/form/questions.ts';
import type { Fields } from '../../src/web/form/read-answers.ts';

const definitions = await loadDefinitions({ profiles: 'profiles' });
const { validateResponse } = createConformance({ definitions });

const URL = 'https://example.org/Questionnaire/garden';

function questionnaireOf(...item: readonly QuestionnaireItem[]): Questionnaire {
  return { resourceType: 'Questionnaire', status: 'active', url: URL, item: [...item] };
}

const head: QuestionnaireResponse = {
  resourceType: 'QuestionnaireResponse',
  questionnaire: URL,
  status: 'completed',
};

function judge(questionnaire: Questionnaire, fields: Fields) {
  const questions = readQuestions(questionnaire) as readonly Question[];
  const judged = judgeAnswers(validateResponse, questionnaire, head, questions, fields);
  return { items: judged.items, problems: Object.fromEntries(judged.problems) };
}

const garden = questionnaireOf(
  { linkId: 'intro', type: 'display', text: 'About your garden' },
  {
    linkId: 'size',
    type: 'group',
    text: 'Size',
    item: [
      { linkId: 'trees', type: 'integer', text: 'Trees', required: true },
      { linkId: 'area', type: 'decimal', text: 'Area' },
    ],
  },
  { linkId: 'planted', type: 'date', text: 'Planted' },
  { linkId: 'name', type: 'string', text: 'Name', maxLength: 7 },
  {
    linkId: 'fruit',
    type: 'choice',
    text: 'Fruit',
    repeats: true,
    answerOption: [
      { valueCoding: { system: 'urn:f', code: 'plum', display: 'Plum' } },
      { valueCoding: { system: 'urn:f', code: 'pear', display: 'Pear' } },
    ],
  },
  {
    linkId: 'bees',
    type: 'boolean',
    text: 'Bees',
    item: [{ linkId: 'hives', type: 'integer', text: 'Hives' }],
  },
);

describe('the answers of a posted form', () => {
  it('become the items of a response, each with its type', () => {
    const { items, problems } = judge(garden, {
      'a.trees': ['12'],
      'a.area': ['3,5'],
      'a.planted': ['2024-02-29'],
      'a.name': ['  Omena '],
      'a.fruit': ['0', '1'],
      'a.bees': ['true'],
      'a.hives': ['4'],
    });
    expect(problems).toEqual({});
    expect(items).toEqual([
      {
        linkId: 'size',
        item: [
          { linkId: 'trees', answer: [{ valueInteger: 12 }] },
          { linkId: 'area', answer: [{ valueDecimal: 3.5 }] },
        ],
      },
      { linkId: 'planted', answer: [{ valueDate: '2024-02-29' }] },
      { linkId: 'name', answer: [{ valueString: 'Omena' }] },
      {
        linkId: 'fruit',
        answer: [
          { valueCoding: { system: 'urn:f', code: 'plum', display: 'Plum' } },
          { valueCoding: { system: 'urn:f', code: 'pear', display: 'Pear' } },
        ],
      },
      {
        linkId: 'bees',
        answer: [{ valueBoolean: true, item: [{ linkId: 'hives', answer: [{ valueInteger: 4 }] }] }],
      },
    ]);
  });

  it('leave out what is not answered, and what hangs on it', () => {
    const { items } = judge(garden, { 'a.trees': ['1'], 'a.name': [' \r\n '], 'a.hives': ['4'] });
    expect(items).toEqual([{ linkId: 'size', item: [{ linkId: 'trees', answer: [{ valueInteger: 1 }] }] }]);
  });

  it('that are missing, malformed, too long or no option are problems of their item', () => {
    const { problems } = judge(garden, {
      'a.area': ['3.5.1'],
      'a.planted': ['2023-02-29'],
      'a.name': ['Kirsikkapuu'],
      'a.fruit': ['7'],
      'a.bees': ['maybe'],
    });
    expect(problems).toEqual({
      trees: 'missing',
      area: 'format',
      planted: 'format',
      name: 'limit',
      fruit: 'option',
      bees: 'format',
    });
  });

  it('to questions that other answers disable do not count, down the chain', () => {
    const chain = questionnaireOf(
      { linkId: 'pet', type: 'boolean', text: 'Pet' },
      {
        linkId: 'cat',
        type: 'boolean',
        text: 'Cat',
        required: true,
        enableWhen: [{ question: 'pet', operator: '=', answerBoolean: true }],
      },
      {
        linkId: 'cats',
        type: 'integer',
        text: 'Cats',
        enableWhen: [{ question: 'cat', operator: '=', answerBoolean: true }],
      },
    );
    const ignored = judge(chain, { 'a.pet': ['false'], 'a.cat': ['true'], 'a.cats': ['3'] });
    expect(ignored).toEqual({ items: [{ linkId: 'pet', answer: [{ valueBoolean: false }] }], problems: {} });
    expect(judge(chain, { 'a.pet': ['true'], 'a.cats': ['3'] }).problems).toEqual({ cat: 'missing' });
  });
});

describe('the questions of a questionnaire', () => {
  it('leave out what is hidden or computed', () => {
    const questions = readQuestions(
      questionnaireOf(
        { linkId: 'a', type: 'string', text: 'A' },
        { linkId: 'total', type: 'integer', readOnly: true },
        {
          linkId: 'secret',
          type: 'attachment',
          extension: [
            { url: 'http://hl7.org/fhir/StructureDefinition/questionnaire-hidden', valueBoolean: true },
          ],
        },
      ),
    );
    expect(questions?.map(({ item }) => item.linkId)).toEqual(['a']);
  });

  it.each(['attachment', 'reference', 'quantity', 'open-choice'] as const)(
    'cannot be asked on a plain form when one is of type %s',
    (type) => {
      const group: QuestionnaireItem = { linkId: 'g', type: 'group', item: [{ linkId: 'x', type }] };
      expect(readQuestions(questionnaireOf(group))).toBeUndefined();
    },
  );
});
