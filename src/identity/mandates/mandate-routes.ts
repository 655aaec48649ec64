/** `/identity/mandates/…`: choosing whom to act for, coming back, and acting for oneself again. */
import express, { type Request, type Response, Router } from 'express';
import { asSiltaError, SiltaError } from '../../outcome.ts';
import { checkLocalPath } from '../local-path.ts';
import { keyOf, sendFailure } from '../pages.ts';
import type { Logger, WebSession } from '../types.ts';
import { isSameSecret, toLocale, type WebSessions } from '../web-sessions.ts';
import type { DelegateSession, Mandates } from './mandates.ts';

export interface MandateRouteParts {
  readonly mandates: Mandates;
  readonly sessions: WebSessions;
  readonly logger: Logger;
}

interface Signed {
  readonly session: WebSession;
  readonly delegate: DelegateSession;
}

/** Serves `POST /identity/mandates/start`, `GET …/callback` and `POST …/end`. */
export function createMandateRoutes(parts: MandateRouteParts): Router {
  const router = Router();
  const form = express.urlencoded({ extended: false, limit: '4kb' });
  const guarded =
    (handle: (request: Request, signed: Signed) => Promise<string>) =>
    async (request: Request, response: Response): Promise<void> => {
      try {
        const address = await handle(request, await requireSession(parts, request));
        response
          .set('Cache-Control', 'no-store')
          .set('Referrer-Policy', 'no-referrer')
          .redirect(303, address);
      } catch (thrown) {
        fail(parts, request, response, asSiltaError(thrown));
      }
    };
  router.post(
    '/identity/mandates/start',
    form,
    guarded(async (request, { session, delegate }) => {
      const returnPath = checkForm(request, session);
      return (await parts.mandates.begin(delegate, { returnPath, locale: session.locale })).href;
    }),
  );
  router.get(
    '/identity/mandates/callback',
    guarded((request, { delegate }) =>
      parts.mandates.finish(delegate, { state: request.query['state'], code: request.query['code'] }),
    ),
  );
  router.post(
    '/identity/mandates/end',
    form,
    guarded(async (request, { session, delegate }) => {
      const returnPath = checkForm(request, session);
      await parts.mandates.end(delegate);
      return returnPath;
    }),
  );
  return router;
}

async function requireSession({ sessions }: MandateRouteParts, request: Request): Promise<Signed> {
  const session = await sessions.find(request.headers.cookie);
  if (session) return { session, delegate: { sessionHash: session.idHash, delegateId: session.patientId } };
  throw new SiltaError('unauthenticated', 'Nobody is signed in.', { key: 'session' });
}

/** @returns the path to lead the browser back to */
function checkForm(request: Request, session: WebSession): string {
  const { csrf, return: path } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof csrf === 'string' && isSameSecret(csrf, session.csrfToken)) return checkLocalPath(path);
  throw new SiltaError('forbidden', 'The request does not come from a page of this service.', {
    key: 'csrf',
  });
}

function fail({ logger }: MandateRouteParts, request: Request, response: Response, error: SiltaError): void {
  const fields = { key: keyOf(error), status: error.status };
  if (error.status >= 500) logger.error(fields, 'acting for another failed');
  else logger.warn(fields, 'acting for another was refused');
  sendFailure(response, { error, locale: toLocale(request.headers['accept-language']), retryPath: '/my' });
}
