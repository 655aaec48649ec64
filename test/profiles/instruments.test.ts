import { describe, expect, it } from '@jest/globals';
import type { Element, Questionnaire, QuestionnaireItem } from 'fhir/r4';
import { readContent } from '../pathways/content.ts';

/** Instruments whose text may not be reproduced here: the name their canonical begins with. */
const LICENSED = /\/Questionnaire\/(bdi|sadd|eurohis|3x10d|findrisc|ors|srs|whoqol)/;
const NEUTRAL = /^(Kysymys|Fråga|Item) \d+[a-z]?$/;
const SCORE_ONLY = /^\d+[a-z]?$/;

const questionnaires = [...readContent().values()].filter(
  ({ resourceType }) => resourceType === 'Questionnaire',
) as unknown as readonly Questionnaire[];

function allItems(items: readonly QuestionnaireItem[] = []): readonly QuestionnaireItem[] {
  return items.flatMap((item) => [item, ...allItems(item.item)]);
}

function translations(element: Element | undefined): readonly string[] {
  return (element?.extension ?? []).flatMap(({ extension = [] }) =>
    extension.flatMap(({ url, valueString }) =>
      url === 'content' && valueString !== undefined ? [valueString] : [],
    ),
  );
}

/** What a person would read of an item that is answered: its text and its options, in every language. */
function wordsOf(item: QuestionnaireItem): { labels: readonly string[]; options: readonly string[] } {
  return {
    labels: [item.text ?? '', ...translations(item._text), ...(item.prefix ? [item.prefix] : [])],
    options: (item.answerOption ?? []).flatMap(({ valueCoding, valueString }) => [
      valueCoding?.display ?? valueString ?? '',
      ...translations(valueCoding?._display),
    ]),
  };
}

function findLicensedText(questionnaire: Questionnaire): readonly string[] {
  return allItems(questionnaire.item)
    .filter((item) => !item.readOnly)
    .flatMap((item) => {
      const { labels, options } = wordsOf(item);
      return [
        ...labels.filter((label) => !NEUTRAL.test(label)),
        ...options.filter((option) => !SCORE_ONLY.test(option)),
      ];
    });
}

describe('the instruments that Silta ships', () => {
  const licensed = questionnaires.filter(({ url }) => LICENSED.test(url ?? ''));

  it('include the shell of the BDI, found as a licensed instrument', () => {
    expect(licensed.map(({ id }) => id)).toContain('bdi-shell');
  });

  it.each(licensed.map((one) => [one.id, one] as const))(
    'carry no licensed item text: %s',
    (_id, questionnaire) => {
      expect(findLicensedText(questionnaire)).toEqual([]);
      expect(questionnaire.copyright).toMatch(/lisens/);
    },
  );

  it('would be caught if a licensed instrument carried text, in the base language or in a translation', () => {
    const shell = licensed[0] as Questionnaire;
    const leaking: Questionnaire = {
      ...shell,
      item: [
        { linkId: 'a', type: 'choice', text: 'Surullisuus' },
        {
          linkId: 'b',
          type: 'choice',
          text: 'Kysymys 2',
          _text: {
            extension: [
              {
                url: 'http://hl7.org/fhir/StructureDefinition/translation',
                extension: [{ url: 'content', valueString: 'Pessimism' }],
              },
            ],
          },
          answerOption: [{ valueCoding: { code: '1', display: 'Ibland' } }],
        },
      ],
    };
    expect(findLicensedText(leaking)).toEqual(['Surullisuus', 'Pessimism', 'Ibland']);
  });

  it('score every option of the BDI shell with the number of its code', () => {
    const shell = questionnaires.find(({ id }) => id === 'bdi-shell');
    const scored = allItems(shell?.item).filter(({ linkId }) => linkId.startsWith('bdi-'));
    expect(scored.map(({ linkId }) => linkId)).toEqual(Array.from({ length: 21 }, (_, n) => `bdi-${n + 1}`));
    for (const item of scored) {
      expect(item.required).toBe(true);
      expect(
        item.answerOption?.map(({ valueCoding }) => [
          valueCoding?.code,
          valueCoding?.extension?.[0]?.valueDecimal,
        ]),
      ).toEqual([
        ['0', 0],
        ['1', 1],
        ['2', 2],
        ['3', 3],
      ]);
    }
  });
});
