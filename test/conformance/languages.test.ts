import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { TRANSLATIONS } from '../../src/conformance/translations.ts';
import type { Resource } from '../../src/resource.ts';
import { conformance } from './support.ts';

const FOLDER = new URL('../../src/conformance/response/', import.meta.url);

/** The templates of everything said about answers, with `{}` for each value. */
function templates(): string[] {
  return readdirSync(FOLDER).flatMap((file) =>
    [...readFileSync(new URL(file, FOLDER), 'utf8').matchAll(/\bsay`((?:[^`\\]|\\.)*)`/g)].map(
      ([, text = '']) => text.replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '{}'),
    ),
  );
}

const holes = (text: string) => text.split('{}').length;

const QUESTIONNAIRE: Resource = {
  resourceType: 'Questionnaire',
  url: 'http://example.org/q',
  status: 'active',
  item: [
    { linkId: 'age', type: 'integer', required: true },
    { linkId: 'why', type: 'string', maxLength: 3 },
  ],
};
const judge = (language: 'en' | 'fi' | 'sv', ...item: object[]) =>
  conformance
    .validateResponse(
      {
        resourceType: 'QuestionnaireResponse',
        questionnaire: 'http://example.org/q',
        status: 'completed',
        item,
      },
      QUESTIONNAIRE,
      { language },
    )
    .map(({ diagnostics, key }) => `${key}: ${diagnostics}`);

describe('What is said about answers', () => {
  it('is there in Finnish and Swedish, each with as many values as in English', () => {
    const found = templates();
    expect(found.length).toBeGreaterThan(40);
    expect(found.filter((text) => !(text in TRANSLATIONS))).toEqual([]);
    const uneven = Object.entries(TRANSLATIONS).filter(
      ([en, { fi, sv }]) => holes(fi) !== holes(en) || holes(sv) !== holes(en),
    );
    expect(uneven).toEqual([]);
  });

  it('is translated for no text that nobody says', () => {
    const found = new Set(templates());
    expect(Object.keys(TRANSLATIONS).filter((text) => !found.has(text))).toEqual([]);
  });

  it('is in the language that is asked for', () => {
    const items = [{ linkId: 'why', answer: [{ valueString: 'because' }] }, { linkId: 'aeg' }];
    expect(judge('en', ...items)).toEqual([
      "item-unknown: The questionnaire has no item 'aeg'. Did you mean 'age'?",
      "answer-missing: The required question 'age' has no answer.",
      "answer-limit: The answer to 'why' is 7 characters long; the most is 3.",
    ]);
    expect(judge('fi', ...items)).toEqual([
      "item-unknown: Lomakkeella ei ole kohtaa 'aeg'. Tarkoititko 'age'?",
      "answer-missing: Pakolliseen kysymykseen 'age' ei ole vastattu.",
      "answer-limit: Kohdan 'why' vastauksen pituus on 7 merkkiä; enimmäispituus on 3.",
    ]);
    expect(judge('sv', ...items)).toEqual([
      "item-unknown: Formuläret har ingen fråga 'aeg'. Menade du 'age'?",
      "answer-missing: Den obligatoriska frågan 'age' saknar svar.",
      "answer-limit: Svaret på 'why' är 7 tecken långt; största längden är 3.",
    ]);
  });
});
