import type { Issue } from '../outcome.ts';
import { expressionOf, type Place } from './place.ts';
import { inEnglish, remember, type Said } from './say.ts';

/** The stable keys of what `validateResponse` and `validate` find, besides the keys of FHIR invariants. */
export type FindingKey =
  | 'answer-constraint'
  | 'answer-count'
  | 'answer-display'
  | 'answer-limit'
  | 'answer-missing'
  | 'answer-not-allowed'
  | 'answer-option'
  | 'answer-reference'
  | 'answer-type'
  | 'answer-unit'
  | 'attachment'
  | 'binding'
  | 'bundle'
  | 'cardinality'
  | 'choice'
  | 'contained'
  | 'date'
  | 'definition'
  | 'definition-unknown'
  | 'element-empty'
  | 'element-missing'
  | 'element-type'
  | 'element-unknown'
  | 'extension'
  | 'fixed-value'
  | 'group-empty'
  | 'hetu'
  | 'item-disabled'
  | 'item-misplaced'
  | 'item-order'
  | 'item-repeats'
  | 'item-unknown'
  | 'limit'
  | 'narrative'
  | 'primitive'
  | 'profile'
  | 'profile-unknown'
  | 'questionnaire-status'
  | 'read-only'
  | 'reference'
  | 'resource-type'
  | 'slice'
  | 'text';

/** A finding of severity `error` unless said otherwise. */
export function finding(
  code: Issue['code'],
  key: FindingKey,
  place: Place,
  text: string | Said,
  severity: Issue['severity'] = 'error',
): Issue {
  const diagnostics = typeof text === 'string' ? text : inEnglish(text);
  const issue: Issue = { severity, code, diagnostics, expression: [expressionOf(place)], key };
  if (typeof text !== 'string') remember(issue, text);
  return issue;
}
