/** `/my`: the citizen's own page, and marking a Task as done. */
import type { Request, RequestHandler } from 'express';
import { SiltaError } from '../outcome.ts';
import { readCitizenData, readOwnTask } from './citizen-data.ts';
import { readCitizenRequest } from './citizen-request.ts';
import { checkCsrfToken } from './csrf.ts';
import { buildCompletion } from './form/build-submission.ts';
import type { Html } from './html.ts';
import { localize, show } from './language.ts';
import { renderMyPage } from './my-page.ts';
import { sendPage } from './respond.ts';
import { isMarkable } from './task-facts.ts';
import type { Language } from './texts/texts.ts';
import type { WebOptions } from './types.ts';

/** Shows the page; somebody who is not signed in is led to sign-in and back. */
export function showMyPage(options: WebOptions): RequestHandler {
  return async (request, response) => {
    const citizen = await readCitizenRequest(options, request, response);
    const { session, frame, requestId } = citizen;
    const data = await readCitizenData(options, session, requestId);
    const canonicals = new Set(data.responses.flatMap(({ questionnaire }) => questionnaire ?? []));
    const titles = await readTitles(options, canonicals, frame.language);
    const page = renderMyPage({
      frame,
      data,
      patientId: session.principal.patientId,
      titleOf: (canonical) => titles.get(canonical),
      now: options.clock(),
      done: readDone(request),
      choseNobody: request.query['mandate'] !== undefined,
    });
    sendPage(response, 200, page);
  };
}

function readDone(request: Request): 'answers' | 'task' | undefined {
  const { done } = request.query;
  return done === 'answers' || done === 'task' ? done : undefined;
}

async function readTitles(
  options: WebOptions,
  canonicals: ReadonlySet<string>,
  language: Language,
): Promise<ReadonlyMap<string, Html>> {
  const titles = new Map<string, Html>();
  for (const canonical of canonicals) {
    const questionnaire = await options.questionnaire(canonical);
    const title = localize(questionnaire, 'title', language, questionnaire?.language);
    if (title) titles.set(canonical, show(title, language));
  }
  return titles;
}

/** Marks a Task as done that needs no answer, such as a self-care exercise. */
export function completeOwnTask(options: WebOptions): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { session, requestId } = await readCitizenRequest(options, request, response);
    checkCsrfToken(session.csrfToken, (request.body as { csrf?: unknown } | undefined)?.csrf);
    const { task, versionId } = await readOwnTask(options, session, requestId, request.params.id);
    if (!isMarkable(task, session.principal.patientId)) {
      throw new SiltaError('conflict', 'This Task is not open to be marked as done by the citizen.', {
        expression: ['Task.status'],
      });
    }
    await options.transact(session.principal, buildCompletion(task, versionId), requestId);
    response.redirect(303, '/my?done=task');
  };
}
