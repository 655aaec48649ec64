/**
 * The response items that answer one item of the Questionnaire.
 *
 * @see https://hl7.org/fhir/R4/questionnaireresponse.html#notes
 */
import { finding } from '../finding.ts';
import { at, type Place } from '../place.ts';
import { say } from '../say.ts';
import { type AnswerValue, objectsOf, readChoice, textOf } from './answer-value.ts';
import type { CompiledItem } from './compiled-item.ts';
import type { Scope } from './given-answers.ts';
import type { Judgement, PlacedItem } from './judgement.ts';

/** Judges every repetition of an enabled item that is there at least once. */
export function validateItem(
  definition: CompiledItem,
  items: readonly PlacedItem[],
  scope: Scope,
  judgement: Judgement,
): void {
  const second = items[1];
  if (second && !definition.repeats) {
    const text = say`'${definition.linkId}' does not repeat, but is there ${items.length} times.`;
    judgement.report(finding('invalid', 'item-repeats', second.place, text));
  }
  for (const { element, place } of items) {
    checkText(definition, element, place, judgement);
    if (!judgement.complete) continue;
    for (const check of definition.constraints) check(element, place, judgement.response, judgement.report);
  }
  if (definition.type === 'group') {
    checkOccurrences(definition, items.length, items[0]?.place, judgement);
    for (const item of items) validateGroup(definition, item, scope, judgement);
  } else if (definition.type === 'display' || definition.type === 'question') {
    for (const item of items) validateUnanswerable(definition, item, scope, judgement);
  } else {
    validateQuestion(definition, items, scope, judgement);
  }
}

/** The text may be a translation, so another one is worth no more than a notice. */
function checkText(
  definition: CompiledItem,
  element: Record<string, unknown>,
  place: Place,
  judgement: Judgement,
): void {
  const text = textOf(element['text']);
  if (text === undefined || definition.text === undefined || text === definition.text) return;
  const message = say`The text of '${definition.linkId}' differs from the questionnaire's.`;
  judgement.report(finding('informational', 'text', at(place, 'text'), message, 'information'));
}

function validateGroup(definition: CompiledItem, item: PlacedItem, scope: Scope, judgement: Judgement): void {
  if (objectsOf(item.element['answer']).length > 0) {
    const text = say`'${definition.linkId}' is a group: it holds items and cannot be answered itself.`;
    judgement.report(finding('structure', 'answer-not-allowed', item.place, text));
  }
  if (definition.required && judgement.complete && objectsOf(item.element['item']).length === 0) {
    const text = say`The required group '${definition.linkId}' is empty.`;
    judgement.report(finding('invariant', 'group-empty', item.place, text));
  }
  const inner: Scope = { parent: scope, item: definition, element: item.element };
  judgement.validateItems(definition.children, inner, item.place, judgement);
}

/** Display items and abstract questions carry no answers. */
function validateUnanswerable(
  definition: CompiledItem,
  item: PlacedItem,
  scope: Scope,
  judgement: Judgement,
): void {
  if (objectsOf(item.element['answer']).length > 0) {
    const text = say`'${definition.linkId}' has type '${definition.type}' and cannot be answered.`;
    judgement.report(finding('structure', 'answer-not-allowed', item.place, text));
  }
  const inner: Scope = { parent: scope, item: definition, element: item.element };
  judgement.validateItems(definition.children, inner, item.place, judgement);
}

function validateQuestion(
  definition: CompiledItem,
  items: readonly PlacedItem[],
  scope: Scope,
  judgement: Judgement,
): void {
  const values: AnswerValue[] = [];
  let answers = 0;
  for (const item of items) {
    if (objectsOf(item.element['item']).length > 0) {
      const text = say`'${definition.linkId}' is a question: items below it go inside its answer.`;
      judgement.report(finding('structure', 'item-misplaced', item.place, text));
    }
    answers += validateAnswers(definition, item, scope, judgement, values);
  }
  const place = items[0]?.place;
  if (!place) return;
  if (answers === 0 && definition.required && judgement.complete) {
    const text = say`The required question '${definition.linkId}' has no answer.`;
    judgement.report(finding('required', 'answer-missing', place, text));
  }
  // One finding is enough for a required question without an answer.
  if (answers > 0 || !definition.required) checkOccurrences(definition, answers, place, judgement);
  for (const check of definition.answersChecks) check(values, place, judgement.report);
}

/** Judges the answers of one response item and adds their values; returns how many there are. */
function validateAnswers(
  definition: CompiledItem,
  item: PlacedItem,
  scope: Scope,
  judgement: Judgement,
  values: AnswerValue[],
): number {
  const answers = objectsOf(item.element['answer']);
  if (answers.length > 1 && !definition.repeats) {
    const text = say`'${definition.linkId}' takes one answer, but has ${answers.length}.`;
    judgement.report(finding('invalid', 'answer-count', at(item.place, 'answer', 1), text));
  }
  for (const [index, answer] of answers.entries()) {
    const place = at(item.place, 'answer', index);
    const value = readChoice(answer, 'value');
    if (value) values.push(value);
    validateAnswer(definition, value, answer, place, judgement);
    if (definition.children.length === 0 && answer['item'] === undefined) continue;
    judgement.validateItems(
      definition.children,
      { parent: scope, item: definition, element: answer },
      place,
      judgement,
    );
  }
  return answers.length;
}

function validateAnswer(
  definition: CompiledItem,
  value: AnswerValue | undefined,
  answer: Record<string, unknown>,
  place: Place,
  judgement: Judgement,
): void {
  if (!value) {
    const explained = Object.keys(answer).some((key) => key.startsWith('_value'));
    if (explained || !judgement.complete) return;
    const text = say`An answer to '${definition.linkId}' has no value.`;
    judgement.report(finding('required', 'answer-missing', place, text));
    return;
  }
  if (!definition.answerTypes.includes(value.type)) {
    const text = say`The answer to '${definition.linkId}' must be of type ${definition.answerTypes.join(' / ')}, not ${value.type}.`;
    judgement.report(finding('invariant', 'answer-type', at(place, 'value'), text));
    return;
  }
  for (const check of definition.answerChecks) check(value, place, judgement.report);
}

function checkOccurrences(
  definition: CompiledItem,
  count: number,
  place: Place | undefined,
  judgement: Judgement,
): void {
  if (!place) return;
  const { linkId, maxOccurs, minOccurs } = definition;
  const isGroup = definition.type === 'group';
  if (count > maxOccurs) {
    const text = isGroup
      ? say`'${linkId}' has ${count} repetitions; the most is ${maxOccurs}.`
      : say`'${linkId}' has ${count} answers; the most is ${maxOccurs}.`;
    judgement.report(finding('invalid', 'answer-count', place, text));
  }
  if (judgement.complete && count < minOccurs) {
    const text = isGroup
      ? say`'${linkId}' has ${count} repetitions; the least is ${minOccurs}.`
      : say`'${linkId}' has ${count} answers; the least is ${minOccurs}.`;
    judgement.report(finding('invalid', 'answer-count', place, text));
  }
}
