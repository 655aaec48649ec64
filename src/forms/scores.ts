import type { Resource } from '../resource.ts';
import { type FormItem, readForm } from './form.ts';
import { givenValue, isObject, type JsonObject, objectsOf } from './json.ts';

/** One computed number of a response. */
export interface Score {
  readonly linkId: string;
  /** Codes of the item, e.g. the instrument's total. */
  readonly code: readonly JsonObject[];
  readonly value: number;
}

/**
 * The numbers that calculated items hold, in the order of the response. The response is taken as completed: see
 * `completeResponse`.
 */
export function scoresOf(questionnaire: Resource, response: Resource): readonly Score[] {
  const form = readForm(questionnaire);
  const scores: Score[] = [];
  collect(response, form.byLinkId, scores);
  return scores;
}

function collect(holder: JsonObject, byLinkId: ReadonlyMap<string, FormItem>, scores: Score[]): void {
  for (const item of objectsOf(holder['item'])) {
    const definition = byLinkId.get(String(item['linkId']));
    for (const answer of objectsOf(item['answer'])) {
      const value = numberOf(answer);
      if (definition?.calculated !== undefined && value !== undefined) {
        scores.push({ linkId: definition.linkId, code: objectsOf(definition.source['code']), value });
      }
      collect(answer, byLinkId, scores);
    }
    collect(item, byLinkId, scores);
  }
}

function numberOf(answer: JsonObject): number | undefined {
  const value = givenValue(answer)?.value;
  const number = isObject(value) ? value['value'] : value;
  return typeof number === 'number' ? number : undefined;
}
