import type { Resource } from '../../resource.ts';
import type { Hint } from '../hint.ts';
import type { Place } from '../place.ts';
import type { CompiledItem, CompiledQuestionnaire, Report } from './compiled-item.ts';
import type { Scope } from './given-answers.ts';

/** What holds for the whole response that is judged. */
export interface Judgement {
  readonly questionnaire: CompiledQuestionnaire;
  readonly response: Resource;
  /** Whether required answers must be there. */
  readonly complete: boolean;
  readonly report: Report;
  readonly hint: Hint;
  /**
   * Judges the items below one element of the response.
   *
   * @param definitions the items the Questionnaire has here
   * @param scope the element whose `item`s are judged
   * @param holder place of that element
   */
  validateItems(
    definitions: readonly CompiledItem[],
    scope: Scope,
    holder: Place,
    judgement: Judgement,
  ): void;
}

/** A response item with its place. */
export interface PlacedItem {
  readonly element: Record<string, unknown>;
  readonly place: Place;
}
