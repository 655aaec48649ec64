/**
 * Computes the calculated items of a completed response on the server.
 *
 * @see http://hl7.org/fhir/uv/sdc/STU3/expressions.html#calculatedExpression
 */
import type { Issue } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { answersOf } from './answers-of.ts';
import { calculate } from './calculate.ts';
import { isItemEnabled } from './enabled.ts';
import { type Form, readForm } from './form.ts';
import { objectsOf } from './json.ts';
import { sameAnswers } from './same-answers.ts';
import { copyItems, findSlots, type Slot, setAnswers } from './slots.ts';

export interface CompletedResponse {
  readonly response: Resource;
  readonly issues: readonly Issue[];
}

/** Statuses in which the answers are final, so that scores exist. */
const FINAL = new Set<unknown>(['completed', 'amended']);

/**
 * Adds every missing calculated item where the Questionnaire has it, and compares those that a client sent with what
 * they should be: a difference is an error at the item. Responses that are not completed or amended stay as they are.
 * The input is not changed.
 */
export function completeResponse(questionnaire: Resource, response: Resource): CompletedResponse {
  const form = readForm(questionnaire);
  if (!form.calculates || !FINAL.has(response['status'])) return { response, issues: [] };
  const work = { ...response, item: copyItems(response['item']) };
  const slots = findSlots(form, work);
  const issues = settle(form, work, slots);
  for (const slot of slots) {
    if (slot.given.length === 0 || sameAnswers(slot.given, slot.answers)) continue;
    issues.push(difference(slot));
  }
  const empty = work.item.length === 0 && response['item'] === undefined;
  return { response: empty ? response : work, issues };
}

/** A calculated item may use another one: repeats until nothing changes, one round more than the longest chain. */
function settle(form: Form, work: Resource, slots: readonly Slot[]): Issue[] {
  for (let round = 0; round <= slots.length; round++) {
    const issues: Issue[] = [];
    let changed = false;
    for (const slot of slots) {
      if (!isItemEnabled(slot, form, work)) continue;
      const answers = compute(form, work, slot, issues);
      if (!answers || sameAnswers(answers, slot.answers)) continue;
      setAnswers(slot, answers);
      changed = true;
    }
    if (!changed) return issues;
  }
  const text = 'The calculated items of the questionnaire depend on each other without end.';
  return [problem('QuestionnaireResponse', text)];
}

/** The answers an item should have; undefined when they cannot be computed, which becomes a finding. */
function compute(
  form: Form,
  work: Resource,
  slot: Slot,
  issues: Issue[],
): readonly Record<string, unknown>[] | undefined {
  const { item, holders, place } = slot;
  try {
    const values = calculate(item.calculated ?? '', { form, response: work, item, holders });
    const answers = answersOf(item, values);
    if (answers) return answers;
    issues.push(problem(place, `The expression of '${item.linkId}' yields no value of type ${item.type}.`));
  } catch {
    // What the engine says may quote answers, so it is not passed on.
    issues.push(problem(place, `The expression of '${item.linkId}' cannot be evaluated over this response.`));
  }
  return undefined;
}

function problem(place: string, text: string): Issue {
  return { severity: 'error', code: 'processing', diagnostics: text, expression: [place], key: 'calculated' };
}

function difference(slot: Slot): Issue {
  const answers = objectsOf(slot.given).length;
  return {
    severity: 'error',
    code: 'business-rule',
    diagnostics: `The answer to '${slot.item.linkId}' differs from what the other answers give. Leave it out: it is computed here.`,
    expression: [`${slot.place}.answer${answers === 1 ? '[0].value' : ''}`],
    key: 'calculated',
  };
}
