/** What every citizen's page starts from: who asks, in which language, under which request id. */
import type { Request, Response } from 'express';
import { SiltaError } from '../outcome.ts';
import { chooseLanguage, keepLanguage } from './language.ts';
import type { Frame } from './layout.ts';
import type { PageSession, WebOptions } from './types.ts';

export interface CitizenRequest {
  readonly session: PageSession;
  readonly frame: Frame & { readonly signedIn: NonNullable<Frame['signedIn']> };
  readonly requestId: string;
}

/** The frame of a page, for whoever asks. */
export async function readFrame(options: WebOptions, request: Request, response: Response): Promise<Frame> {
  const session = await options.session(request);
  return frameOf(options, request, response, session);
}

/**
 * A request of a signed-in citizen.
 * @throws SiltaError `unauthenticated` when nobody is signed in
 */
export async function readCitizenRequest(
  options: WebOptions,
  request: Request,
  response: Response,
): Promise<CitizenRequest> {
  const session = await options.session(request);
  if (!session) throw new SiltaError('unauthenticated', 'Nobody is signed in.');
  const frame = { ...frameOf(options, request, response, session), signedIn: signedInPart(options, session) };
  const given: unknown = response.locals['requestId'];
  const requestId = typeof given === 'string' ? given : options.uuid();
  return { session, frame, requestId };
}

function frameOf(
  options: WebOptions,
  request: Request,
  response: Response,
  session: PageSession | undefined,
): Frame {
  keepLanguage(request, response, options.secure);
  return {
    language: chooseLanguage(request, session?.language),
    path: request.path,
    ...(session && { signedIn: signedInPart(options, session) }),
  };
}

function signedInPart(
  { signOutPath }: WebOptions,
  { displayName, actingFor, offersMandates = false, csrfToken }: PageSession,
): NonNullable<Frame['signedIn']> {
  return {
    displayName,
    ...(actingFor !== undefined && { actingFor }),
    offersMandates,
    csrfToken,
    signOutPath,
  };
}
