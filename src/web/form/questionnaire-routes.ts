/** `/my/questionnaires/:id`: fills in the questionnaire that a Task asks for. */

import type { Request, RequestHandler, Response } from 'express';
import type { Questionnaire, Task } from 'fhir/r4';
import { asSiltaError, SiltaError } from '../../outcome.ts';
import { readOwnTask } from '../citizen-data.ts';
import { type CitizenRequest, readCitizenRequest } from '../citizen-request.ts';
import { checkCsrfToken } from '../csrf.ts';
import { sendFailure } from '../failure-page.ts';
import { sendPage } from '../respond.ts';
import { isOpen, questionnaireOf } from '../task-facts.ts';
import { textsOf } from '../texts/texts.ts';
import type { WebOptions } from '../types.ts';
import { beginResponse, buildSubmission } from './build-submission.ts';
import { judgeAnswers } from './judge-answers.ts';
import { renderQuestionnaire } from './questionnaire-page.ts';
import { type Question, readQuestions } from './questions.ts';
import { readFields } from './read-answers.ts';

/** A Task that can be answered now, with what it asks. */
interface Assignment {
  readonly task: Task & { readonly id: string };
  readonly versionId: number;
  readonly questionnaire: Questionnaire;
  readonly questions: readonly Question[];
}

export function showQuestionnaire(options: WebOptions): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const citizen = await readCitizenRequest(options, request, response);
    const assignment = await readAssignment(options, citizen, request, response);
    if (!assignment) return;
    const { questionnaire, questions } = assignment;
    const page = { frame: citizen.frame, questionnaire, questions, fields: {}, problems: new Map() };
    sendPage(response, 200, renderQuestionnaire(page));
  };
}

/** Takes the answers: judged first, then written with the completed Task; what is wrong is shown in the form. */
export function takeAnswers(options: WebOptions): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const citizen = await readCitizenRequest(options, request, response);
    const { session, frame } = citizen;
    checkCsrfToken(session.csrfToken, (request.body as { csrf?: unknown } | undefined)?.csrf);
    const assignment = await readAssignment(options, citizen, request, response);
    if (!assignment) return;
    const { questionnaire, questions, task, versionId } = assignment;
    const fields = readFields(request.body);
    const head = beginResponse({
      questionnaire,
      task,
      patientId: session.principal.patientId,
      author: session.principal.actsAs ?? `Patient/${session.principal.patientId}`,
      language: frame.language,
      now: options.clock(),
    });
    const judged = judgeAnswers(options.validateResponse, questionnaire, head, questions, fields);
    const page = { frame, questionnaire, questions, fields, problems: judged.problems };
    if (judged.problems.size > 0) {
      sendPage(response, 422, renderQuestionnaire(page));
      return;
    }
    const bundle = buildSubmission(head, judged.items, { task, versionId }, options.uuid());
    const refused = await transact(options, citizen, bundle);
    if (!refused) {
      response.redirect(303, '/my?done=answers');
      return;
    }
    const { form } = textsOf(frame.language);
    const failure = refused.code === 'precondition-failed' ? form.changedMeanwhile : form.notSaved;
    sendPage(response, refused.status, renderQuestionnaire({ ...page, failure }));
  };
}

/** Writes; a refusal is returned, because the page with the answers must not be lost over it. */
async function transact(
  options: WebOptions,
  { session, requestId }: CitizenRequest,
  bundle: ReturnType<typeof buildSubmission>,
): Promise<SiltaError | undefined> {
  try {
    await options.transact(session.principal, bundle, requestId);
    return undefined;
  } catch (error) {
    const refused = asSiltaError(error);
    const detail = { requestId, code: refused.code, keys: refused.issues.map(({ key }) => key) };
    if (refused.status >= 500) options.logger.error({ ...detail, err: error }, 'answers could not be saved');
    else options.logger.warn(detail, 'answers were refused');
    return refused;
  }
}

/** Reads what is to be answered; when it cannot be answered here, says so to the citizen and returns nothing. */
async function readAssignment(
  options: WebOptions,
  { session, frame, requestId }: CitizenRequest,
  request: Request<{ id: string }>,
  response: Response,
): Promise<Assignment | undefined> {
  const { task, versionId } = await readOwnTask(options, session, requestId, request.params.id);
  const canonical = questionnaireOf(task);
  const questionnaire = canonical === undefined ? undefined : await options.questionnaire(canonical);
  if (!questionnaire)
    throw new SiltaError('not-found', 'The Task asks for no questionnaire that is known here.');
  const { form } = textsOf(frame.language);
  if (!isOpen(task)) {
    sendFailure(response, 409, frame, form.alreadyDone);
    return undefined;
  }
  const questions = readQuestions(questionnaire);
  if (!questions) {
    sendFailure(response, 422, frame, form.notFillable);
    return undefined;
  }
  return { task, versionId, questionnaire, questions };
}
