/** Pages for engineers and operators, in English: how deliveries do, and what to do about the dead ones. */
import type { OperationOutcomeIssue } from 'fhir/r4';
import { type Html, html } from '../html.ts';
import { STYLE_PATH } from '../layout.ts';
import type { ConsoleDelivery, ConsoleOperations } from '../types.ts';
import type { ConsoleSession } from './console-session.ts';

type Stats = Awaited<ReturnType<ConsoleOperations['stats']>>;
export const STATES = ['dead', 'waiting', 'sending', 'paused', 'sent'] as const;
export type State = (typeof STATES)[number];

export interface DeliveriesPage {
  readonly session: ConsoleSession;
  readonly stats: Stats;
  readonly state: State;
  readonly system: string | undefined;
  readonly deliveries: readonly ConsoleDelivery[];
  /** `before` of the next page. */
  readonly next: number | undefined;
  /** Outcome of what was just done. */
  readonly notice: string | undefined;
}

function layOutConsole(title: string, session: ConsoleSession | undefined, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Silta console</title>
<link rel="stylesheet" href="${STYLE_PATH}">
<link rel="icon" href="data:,">
</head>
<body class="wide">
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<p class="brand">Silta console</p>
${session ? renderSignOut(session) : ''}
</header>
<main id="content" tabindex="-1">
${content}
</main>
</body>
</html>
`;
}

function renderSignOut({ principal, csrfToken }: ConsoleSession): Html {
  return html`<form method="post" action="/console/sign-out" class="sign-out">
<span>${principal.who}</span>
<input type="hidden" name="csrf" value="${csrfToken}">
<button type="submit" class="quiet">Sign out</button>
</form>`;
}

/** The way in: an operator's access token. `failure` says why the last one was not taken. */
export function renderConsoleSignIn(failure: string | undefined): Html {
  const problem =
    failure === undefined ? '' : html`<p class="problem" id="token-problem" role="alert">${failure}</p>`;
  const invalid = failure === undefined ? '' : html` aria-invalid="true" aria-describedby="token-problem"`;
  return layOutConsole(
    failure === undefined ? 'Sign in' : 'Error: Sign in',
    undefined,
    html`<h1>Sign in to the console</h1>
<p>The console takes an access token of a client that is registered as an operator.</p>
<form method="post" action="/console/sign-in" class="field">
<label for="token">Access token</label>
${problem}
<input type="password" id="token" name="token" autocomplete="off" required${invalid}>
<p class="actions"><button type="submit">Sign in</button></p>
</form>`,
  );
}

/** Something the operator asked for did not work. */
export function renderConsoleFailure(session: ConsoleSession | undefined, text: string): Html {
  return layOutConsole(
    'Something went wrong',
    session,
    html`<h1>Something went wrong</h1><p>${text}</p><p><a href="/console">Back to the deliveries</a></p>`,
  );
}

export function renderDeliveries(page: DeliveriesPage): Html {
  return layOutConsole(
    'Deliveries',
    page.session,
    html`<h1>Deliveries</h1>
${page.notice === undefined ? '' : html`<p class="done" role="status">${page.notice}</p>`}
<section aria-labelledby="figures"><h2 id="figures">By system and state</h2>${renderStats(page.stats)}</section>
<section aria-labelledby="list"><h2 id="list">${titleOf(page)}</h2>
${renderStateLinks(page)}
${page.deliveries.length === 0 ? html`<p>There are none.</p>` : renderTable(page)}
${renderNext(page)}
</section>`,
  );
}

function titleOf({ state, system }: DeliveriesPage): string {
  const what = state === 'dead' ? 'Dead letters' : `Deliveries that are ${state}`;
  return system === undefined ? what : `${what}: ${system}`;
}

function renderStats({ changes, deliveries }: Stats): Html {
  const rows = deliveries.map(
    ({ system, state, count, oldestSeconds, breaker }) => html`<tr>
<th scope="row"><a href="/console?${query({ state, system })}">${system}</a></th>
<td>${state}</td><td>${count}</td><td>${formatAge(oldestSeconds)}</td><td>${breaker}</td>
</tr>`,
  );
  return html`<p>Changes not handled yet: ${changes.unhandled}${
    changes.unhandled > 0 ? `, the oldest for ${formatAge(changes.oldestSeconds)}` : ''
  }</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table of figures"><table>
<thead><tr><th scope="col">System</th><th scope="col">State</th><th scope="col">Count</th><th scope="col">Oldest</th><th scope="col">Circuit breaker</th></tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}

function renderStateLinks({ state: shown, system }: DeliveriesPage): Html {
  const links = STATES.map(
    (state) =>
      html`<li><a href="/console?${query({ state, system })}"${
        state === shown ? html` aria-current="true"` : ''
      }>${state}</a></li>`,
  );
  return html`<nav aria-label="State"><ul>${links}</ul></nav>`;
}

function renderTable(page: DeliveriesPage): Html {
  const mayRetry = page.session.mayRetry && (page.state === 'dead' || page.state === 'waiting');
  const rows = page.deliveries.map(
    (delivery) => html`<tr>
<th scope="row">${delivery.source}</th>
<td>${delivery.system} / ${delivery.route}</td>
<td>${delivery.attempts}</td>
<td><time datetime="${delivery.createdAt}">${formatTime(delivery.createdAt)}</time></td>
<td>${(delivery.outcome?.issue ?? []).map(renderIssue)}</td>
${mayRetry ? html`<td>${renderRetry(page, delivery)}</td>` : ''}
</tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of deliveries"><table>
<thead><tr><th scope="col">Source</th><th scope="col">System / route</th><th scope="col">Attempts</th><th scope="col">Created</th><th scope="col">Outcome</th>${
    mayRetry ? html`<th scope="col">Action</th>` : ''
  }</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}

/** What to fix. A map's failure begins with its place: `file:line:column`. */
function renderIssue({ severity, diagnostics, expression }: OperationOutcomeIssue): Html {
  return html`<p><strong>${severity}</strong> <code>${diagnostics}</code>${
    expression?.length ? html` at <code>${expression.join(', ')}</code>` : ''
  }</p>`;
}

function renderRetry({ session }: DeliveriesPage, { id, source }: ConsoleDelivery): Html {
  return html`<form method="post" action="/console/deliveries/${encodeURIComponent(id)}/retry">
<input type="hidden" name="csrf" value="${session.csrfToken}">
<button type="submit" aria-label="Retry ${source}">Retry</button>
</form>`;
}

function renderNext({ state, system, next }: DeliveriesPage): Html {
  if (next === undefined) return html``;
  return html`<p><a href="/console?${query({ state, system, before: String(next) })}">Older deliveries</a></p>`;
}

function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  return new URLSearchParams(given).toString();
}

/** An instant to the second, as operators compare it with logs: `2026-11-22 01:54:32 UTC`. */
function formatTime(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')} UTC`;
}

function formatAge(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
