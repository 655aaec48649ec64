/**
 * Whether a calculated item is enabled by the other answers; one that is not stays unanswered.
 *
 * @see https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
 */
import type { Form, FormItem } from './form.ts';
import { givenValue, type JsonObject, objectsOf, textOf } from './json.ts';
import { sameAnswers } from './same-answers.ts';
import type { Slot } from './slots.ts';

/** Judges the conditions of the item and of every item around it. */
export function isItemEnabled(slot: Slot, form: Form, response: JsonObject): boolean {
  for (let here: FormItem | undefined = slot.item; here; here = here.parent) {
    const terms = objectsOf(here.source['enableWhen']);
    if (terms.length === 0) continue;
    const holds = (term: JsonObject) =>
      termHolds(term, answersAround(slot, form, response, textOf(term['question'])));
    const enabled = here.source['enableBehavior'] === 'all' ? terms.every(holds) : terms.some(holds);
    if (!enabled) return false;
  }
  return true;
}

/** Answers of a question in the nearest element around the slot whose definition holds the question. */
function answersAround(
  slot: Slot,
  form: Form,
  response: JsonObject,
  linkId: string | undefined,
): readonly JsonObject[] {
  if (linkId === undefined) return [];
  const question = form.byLinkId.get(linkId);
  const chain: FormItem[] = [];
  for (let here = slot.item.parent; here; here = here.parent) chain.unshift(here);
  for (let depth = slot.holders.length - 1; depth >= 0; depth--) {
    const [definition, holder] = [chain[depth], slot.holders[depth]];
    if (definition && holder && isWithin(question, definition)) return answersBelow(holder, linkId);
  }
  return answersBelow(response, linkId);
}

function isWithin(item: FormItem | undefined, ancestor: FormItem): boolean {
  for (let here = item?.parent; here; here = here.parent) if (here === ancestor) return true;
  return false;
}

function answersBelow(element: JsonObject, linkId: string): readonly JsonObject[] {
  return objectsOf(element['item']).flatMap((item) => [
    ...(item['linkId'] === linkId ? objectsOf(item['answer']) : []),
    ...answersBelow(item, linkId),
    ...objectsOf(item['answer']).flatMap((answer) => answersBelow(answer, linkId)),
  ]);
}

function termHolds(term: JsonObject, answers: readonly JsonObject[]): boolean {
  const operator = term['operator'];
  if (operator === 'exists') return answers.length > 0 === (term['answerBoolean'] === true);
  const expected = expectedAnswer(term);
  if (!expected) return false;
  const isSame = (answer: JsonObject) => sameAnswers([expected], [answer]);
  if (operator === '=') return answers.some(isSame);
  if (operator === '!=') return !answers.some(isSame);
  return answers.some((answer) =>
    isOrdered(givenValue(answer)?.value, String(operator), givenValue(expected)?.value),
  );
}

/** `answerInteger: 3` → `{ valueInteger: 3 }`. */
function expectedAnswer(term: JsonObject): JsonObject | undefined {
  const name = Object.keys(term).find((key) => key.startsWith('answer'));
  return name === undefined ? undefined : { [`value${name.slice('answer'.length)}`]: term[name] };
}

function isOrdered(given: unknown, operator: string, expected: unknown): boolean {
  const comparable =
    (typeof given === 'number' && typeof expected === 'number') ||
    (typeof given === 'string' && typeof expected === 'string');
  if (!comparable) return false;
  switch (operator) {
    case '>':
      return given > expected;
    case '<':
      return given < expected;
    case '>=':
      return given >= expected;
    case '<=':
      return given <= expected;
    default:
      return false;
  }
}
