/** How pages leave the gateway. */
import type { Response } from 'express';
import { type Html, toText } from './html.ts';

// No script anywhere, and nothing from elsewhere. `data:` is for the empty icon of the pages.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Sends a page. It is personal or about to become so, hence no cache keeps it.
 * @see https://www.w3.org/TR/CSP3/
 */
export function sendPage(response: Response, status: number, page: Html): void {
  response
    .status(status)
    .set({
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
      Vary: 'Cookie, Accept-Language',
    })
    .type('html')
    .send(toText(page));
}
