/**
 * The answers given to a question, as seen from another item: those of the same repetition of a repeating group.
 *
 * @see https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen.question
 */
import { type AnswerValue, objectsOf, readChoice } from './answer-value.ts';
import type { CompiledItem } from './compiled-item.ts';

/** A response element whose items are judged, with the one it stands in; the response itself has depth 0. */
export interface Scope {
  readonly parent: Scope | undefined;
  /** The Questionnaire item it answers; undefined for the response itself. */
  readonly item: CompiledItem | undefined;
  /** The response itself, a group's item, or one answer of a question. */
  readonly element: Record<string, unknown>;
}

/** Collects the answers of `question` in the nearest scope that holds it. */
export function givenAnswers(question: CompiledItem, scope: Scope): readonly AnswerValue[] {
  let nearest = scope;
  while (nearest.parent && !(nearest.item && isWithin(question, nearest.item))) nearest = nearest.parent;
  const found: AnswerValue[] = [];
  if (nearest.item !== question) {
    descend(nearest.element, question.linkId, found);
    return found;
  }
  const value = readChoice(nearest.element, 'value');
  return value ? [value] : found;
}

function isWithin(item: CompiledItem, ancestor: CompiledItem): boolean {
  for (let here: CompiledItem | undefined = item; here; here = here.parent) {
    if (here === ancestor) return true;
  }
  return false;
}

function descend(element: Record<string, unknown>, linkId: string, found: AnswerValue[]): void {
  for (const child of objectsOf(element['item'])) {
    if (child['linkId'] === linkId) collect(child, found);
    else descend(child, linkId, found);
  }
  for (const answer of objectsOf(element['answer'])) descend(answer, linkId, found);
}

function collect(item: Record<string, unknown>, found: AnswerValue[]): void {
  for (const answer of objectsOf(item['answer'])) {
    const value = readChoice(answer, 'value');
    if (value) found.push(value);
  }
}
