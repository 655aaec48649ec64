/** The citizen's own page: what is to be done, plans, and what was answered. */
import type { CarePlan, QuestionnaireResponse, QuestionnaireResponseItem, Task } from 'fhir/r4';
import type { CitizenData } from './citizen-data.ts';
import { type Html, html } from './html.ts';
import { type Localized, localize, show } from './language.ts';
import { type Frame, layOut } from './layout.ts';
import { isContact, isMarkable, isOpen, questionnaireOf } from './task-facts.ts';
import { type Language, textsOf } from './texts/texts.ts';

const ZONE = 'Europe/Helsinki';

export interface MyPage {
  readonly frame: Frame & { readonly signedIn: NonNullable<Frame['signedIn']> };
  readonly data: CitizenData;
  readonly patientId: string;
  /** Titles of the questionnaires that were answered, by canonical. */
  readonly titleOf: (canonical: string) => Html | undefined;
  readonly now: Date;
  /** What has just been done, to be confirmed. */
  readonly done?: 'answers' | 'task' | undefined;
  /** Whether the citizen came back from choosing whom to act for without having chosen anybody. */
  readonly choseNobody: boolean;
}

export function renderMyPage(page: MyPage): Html {
  const texts = textsOf(page.frame.language);
  const { tasks } = page.data;
  const own = tasks.filter((task) => !isContact(task));
  const confirmation = page.done === 'answers' ? texts.my.saved : texts.my.savedTaskDone;
  return layOut(
    page.frame,
    texts.my.title,
    html`<h1>${texts.my.title}</h1>
${page.done ? html`<p class="done" role="status">${confirmation}</p>` : ''}
${page.choseNobody ? html`<p role="status">${texts.mandates.notChosen}</p>` : ''}
${renderToDo(page, own.filter(isOpen))}
${renderContacts(page, tasks.filter(isContact))}
${renderPlans(page)}
${renderAnswers(page)}
${renderClosed(
  page,
  own.filter((task) => !isOpen(task)),
)}`,
  );
}

function section(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}

function renderToDo(page: MyPage, tasks: readonly Task[]): Html {
  const texts = textsOf(page.frame.language).my;
  const content =
    tasks.length === 0
      ? html`<p>${texts.nothingToDo}</p>`
      : html`<ul class="cards">${tasks.map((task) => renderTask(page, task))}</ul>`;
  return section('to-do', texts.toDo, content);
}

function renderContacts(page: MyPage, tasks: readonly Task[]): Html {
  const texts = textsOf(page.frame.language).my;
  if (tasks.length === 0) return html``;
  // The description of a contact is the professional's instruction, so the citizen sees its name and state only.
  const cards = tasks.map(
    (task) => html`<li class="card"><h3>${titleOf(page, task)}</h3>${renderStatus(page, task)}</li>`,
  );
  return section(
    'contacts',
    texts.contacts,
    html`<p>${texts.contactsLead}</p><ul class="cards">${cards}</ul>`,
  );
}

function renderClosed(page: MyPage, tasks: readonly Task[]): Html {
  const texts = textsOf(page.frame.language).my;
  if (tasks.length === 0) return html``;
  const cards = tasks.map(
    (task) => html`<li class="card"><h3>${titleOf(page, task)}</h3>${renderStatus(page, task)}</li>`,
  );
  return section('closed', texts.done, html`<ul class="cards">${cards}</ul>`);
}

function localTitle({ frame: { language } }: MyPage, task: Task): Localized | undefined {
  const coding = task.code?.coding?.[0];
  return (
    localize(task.code, 'text', language, task.language) ??
    localize(coding, 'display', language, task.language) ??
    localize(task, 'description', language, task.language)
  );
}

function titleOf(page: MyPage, task: Task): Html {
  const { language } = page.frame;
  const title = localTitle(page, task);
  return title ? show(title, language) : html`${textsOf(language).my.unnamedTask}`;
}

function renderTask(page: MyPage, task: Task): Html {
  const { language } = page.frame;
  const description = localize(task, 'description', language, task.language);
  const saysMore = description !== undefined && description.text !== localTitle(page, task)?.text;
  return html`<li class="card">
<h3>${titleOf(page, task)}</h3>
${saysMore ? html`<p>${show(description, language)}</p>` : ''}
${renderStatus(page, task)}
${renderDue(page, task)}
${renderAction(page, task)}
</li>`;
}

function renderStatus({ frame: { language } }: MyPage, task: Task): Html {
  const texts = textsOf(language);
  return html`<p>${texts.my.status}: ${texts.taskStatus[task.status]}</p>`;
}

function renderDue(page: MyPage, task: Task): Html {
  const end = task.restriction?.period?.end;
  if (end === undefined) return html``;
  const { language } = page.frame;
  const texts = textsOf(language).my;
  const date = formatDate(end, language);
  // A date is a whole day in Finland, wherever the gateway runs.
  const isLate = end.length === 10 ? end < dayInFinland(page.now) : new Date(end) < page.now;
  return html`<p${isLate ? html` class="late"` : ''}>${isLate ? texts.overdue(date) : texts.due(date)}</p>`;
}

function renderAction(page: MyPage, task: Task): Html {
  const texts = textsOf(page.frame.language).my;
  const id = encodeURIComponent(task.id ?? '');
  const title = localTitle(page, task)?.text ?? texts.unnamedTask;
  if (questionnaireOf(task) !== undefined) {
    return html`<p><a class="button" href="/my/questionnaires/${id}">${texts.fillIn(title)}</a></p>`;
  }
  if (!isMarkable(task, page.patientId)) return html``;
  return html`<form method="post" action="/my/tasks/${id}/complete">
<input type="hidden" name="csrf" value="${page.frame.signedIn.csrfToken}">
<button type="submit">${texts.markDone(title)}</button>
</form>`;
}

function renderPlans(page: MyPage): Html {
  const texts = textsOf(page.frame.language).my;
  const { plans } = page.data;
  const content =
    plans.length === 0
      ? html`<p>${texts.noPlans}</p>`
      : html`<ul class="cards">${plans.map((plan) => renderPlan(page, plan))}</ul>`;
  return section('plans', texts.plans, content);
}

function renderPlan(page: MyPage, plan: CarePlan): Html {
  const { language } = page.frame;
  const texts = textsOf(language);
  const title = localize(plan, 'title', language, plan.language);
  const description = localize(plan, 'description', language, plan.language);
  const tasks = page.data.tasks.filter((task) =>
    (task.basedOn ?? []).some(({ reference }) => reference === `CarePlan/${plan.id ?? ''}`),
  );
  const done = tasks.filter(({ status }) => status === 'completed').length;
  return html`<li class="card">
<h3>${title ? show(title, language) : texts.my.unnamedPlan}</h3>
${description ? html`<p>${show(description, language)}</p>` : ''}
<p>${texts.my.status}: ${texts.planStatus[plan.status]}</p>
${tasks.length > 0 ? html`<p>${texts.my.progress(done, tasks.length)}</p>` : ''}
</li>`;
}

function renderAnswers(page: MyPage): Html {
  const texts = textsOf(page.frame.language).my;
  const { responses } = page.data;
  if (responses.length === 0) return section('answers', texts.answers, html`<p>${texts.noAnswers}</p>`);
  return section(
    'answers',
    texts.answers,
    html`<div class="scroll"><table>
<thead><tr><th scope="col">${texts.questionnaire}</th><th scope="col">${texts.answeredOn}</th><th scope="col">${
      texts.score
    }</th></tr></thead>
<tbody>${responses.map((response) => renderResponse(page, response))}</tbody>
</table></div>`,
  );
}

function renderResponse(page: MyPage, response: QuestionnaireResponse): Html {
  const { language } = page.frame;
  const texts = textsOf(language).my;
  const title = response.questionnaire === undefined ? undefined : page.titleOf(response.questionnaire);
  return html`<tr>
<th scope="row">${title ?? texts.unnamedAnswer}</th>
<td>${response.authored === undefined ? '' : formatDate(response.authored, language)}</td>
<td>${findScore(response.item) ?? texts.noScore}</td>
</tr>`;
}

function findScore(items: readonly QuestionnaireResponseItem[] = []): number | undefined {
  const total = items.find(({ linkId }) => linkId === 'total');
  return total?.answer?.[0]?.valueInteger;
}

/** Calendar day of an instant, `2026-03-14`. */
function dayInFinland(instant: Date): string {
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone: ZONE }).format(instant);
}

/** A date as people in Finland read it. A date without a time stays that day; a year or a month stays as it is. */
function formatDate(value: string, language: Language): string {
  if (value.length < 10) return value;
  const timeZone = value.length === 10 ? 'UTC' : ZONE;
  const format = new Intl.DateTimeFormat(textsOf(language).locale, { dateStyle: 'long', timeZone });
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : format.format(date);
}
