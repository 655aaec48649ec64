/** `/console`: deliveries by system and state, dead letters with what to fix, and a button to try again. */
import { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import { SiltaError } from '../../outcome.ts';
import { checkCsrfToken } from '../csrf.ts';
import { toPageError } from '../page-error.ts';
import { sendPage } from '../respond.ts';
import type { WebOptions } from '../types.ts';
import {
  renderConsoleFailure,
  renderConsoleSignIn,
  renderDeliveries,
  STATES,
  type State,
} from './console-pages.ts';
import { endConsoleSession, readConsoleSession, startConsoleSession } from './console-session.ts';

type Body = Readonly<Record<string, unknown>> | undefined;

/**
 * The console's routes, below `/console`.
 * @param form - parses the bodies of forms
 */
export function createConsole(options: WebOptions, form: RequestHandler): Router {
  const router = Router();
  router.use(form);
  router.get('/', showDeliveries(options));
  router.post('/sign-in', signIn(options));
  router.post('/sign-out', signOut(options));
  router.post('/deliveries/:id/retry', retryDelivery(options));
  router.use(reportFailure(options));
  return router;
}

function showDeliveries(options: WebOptions): RequestHandler {
  return async (request, response) => {
    const session = await readConsoleSession(options, request);
    if (!session) {
      sendPage(response, 401, renderConsoleSignIn(undefined));
      return;
    }
    const state = readState(request.query['state']);
    const { system, before } = request.query;
    const filter = {
      state,
      limit: 50,
      ...(typeof system === 'string' && system !== '' && { system }),
      ...(typeof before === 'string' && /^\d{1,15}$/.test(before) && { before: Number(before) }),
    };
    const [stats, list] = await Promise.all([
      options.operations.stats(),
      options.operations.listDeliveries(filter),
    ]);
    const page = {
      session,
      stats,
      state,
      system: filter.system,
      deliveries: list.deliveries,
      next: list.next,
      notice: request.query['done'] === 'retry' ? 'The delivery is due now.' : undefined,
    };
    sendPage(response, 200, renderDeliveries(page));
  };
}

function readState(value: unknown): State {
  return STATES.find((state) => state === value) ?? 'dead';
}

function signIn(options: WebOptions): RequestHandler {
  return async (request, response) => {
    const token = (request.body as Body)?.['token'];
    const text = typeof token === 'string' ? token.trim() : '';
    // Only what a bearer token may consist of goes into a cookie: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    const isToken = /^[A-Za-z0-9._~+/=-]{1,3500}$/.test(text);
    if (!isToken || !(await options.operator(text))) {
      options.logger.warn({}, 'a console sign-in was refused');
      sendPage(response, 401, renderConsoleSignIn('This is not a valid access token of an operator.'));
      return;
    }
    startConsoleSession(options, response, text);
    response.redirect(303, '/console');
  };
}

function signOut(options: WebOptions): RequestHandler {
  return async (request, response) => {
    const session = await readConsoleSession(options, request);
    if (session) checkCsrfToken(session.csrfToken, (request.body as Body)?.['csrf']);
    endConsoleSession(options, response);
    response.redirect(303, '/console');
  };
}

function retryDelivery(options: WebOptions): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const session = await readConsoleSession(options, request);
    if (!session) throw new SiltaError('unauthenticated', 'Your session has ended. Sign in again.');
    checkCsrfToken(session.csrfToken, (request.body as Body)?.['csrf']);
    if (!session.mayRetry)
      throw new SiltaError('forbidden', 'This client may look at deliveries, not retry them.');
    const { id } = request.params;
    await options.operations.retryDelivery(id);
    options.logger.info({ delivery: id, by: session.principal.who }, 'delivery retried from the console');
    response.redirect(303, '/console?done=retry');
  };
}

function reportFailure(options: WebOptions): ErrorRequestHandler {
  return async (error, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const known = toPageError(error);
    if (known.status >= 500) options.logger.error({ err: error }, 'a console page failed');
    if (known.status === 401) {
      sendPage(response, 401, renderConsoleSignIn(known.message));
      return;
    }
    const session = await readConsoleSession(options, request);
    sendPage(response, known.status, renderConsoleFailure(session, known.message));
  };
}
