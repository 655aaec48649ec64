/**
 * The items below one element of a response: each must be where the Questionnaire has it, in its order, and all that is
 * required must be there.
 *
 * @see https://hl7.org/fhir/R4/questionnaireresponse.html#link
 */

import { finding } from '../finding.ts';
import { at, type Place } from '../place.ts';
import { say } from '../say.ts';
import { objectsOf, textOf } from './answer-value.ts';
import type { CompiledItem, Report } from './compiled-item.ts';
import { isEnabled } from './enable-when.ts';
import { givenAnswers, type Scope } from './given-answers.ts';
import type { Judgement, PlacedItem } from './judgement.ts';
import { validateItem } from './validate-item.ts';

/** Judges the items below one element of the response: see {@link Judgement.validateItems}. */
export function validateItems(
  definitions: readonly CompiledItem[],
  scope: Scope,
  holder: Place,
  judgement: Judgement,
): void {
  const given = sortItems(definitions, scope.element, holder, judgement);
  for (const definition of definitions) {
    const items = given.get(definition) ?? [];
    const enabled = isItemEnabled(definition, scope, judgement);
    if (!enabled) reportDisabled(definition, items, judgement.report);
    else if (items.length === 0) reportMissing(definition, scope, holder, judgement);
    else validateItem(definition, items, scope, judgement);
  }
}

/** Assigns the response's items to their definitions and reports those that are unknown, misplaced or out of order. */
function sortItems(
  definitions: readonly CompiledItem[],
  container: Record<string, unknown>,
  holder: Place,
  judgement: Judgement,
): ReadonlyMap<CompiledItem, readonly PlacedItem[]> {
  const sorted = new Map<CompiledItem, PlacedItem[]>();
  let last = -1;
  for (const [index, element] of objectsOf(container['item']).entries()) {
    const place = at(holder, 'item', index);
    const definition =
      definitions[last + 1]?.linkId === element['linkId'] ? definitions[last + 1] : undefined;
    const found = definition ?? definitions.find((each) => each.linkId === element['linkId']);
    if (!found) {
      reportStray(element, place, judgement);
      continue;
    }
    if (found.order < last) {
      const text = say`'${found.linkId}' stands after '${definitions[last]?.linkId}', but the questionnaire has it before.`;
      judgement.report(finding('structure', 'item-order', place, text));
    }
    last = Math.max(last, found.order);
    const items = sorted.get(found);
    if (items) items.push({ element, place });
    else sorted.set(found, [{ element, place }]);
  }
  return sorted;
}

function reportStray(element: Record<string, unknown>, place: Place, judgement: Judgement): void {
  const linkId = textOf(element['linkId']) ?? '';
  const elsewhere = judgement.questionnaire.byLinkId.get(linkId);
  if (elsewhere) {
    const text = elsewhere.parent
      ? say`'${linkId}' does not belong here; the questionnaire has it inside '${elsewhere.parent.linkId}'.`
      : say`'${linkId}' does not belong here; the questionnaire has it at the top of the response.`;
    judgement.report(finding('structure', 'item-misplaced', place, text));
    return;
  }
  const hint = judgement.hint(linkId, judgement.questionnaire.byLinkId.keys());
  const text = say`The questionnaire has no item '${linkId.slice(0, 80)}'.${hint}`;
  judgement.report(finding('not-found', 'item-unknown', place, text));
}

function isItemEnabled(definition: CompiledItem, scope: Scope, judgement: Judgement): boolean {
  if (!definition.condition) return true;
  return isEnabled(definition.condition, (linkId) => {
    const question = judgement.questionnaire.byLinkId.get(linkId);
    return question ? givenAnswers(question, scope) : [];
  });
}

/** A disabled item may be there, but nothing in it may be answered. */
function reportDisabled(definition: CompiledItem, items: readonly PlacedItem[], report: Report): void {
  for (const { element, place } of items) {
    if (!holdsAnswer(element)) continue;
    const text = say`'${definition.linkId}' is not enabled by the other answers, so it must not be answered.`;
    report(finding('invalid', 'item-disabled', place, text));
  }
}

function holdsAnswer(element: Record<string, unknown>): boolean {
  return objectsOf(element['answer']).length > 0 || objectsOf(element['item']).some(holdsAnswer);
}

/**
 * Reports a required item that is absent, at the element that should hold it. An absent group that does not repeat
 * stands for its content: leaving it out does not free anyone from the required questions in it.
 */
function reportMissing(definition: CompiledItem, scope: Scope, holder: Place, judgement: Judgement): void {
  if (!judgement.complete) return;
  if (definition.type === 'group' && !definition.repeats) {
    const within = definition.children.filter((child) => isItemEnabled(child, scope, judgement));
    const before = within.some((child) => requiresAnswer(child));
    for (const child of within) reportMissing(child, scope, holder, judgement);
    if (before) return;
  }
  if (!definition.required && definition.minOccurs === 0) return;
  if (definition.type === 'display') return;
  const text =
    definition.type === 'group'
      ? say`The required group '${definition.linkId}' has no answer.`
      : say`The required question '${definition.linkId}' has no answer.`;
  judgement.report(finding('required', 'answer-missing', holder, text));
}

function requiresAnswer(item: CompiledItem): boolean {
  if (item.type === 'group' && !item.repeats && item.children.some(requiresAnswer)) return true;
  return item.required || item.minOccurs > 0;
}
