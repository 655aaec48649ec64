import { join } from 'node:path';
import express, { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import { readFrame } from './citizen-request.ts';
import { createConsole } from './console/console-routes.ts';
import { explainError, sendFailure } from './failure-page.ts';
import { showQuestionnaire, takeAnswers } from './form/questionnaire-routes.ts';
import { renderLanding } from './landing-page.ts';
import { STYLE_PATH } from './layout.ts';
import { completeOwnTask, showMyPage } from './my-routes.ts';
import { toPageError } from './page-error.ts';
import { sendPage } from './respond.ts';
import { textsOf } from './texts/texts.ts';
import type { WebOptions } from './types.ts';

const STYLE_FILE = join(import.meta.dirname, 'assets', 'silta.css');

/**
 * The gateway's pages: `/`, `/my…` for citizens in Finnish, Swedish and English, `/console…` for engineers. They are
 * plain HTML without scripts, and write through the same pipeline as the FHIR API. Mount the router at the root.
 *
 * @see https://www.w3.org/TR/WCAG22/
 */
export function createWeb(options: WebOptions): Router {
  const router = Router();
  const form = express.urlencoded({ extended: false, limit: '256kb', parameterLimit: 2_000 });
  router.get(STYLE_PATH, (_request, response) => {
    response.set('X-Content-Type-Options', 'nosniff');
    response.sendFile(STYLE_FILE, { maxAge: '1h' });
  });
  router.get('/', showLanding(options));
  router.get('/my', leadToSignIn(options), showMyPage(options));
  router.post('/my/tasks/:id/complete', form, completeOwnTask(options));
  router.get('/my/questionnaires/:id', leadToSignIn(options), showQuestionnaire(options));
  router.post('/my/questionnaires/:id', form, takeAnswers(options));
  router.use('/my', reportFailure(options));
  router.use('/console', createConsole(options, form));
  router.get('/{*path}', showNotFound(options));
  return router;
}

function showLanding(options: WebOptions): RequestHandler {
  return async (request, response) => {
    const frame = await readFrame(options, request, response);
    const isCancelled = !frame.signedIn && request.query['signin'] === 'cancelled';
    sendPage(response, 200, renderLanding(frame, options.signInPath('/my', frame.language), isCancelled));
  };
}

/** A page that is opened without a session leads through sign-in back to itself. */
function leadToSignIn(options: WebOptions): RequestHandler<{ id: string }> {
  return async (request, response, next) => {
    if (await options.session(request)) {
      next();
      return;
    }
    if (request.query['signin'] === 'cancelled') {
      // Whoever has just turned back from signing in is not sent there again.
      response.redirect(303, '/?signin=cancelled');
      return;
    }
    const { language } = await readFrame(options, request, response);
    response.set('Cache-Control', 'no-store').redirect(303, options.signInPath(request.path, language));
  };
}

/** A browser at an address that is nowhere gets a page. Whoever does not ask for HTML gets the API's answer. */
function showNotFound(options: WebOptions): RequestHandler {
  return async (request, response, next) => {
    if (request.accepts(['json', 'html']) !== 'html') {
      next();
      return;
    }
    const frame = { ...(await readFrame(options, request, response)), path: '/' };
    const { failure, home } = textsOf(frame.language);
    sendFailure(response, 404, frame, failure.notFound, { path: '/', label: home });
  };
}

/** The one place where an error of a citizen's page becomes a page. */
function reportFailure(options: WebOptions): ErrorRequestHandler {
  return async (error, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const known = toPageError(error);
    if (known.status >= 500) options.logger.error({ err: error }, 'a page failed');
    const frame = { ...(await readFrame(options, request, response)), path: '/my' };
    const texts = textsOf(frame.language);
    const way =
      known.status === 401
        ? { path: options.signInPath('/my', frame.language), label: texts.signIn }
        : undefined;
    sendFailure(response, known.status, frame, explainError(known, texts), way);
  };
}
