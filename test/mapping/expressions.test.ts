/** FHIRPath in maps: https://build.fhir.org/mapping-language.html#fhirpath */
import { describe, expect, it } from '@jest/globals';
import { compile, environment, mapText, problems } from './map-fixture.ts';

const response = {
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  authored: '2026-01-02',
  item: [
    { linkId: 'a', text: 'First', answer: [{ valueInteger: 3 }] },
    { linkId: 'b', answer: [{ valueString: 'x' }, { valueString: 'y' }] },
    { linkId: 'ab', item: [{ linkId: 'ab.1', answer: [{ valueBoolean: true }] }] },
    { linkId: 'c', _text: { extension: [{ url: 'urn:absent', valueCode: 'masked' }] } },
  ],
};

/** Link ids of the items for which the condition holds. */
function matches(condition: string): readonly string[] {
  const found: string[] = [];
  const text = mapText(
    'QuestionnaireResponse',
    'Patient',
    `src.item as item where ${condition} -> tgt.name as n, n.text = item.linkId;`,
  );
  const result = compile(text).run({ src: response }, environment()) as { name?: { text: string }[] };
  for (const name of result.name ?? []) found.push(name.text);
  return found;
}

/** Each condition twice: as it is, and with an `iif`, which only the library knows. */
describe.each([
  ["linkId = 'a'", ['a']],
  ["linkId != 'a'", ['b', 'ab', 'c']],
  ["linkId.value = 'a'", ['a']],
  ["linkId in ('a' | 'c')", ['a', 'c']],
  ["linkId.startsWith('a')", ['a', 'ab']],
  ["linkId.startsWith('a') and answer.exists()", ['a']],
  ["linkId.endsWith('b') or item.exists()", ['b', 'ab']],
  ["linkId.contains('b').not()", ['a', 'c']],
  ['answer.exists()', ['a', 'b']],
  ['answer.empty()', ['ab', 'c']],
  ['text.exists()', ['a', 'c']],
  ["text = 'First'", ['a']],
  ["text != 'First'", ['c']],
  ['answer.count() > 1', ['b']],
  ['answer.value.exists()', ['a', 'b']],
  ["answer.where(value = 'x').exists()", ['b']],
  ['answer.exists(value = 3)', ['a']],
  ["item.exists(linkId = 'ab.1')", ['ab']],
  ["item.all(linkId = 'nope')", ['a', 'b', 'c']],
  ["item.linkId.first() = 'ab.1'", ['ab']],
  ["linkId.upper() = 'AB'", ['ab']],
  ["linkId + '.1' = item.linkId", ['ab']],
  ["(linkId & text) = 'aFirst'", ['a']],
  ["%src.status = 'completed' and linkId = 'c'", ['c']],
  ["src.status = 'completed' and linkId = 'c'", ['c']],
  ['%src.authored > @2026-01-01 and linkId = "b"', ['b']],
  ["iif(linkId = 'a', true, false)", ['a']],
  ["$this.linkId = 'b'", ['b']],
  ["linkId.matches('^a.$')", ['ab']],
  ['%src.item.first().linkId = linkId', ['a']],
  ["linkId = 'a' xor linkId = 'a'", []],
] as const)('the condition %s', (condition, expected) => {
  it('holds for the right items', () => {
    expect(matches(condition)).toEqual(expected);
  });

  it('means the same to the library', () => {
    expect(matches(`(${condition}) and iif(true, true, linkId.toInteger() = 1)`)).toEqual(expected);
  });
});

describe('names in expressions', () => {
  const problem = (condition: string): readonly string[] =>
    problems(
      mapText(
        'QuestionnaireResponse',
        'Patient',
        `src.item as item where ${condition} -> tgt.active = true;`,
      ),
    );

  it('are checked against the model, with their place', () => {
    expect(problem("linkID = 'a'")).toEqual([
      "6:24 QuestionnaireResponse.item has no element 'linkID' (did you mean 'linkId'?)",
    ]);
    expect(problem("answer.valu = 'a'")[0]).toMatch(
      /^6:31 QuestionnaireResponse\.item\.answer has no element 'valu' \(did you mean 'value'\?\)/,
    );
    expect(problem("answer.where(valeu = 'a').exists()")[0]).toMatch(
      /^6:37 .*'valeu' \(did you mean 'value'\?\)/,
    );
    expect(problem('%itm.linkId.exists()')).toEqual(["6:24 unknown variable '%itm' (did you mean 'item'?)"]);
  });

  it('of constants are known everywhere', () => {
    const text = mapText(
      'QuestionnaireResponse',
      'Patient',
      'src.item as item where linkId = wanted -> tgt.active = true, tgt.language = wanted;',
      '',
      "let wanted = 'a';",
    );
    expect(compile(text).run({ src: response }, environment())).toEqual({
      resourceType: 'Patient',
      active: true,
      language: 'a',
    });
  });
});
