import type { Definitions } from '../definitions/index.ts';
import type { Resource } from '../resource.ts';
import { type CodeJudge, withJudge } from './code-judge.ts';
import { compileQuestionnaire } from './response/compile-questionnaire.ts';
import type { CompiledQuestionnaire } from './response/compiled-item.ts';
import { validateAgainst } from './response/validate-response.ts';
import type { Conformance } from './types.ts';
import { createResourceValidator } from './validate-resource.ts';

/**
 * Makes the judge of resources. Structures, invariants and Questionnaires are compiled on first use and kept.
 *
 * @param options.definitions what is known of FHIR R4 and of profiles, value sets and code systems
 * @param options.codes what is known of codes beyond that: displays, stored value sets, systems that are grammars
 */
export function createConformance(options: {
  readonly definitions: Definitions;
  readonly codes?: CodeJudge;
}): Conformance {
  const { codes } = options;
  const definitions = codes ? withJudge(options.definitions, codes) : options.definitions;
  const validate = createResourceValidator(definitions);
  const questionnaires = new WeakMap<Resource, CompiledQuestionnaire>();
  const compiled = (questionnaire: Resource): CompiledQuestionnaire => {
    const known = questionnaires.get(questionnaire);
    if (known) return known;
    const fresh = compileQuestionnaire(questionnaire, options.definitions, codes);
    questionnaires.set(questionnaire, fresh);
    return fresh;
  };
  return {
    validate: (resource, options) => validate(resource, options),
    validateResponse: (response, questionnaire, options) =>
      validateAgainst(compiled(questionnaire), response, options?.language),
  };
}
