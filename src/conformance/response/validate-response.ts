/**
 * Judges a QuestionnaireResponse by its Questionnaire.
 *
 * @see https://hl7.org/fhir/R4/questionnaireresponse.html#link
 */
import type { Issue } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import { finding } from '../finding.ts';
import { createHint } from '../hint.ts';
import { at, rootPlace } from '../place.ts';
import { type Language, say, translate } from '../say.ts';
import { textOf } from './answer-value.ts';
import type { CompiledQuestionnaire } from './compiled-item.ts';
import type { Judgement } from './judgement.ts';
import { validateItems } from './validate-items.ts';

/** Statuses whose answers are complete: only they must have every required answer. */
const COMPLETE = new Set(['completed', 'amended']);

/** Findings about a response, by its compiled Questionnaire. */
export function validateAgainst(
  questionnaire: CompiledQuestionnaire,
  response: Resource,
  language: Language = 'en',
): readonly Issue[] {
  const issues = judge(questionnaire, response);
  return language === 'en' ? issues : issues.map((issue) => translate(issue, language));
}

function judge(questionnaire: CompiledQuestionnaire, response: Resource): readonly Issue[] {
  const issues: Issue[] = [];
  const place = rootPlace(response.resourceType);
  if (response.resourceType !== 'QuestionnaireResponse') {
    const text = say`A ${response.resourceType} cannot answer a questionnaire; a QuestionnaireResponse can.`;
    return [finding('structure', 'resource-type', place, text)];
  }
  checkCanonical(questionnaire, response, issues);
  const authored = textOf(response['authored']);
  for (const warning of questionnaire.warnings) {
    const issue = warning(authored, place);
    if (issue) issues.push(issue);
  }
  const judgement: Judgement = {
    questionnaire,
    response,
    complete: COMPLETE.has(textOf(response['status']) ?? ''),
    report: (issue) => issues.push(issue),
    hint: createHint(),
    validateItems,
  };
  validateItems(
    questionnaire.items,
    { parent: undefined, item: undefined, element: response },
    place,
    judgement,
  );
  if (judgement.complete) {
    for (const check of questionnaire.constraints) check(response, place, response, judgement.report);
  }
  return issues;
}

/** The response must name the Questionnaire it is judged by; another version of it is only worth a warning. */
function checkCanonical(questionnaire: CompiledQuestionnaire, response: Resource, issues: Issue[]): void {
  const canonical = textOf(response['questionnaire']);
  if (canonical === undefined || canonical.startsWith('#') || questionnaire.url === undefined) return;
  const [url, version] = canonical.split('|');
  const place = at(rootPlace('QuestionnaireResponse'), 'questionnaire');
  if (url !== questionnaire.url) {
    const text = say`The response names another questionnaire than the one it was checked by, '${questionnaire.url}'.`;
    issues.push(finding('invalid', 'questionnaire-status', place, text));
  } else if (version && questionnaire.version !== undefined && version !== questionnaire.version) {
    const text = say`The response names version ${version}; it was checked by version ${questionnaire.version}.`;
    issues.push(finding('business-rule', 'questionnaire-status', place, text, 'warning'));
  }
}
