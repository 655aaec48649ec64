import type { Issue } from '../../outcome.ts';
import type { Place } from '../place.ts';
import type { AnswerValue } from './answer-value.ts';
import type { ConstraintCheck } from './constraints.ts';
import type { Condition } from './enable-when.ts';

/** One item of a Questionnaire, compiled to what judging its answers needs. */
export interface CompiledItem {
  readonly linkId: string;
  /** `group`, `display`, `question` (abstract) or a question type. */
  readonly type: string;
  readonly text: string | undefined;
  readonly required: boolean;
  readonly repeats: boolean;
  readonly minOccurs: number;
  readonly maxOccurs: number;
  /** Undefined at the top. */
  readonly parent: CompiledItem | undefined;
  /** 0 at the top. */
  readonly depth: number;
  /** Position among its siblings. */
  readonly order: number;
  readonly children: readonly CompiledItem[];
  readonly condition: Condition | undefined;
  /** FHIR types its answers may have; empty for groups and display items. */
  readonly answerTypes: readonly string[];
  readonly answerChecks: readonly AnswerCheck[];
  /** Judged once for all answers of the item. */
  readonly answersChecks: readonly AnswersCheck[];
  /** Judged for each item that answers it, once the response is complete. */
  readonly constraints: readonly ConstraintCheck[];
}

/** Judges one answer's value, whose type is right. `answer` is the place of the answer, not of its value. */
export type AnswerCheck = (value: AnswerValue, answer: Place, report: Report) => void;

/** Judges all answers of an item together. */
export type AnswersCheck = (values: readonly AnswerValue[], item: Place, report: Report) => void;

export type Report = (issue: Issue) => void;

/** A compiled Questionnaire. */
export interface CompiledQuestionnaire {
  readonly url: string | undefined;
  readonly version: string | undefined;
  readonly items: readonly CompiledItem[];
  /** Every item by its link id, at any depth. */
  readonly byLinkId: ReadonlyMap<string, CompiledItem>;
  /** Judged for the whole response, once it is complete. */
  readonly constraints: readonly ConstraintCheck[];
  /** Findings about the Questionnaire itself, given with every response to it. */
  readonly warnings: readonly ((authored: string | undefined, place: Place) => Issue | undefined)[];
}
