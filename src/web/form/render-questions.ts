/**
 * Questions as an accessible HTML form that works without scripts.
 * @see https://www.w3.org/WAI/tutorials/forms/
 */
import type { QuestionnaireItemAnswerOption } from 'fhir/r4';
import { type Html, html } from '../html.ts';
import { localize, show } from '../language.ts';
import { type Language, type ProblemKind, type Texts, textsOf } from '../texts/texts.ts';
import type { Question } from './questions.ts';
import type { Fields } from './read-answers.ts';

export interface FormContext {
  readonly language: Language;
  /** Language of the Questionnaire's own texts. */
  readonly base: string;
  readonly fields: Fields;
  readonly problems: ReadonlyMap<string, ProblemKind>;
}

/** HTML id of the control that the link of an error leads to. */
export function controlId(question: Question): string {
  return hasOptions(question) ? `${question.id}-0` : question.id;
}

/** The questions below one heading. `level` is the level of the headings of groups, 2 to 6. */
export function renderQuestions(
  questions: readonly Question[],
  context: FormContext,
  level = 2,
): readonly Html[] {
  return questions.map((question) => renderQuestion(question, context, level));
}

function renderQuestion(question: Question, context: FormContext, level: number): Html {
  const children = renderQuestions(question.children, context, Math.min(level + 1, 6));
  if (question.item.type === 'display')
    return html`<p class="note">${textOf(question, context)}</p>${children}`;
  if (question.item.type === 'group') return renderGroup(question, context, level, children);
  const control = hasOptions(question) ? renderOptions(question, context) : renderField(question, context);
  return html`${control}${children}`;
}

function hasOptions({ item }: Question): boolean {
  return item.type === 'choice' || item.type === 'boolean';
}

function textOf({ item }: Question, { language, base }: FormContext): Html {
  return html`${item.prefix ? `${item.prefix} ` : ''}${show(localize(item, 'text', language, base), language)}`;
}

function renderGroup(
  question: Question,
  context: FormContext,
  level: number,
  children: readonly Html[],
): Html {
  const { id } = question;
  const title = textOf(question, context);
  const headings: Readonly<Record<number, Html>> = {
    2: html`<h2 id="${id}-title">${title}</h2>`,
    3: html`<h3 id="${id}-title">${title}</h3>`,
    4: html`<h4 id="${id}-title">${title}</h4>`,
    5: html`<h5 id="${id}-title">${title}</h5>`,
    6: html`<h6 id="${id}-title">${title}</h6>`,
  };
  return html`<section id="${id}" tabindex="-1" aria-labelledby="${id}-title">
${headings[level]}
${renderProblem(question, context)}
${children}
</section>`;
}

function renderRequired({ item }: Question, texts: Texts): Html {
  return item.required ? html` <span class="required">(${texts.form.required})</span>` : html``;
}

function renderProblem(question: Question, { language, problems }: FormContext): Html {
  const kind = problems.get(question.item.linkId);
  if (!kind) return html``;
  const { form } = textsOf(language);
  return html`<p class="problem" id="${question.id}-problem"><strong>${form.errorPrefix}:</strong> ${
    form.problems[kind]
  }</p>`;
}

function hintOf({ item }: Question, texts: Texts): string {
  const hints = [
    item.enableWhen?.length ? texts.form.onlyIfConcerns : '',
    item.type === 'choice' && item.repeats ? texts.form.chooseSeveral : '',
    item.type === 'date' ? texts.form.dateHint : '',
    item.maxLength === undefined ? '' : texts.form.atMostCharacters(item.maxLength),
  ];
  return hints.filter((hint) => hint !== '').join(' ');
}

/** Attributes that tie a control or a group of them to its hint and its error. */
function describe(question: Question, context: FormContext): Html {
  const hasHint = hintOf(question, textsOf(context.language)) !== '';
  const hasProblem = context.problems.has(question.item.linkId);
  const ids = [
    ...(hasHint ? [`${question.id}-hint`] : []),
    ...(hasProblem ? [`${question.id}-problem`] : []),
  ];
  return html`${ids.length > 0 ? html` aria-describedby="${ids.join(' ')}"` : ''}${
    hasProblem ? html` aria-invalid="true"` : ''
  }`;
}

function renderHint(question: Question, texts: Texts): Html {
  const hint = hintOf(question, texts);
  return hint === '' ? html`` : html`<p class="hint" id="${question.id}-hint">${hint}</p>`;
}

function renderOptions(question: Question, context: FormContext): Html {
  const texts = textsOf(context.language);
  const { item, id } = question;
  const isSeveral = item.type === 'choice' && item.repeats === true;
  // A radiogroup may say that it is required and in error, a plain group may not: https://www.w3.org/TR/wai-aria-1.2/
  const role = isSeveral
    ? html``
    : html` role="radiogroup"${item.required ? html` aria-required="true"` : ''}`;
  const description = isSeveral ? describeSeveral(question, context) : describe(question, context);
  return html`<fieldset id="${id}-group"${role}${description}>
<legend>${textOf(question, context)}${renderRequired(question, texts)}</legend>
${renderHint(question, texts)}
${renderProblem(question, context)}
${optionsOf(question, context).map(({ value, label }, index) => renderOption(question, context, { value, label, index, isSeveral }))}
</fieldset>`;
}

function describeSeveral(question: Question, context: FormContext): Html {
  const problems = new Map<string, ProblemKind>();
  const hasProblem = context.problems.has(question.item.linkId);
  const plain = describe(question, { ...context, problems });
  return hasProblem ? html` aria-describedby="${question.id}-hint ${question.id}-problem"` : plain;
}

interface Option {
  readonly value: string;
  readonly label: Html;
}

function optionsOf({ item }: Question, context: FormContext): readonly Option[] {
  if (item.type === 'boolean') {
    const { form } = textsOf(context.language);
    return [
      { value: 'true', label: html`${form.yes}` },
      { value: 'false', label: html`${form.no}` },
    ];
  }
  return (item.answerOption ?? []).map((option, index) => ({
    value: String(index),
    label: labelOf(option, context),
  }));
}

function labelOf(option: QuestionnaireItemAnswerOption, { language, base }: FormContext): Html {
  const { valueCoding, valueInteger, valueDate } = option;
  const localized =
    localize(valueCoding, 'display', language, base) ?? localize(option, 'valueString', language, base);
  if (localized) return show(localized, language);
  return html`${valueCoding?.code ?? valueInteger ?? valueDate ?? ''}`;
}

function renderOption(
  question: Question,
  { fields }: FormContext,
  option: Option & { readonly index: number; readonly isSeveral: boolean },
): Html {
  const { id, field } = question;
  const isChosen = (fields[field] ?? []).includes(option.value);
  return html`<div class="option">
<input type="${option.isSeveral ? 'checkbox' : 'radio'}" id="${id}-${option.index}" name="${field}" value="${
    option.value
  }"${isChosen ? html` checked` : ''}>
<label for="${id}-${option.index}">${option.label}</label>
</div>`;
}

function renderField(question: Question, context: FormContext): Html {
  const texts = textsOf(context.language);
  const { item, id, field } = question;
  const given = context.fields[field]?.[0] ?? '';
  const attributes = html`id="${id}" name="${field}"${describe(question, context)}${
    item.required ? html` required` : ''
  }${item.maxLength === undefined ? '' : html` maxlength="${item.maxLength}"`}`;
  const control =
    item.type === 'text'
      ? html`<textarea ${attributes} rows="5">${given}</textarea>`
      : html`<input ${inputType(item.type)} ${attributes} value="${given}">`;
  return html`<div class="field">
<label for="${id}">${textOf(question, context)}${renderRequired(question, texts)}</label>
${renderHint(question, texts)}
${renderProblem(question, context)}
${control}
</div>`;
}

function inputType(type: string): Html {
  if (type === 'date') return html`type="date"`;
  if (type === 'integer') return html`type="text" inputmode="numeric"`;
  if (type === 'decimal') return html`type="text" inputmode="decimal"`;
  return html`type="text"`;
}
