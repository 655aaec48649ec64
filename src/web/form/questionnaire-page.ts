import type { Questionnaire } from 'fhir/r4';
import { type Html, html } from '../html.ts';
import { localize, show } from '../language.ts';
import { type Frame, layOut } from '../layout.ts';
import { type ProblemKind, textsOf } from '../texts/texts.ts';
import type { Question } from './questions.ts';
import type { Fields } from './read-answers.ts';
import { controlId, renderQuestions } from './render-questions.ts';

export interface QuestionnairePage {
  readonly frame: Frame & { readonly signedIn: NonNullable<Frame['signedIn']> };
  readonly questionnaire: Questionnaire;
  readonly questions: readonly Question[];
  readonly fields: Fields;
  readonly problems: ReadonlyMap<string, ProblemKind>;
  /** Why the answers as a whole were not taken. */
  readonly failure?: string | undefined;
}

/** A questionnaire as a form; after an error with what is wrong first, and with the answers kept. */
export function renderQuestionnaire(page: QuestionnairePage): Html {
  const { frame, questionnaire, questions, problems, fields } = page;
  const { language } = frame;
  const texts = textsOf(language);
  const base = questionnaire.language ?? 'fi';
  const title = localize(questionnaire, 'title', language, base);
  const description = localize(questionnaire, 'description', language, base);
  const copyright = localize(questionnaire, 'copyright', language, base);
  const isWrong = problems.size > 0 || page.failure !== undefined;
  const plainTitle = title?.text ?? texts.my.unnamedAnswer;
  return layOut(
    frame,
    isWrong ? `${texts.form.errorPrefix}: ${plainTitle}` : plainTitle,
    html`${renderSummary(page)}
<h1>${title ? show(title, language) : plainTitle}</h1>
${description ? html`<p class="lead">${show(description, language)}</p>` : ''}
<p>${texts.form.requiredHint}</p>
<form method="post" action="${frame.path}" novalidate>
<input type="hidden" name="csrf" value="${frame.signedIn.csrfToken}">
${renderQuestions(questions, { language, base, fields, problems })}
<p class="actions"><button type="submit">${texts.form.send}</button> <a href="/my">${texts.form.cancel}</a></p>
</form>
${copyright ? html`<p class="hint">${show(copyright, language)}</p>` : ''}`,
  );
}

/** What is to be corrected, with a link to each place; it takes the focus when the page opens. */
function renderSummary({ frame, questions, problems, failure, questionnaire }: QuestionnairePage): Html {
  if (problems.size === 0 && failure === undefined) return html``;
  const { language } = frame;
  const { form } = textsOf(language);
  const links = [...problems].map(([linkId, kind]) => {
    const question = findQuestion(questions, linkId);
    if (!question) return html`<li>${form.problems[kind]}</li>`;
    const text = localize(question.item, 'text', language, questionnaire.language);
    return html`<li><a href="#${controlId(question)}">${show(text, language)}</a>: ${form.problems[kind]}</li>`;
  });
  return html`<div class="summary" role="alert" tabindex="-1" autofocus aria-labelledby="summary-title">
<h2 id="summary-title">${failure ?? form.errorTitle(problems.size)}</h2>
${links.length > 0 ? html`<ul>${links}</ul>` : ''}
</div>`;
}

function findQuestion(questions: readonly Question[], linkId: string): Question | undefined {
  for (const question of questions) {
    const found = question.item.linkId === linkId ? question : findQuestion(question.children, linkId);
    if (found) return found;
  }
  return undefined;
}
