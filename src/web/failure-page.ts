/** The page a citizen sees when something failed: what happened, never how. */
import type { Response } from 'express';
import type { SiltaError } from '../outcome.ts';
import { html } from './html.ts';
import { type Frame, layOut } from './layout.ts';
import { sendPage } from './respond.ts';
import { type Texts, textsOf } from './texts/texts.ts';

/** Sends a page that says what happened and leads back. */
export function sendFailure(
  response: Response,
  status: number,
  frame: Frame,
  text: string,
  way?: { path: string; label: string },
): void {
  const { failure } = textsOf(frame.language);
  const { path, label } = way ?? { path: '/my', label: failure.back };
  const page = layOut(
    frame,
    failure.title,
    html`<h1>${failure.title}</h1><p>${text}</p><p><a class="button" href="${path}">${label}</a></p>`,
  );
  sendPage(response, status, page);
}

/** What a citizen is told about an error. */
export function explainError(error: SiltaError, { failure, form }: Texts): string {
  if (error.status >= 500) return failure.internal;
  if (error.issues.some(({ key }) => key === 'csrf')) return failure.stalePage;
  switch (error.code) {
    case 'not-found':
    case 'gone':
      return failure.notFound;
    case 'unauthenticated':
    case 'token-expired':
      return failure.signedOut;
    case 'precondition-failed':
    case 'conflict':
      return form.changedMeanwhile;
    case 'forbidden':
      return failure.forbidden;
    case 'too-large':
      return failure.tooLarge;
    default:
      return failure.notUnderstood;
  }
}
