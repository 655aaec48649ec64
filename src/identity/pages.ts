/**
 * The room's few pages, rendered by the server and usable without scripts.
 * @see https://www.w3.org/TR/WCAG22/
 */
import { createHash } from 'node:crypto';
import type { Response } from 'express';
import type { SiltaError } from '../outcome.ts';
import type { Scope } from '../principal.ts';
import { TEXTS } from './texts.ts';
import type { ClientRegistration, Locale } from './types.ts';

const STYLE = `body{font:1.125rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0}
main{max-width:40rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.75rem}h2{font-size:1.25rem}
button,a.button{font:inherit;display:inline-block;min-height:2.75rem;padding:.5rem 1.25rem;margin:.5rem .5rem 0 0;border:2px solid #003479;border-radius:.25rem;background:#fff;color:#003479;text-decoration:none;cursor:pointer}
button.first{background:#003479;color:#fff}
:focus-visible{outline:3px solid #c65f00;outline-offset:2px}`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Makes text safe between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/**
 * Sends a page.
 * @param formTargets origins besides our own that a form's answer may redirect to
 */
export function sendPage(
  response: Response,
  page: {
    readonly status: number;
    readonly locale: Locale;
    readonly heading: string;
    readonly body: string;
    readonly formTargets?: readonly string[];
  },
): void {
  const targets = ["'self'", ...(page.formTargets ?? [])].join(' ');
  response
    .status(page.status)
    .set('Cache-Control', 'no-store')
    .set('Referrer-Policy', 'no-referrer')
    .set('X-Content-Type-Options', 'nosniff')
    .set(
      'Content-Security-Policy',
      `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${targets}; base-uri 'none'; frame-ancestors 'none'`,
    )
    .type('html')
    .send(renderDocument(page));
}

/** The whole document of a page. */
export function renderDocument(page: {
  readonly locale: Locale;
  readonly heading: string;
  readonly body: string;
}): string {
  const heading = escapeHtml(page.heading);
  return `<!doctype html>
<html lang="${page.locale}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading} – ${TEXTS[page.locale].title}</title><style>${STYLE}</style></head>
<body><main><h1>${heading}</h1>
${page.body}
</main></body></html>
`;
}

/** Tells a citizen that the identification failed, with the stable code for support and a way to start again. */
export function sendFailure(
  response: Response,
  failure: { readonly error: SiltaError; readonly locale: Locale; readonly retryPath?: string },
): void {
  const { error, locale } = failure;
  const texts = TEXTS[locale];
  const key = keyOf(error);
  const retry = failure.retryPath
    ? `<p><a class="button" href="${escapeHtml(failure.retryPath)}">${texts.again}</a></p>`
    : '';
  sendPage(response, {
    status: error.status,
    locale,
    heading: key.startsWith('mandate-') ? texts.mandateTitle : texts.failedTitle,
    body: `<p>${escapeHtml(explain(error, locale))}</p>\n${retry}
<p><small>${texts.code}: <code>${escapeHtml(key)}</code></small></p>`,
  });
}

/** The stable key of an error, or its code. */
export function keyOf(error: SiltaError): string {
  return error.issues[0]?.key ?? error.code;
}

function explain(error: SiltaError, locale: Locale): string {
  const texts = TEXTS[locale];
  if (error.code === 'unavailable') return texts.unavailable;
  const key = keyOf(error);
  if (key === 'person-deceased') return texts.deceased;
  if (key === 'mandate-state' || key === 'mandate-session') return texts.expired;
  if (key.startsWith('mandate-')) return texts.mandateRefused;
  return key === 'sign-in-state' || key === 'interaction' ? texts.expired : texts.failed;
}

/** Asks a citizen whether a portal may act on their behalf. */
export function sendConsent(
  response: Response,
  consent: {
    readonly client: ClientRegistration;
    readonly scopes: readonly Scope[];
    /** How long the portal may go on: some days, while the citizen is signed in, or with this token only. */
    readonly lasting: { readonly days: number } | 'online' | undefined;
    readonly locale: Locale;
    readonly action: string;
    readonly csrfToken: string;
    readonly redirectOrigin: string;
  },
): void {
  const { client, locale } = consent;
  const texts = TEXTS[locale];
  const list = (title: string, letters: readonly ('c' | 'r' | 'u' | 'd' | 's')[]): string => {
    const items = consent.scopes
      .filter((scope) => letters.some((letter) => scope.permissions.has(letter)))
      .map((scope) => `<li>${escapeHtml(nameResource(scope.resource, locale))}</li>`);
    return items.length === 0 ? '' : `<h2>${title}</h2>\n<ul>${[...new Set(items)].join('')}</ul>\n`;
  };
  const organization = client.organization
    ? `<p>${escapeHtml(texts.consentFrom(client.organization))}</p>\n`
    : '';
  const duration = typeof consent.lasting === 'object' ? texts.offline(consent.lasting.days) : texts.online;
  const lasting = consent.lasting === undefined ? '' : `<p>${escapeHtml(duration)}</p>\n`;
  sendPage(response, {
    status: 200,
    locale,
    heading: texts.consentTitle,
    formTargets: [consent.redirectOrigin],
    body: `<p>${escapeHtml(texts.consentIntro(client.name))}</p>
${organization}${list(texts.canRead, ['r', 's'])}${list(texts.canWrite, ['c', 'u', 'd'])}${lasting}<form method="post" action="${escapeHtml(consent.action)}">
<input type="hidden" name="csrf" value="${escapeHtml(consent.csrfToken)}">
<button class="first" name="decision" value="allow">${texts.allow}</button>
<button name="decision" value="deny">${texts.deny}</button>
</form>`,
  });
}

function nameResource(type: string, locale: Locale): string {
  const texts = TEXTS[locale];
  return type === '*' ? texts.allData : (texts.resources[type] ?? type);
}
