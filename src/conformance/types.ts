import type { Issue } from '../outcome.ts';
import type { Resource } from '../resource.ts';

/** Judges resources. Every method is synchronous and pure: the same input gives the same findings. */
export interface Conformance {
  /**
   * Judges a resource by base R4, by each known profile in `meta.profile`, and by `options.profiles`.
   *
   * @returns findings in document order; the resource is valid when none has severity `error` or `fatal`
   * @see https://hl7.org/fhir/R4/validation.html
   */
  validate(resource: Resource, options?: { readonly profiles?: readonly string[] }): readonly Issue[];
  /**
   * Judges a QuestionnaireResponse by the Questionnaire it answers: link ids, nesting, order, types, required answers,
   * options, limits, enableWhen. Answers themselves never appear in a finding's text.
   *
   * @see https://hl7.org/fhir/R4/questionnaireresponse.html#link
   */
  validateResponse(response: Resource, questionnaire: Resource): readonly Issue[];
}
