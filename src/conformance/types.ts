import type { Issue } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { Language } from './say.ts';

export interface ValidationOptions {
  /** Canonical URLs of profiles to judge by, besides those the resource claims. */
  readonly profiles?: readonly string[];
  /** Refuses extensions that are not known here; otherwise they are only mentioned. */
  readonly strict?: boolean;
  /**
   * Lets a modifier extension that is not known pass, with a warning, when its address is of example.org, .com or .net:
   * for judging what was written as an example, never for what is stored.
   */
  readonly examples?: boolean;
  /** The time that limits of dates count from which a profile sets relative to now; without it they are not judged. */
  readonly now?: Date;
}

/** Judges resources. Every method is synchronous and pure: the same input gives the same findings. */
export interface Conformance {
  /**
   * Judges a resource by base R4, by each known profile in `meta.profile`, and by `options.profiles`.
   *
   * @returns findings in document order; the resource is valid when none has severity `error` or `fatal`
   * @see https://hl7.org/fhir/R4/validation.html
   */
  validate(resource: Resource, options?: ValidationOptions): readonly Issue[];
  /**
   * Judges a QuestionnaireResponse by the Questionnaire it answers: link ids, nesting, order, types, required answers,
   * options, limits, enableWhen, the rules it sets. Findings are in the language asked for, else in English. Answers themselves never appear in a finding's text.
   *
   * @see https://hl7.org/fhir/R4/questionnaireresponse.html#link
   */
  validateResponse(
    response: Resource,
    questionnaire: Resource,
    options?: { readonly language?: Language },
  ): readonly Issue[];
}
