import { type Html, html } from './html.ts';
import { type Frame, layOut } from './layout.ts';
import { textsOf } from './texts/texts.ts';

/** What Silta is, and the way in; says so when the citizen has just turned back from signing in. */
export function renderLanding(frame: Frame, signInPath: string, isCancelled: boolean): Html {
  const texts = textsOf(frame.language);
  const way = frame.signedIn
    ? html`<a class="button" href="/my">${texts.landing.goToMyPage}</a>`
    : html`<a class="button" href="${signInPath}">${texts.signIn}</a>`;
  return layOut(
    frame,
    texts.landing.title,
    html`<h1>${texts.landing.title}</h1>
${isCancelled && html`<p class="note" role="status">${texts.landing.cancelled}</p>`}
<p class="lead">${texts.landing.lead}</p>
<ul>${texts.landing.points.map((point) => html`<li>${point}</li>`)}</ul>
<p>${way}</p>
<p class="note">${texts.landing.emergency}</p>`,
  );
}
