/** The frame of every page: landmarks, skip link, language choice, sign-out. */
import { type Html, html } from './html.ts';
import { LANGUAGES, type Language, type Texts, textsOf } from './texts/texts.ts';

export const STYLE_PATH = '/assets/silta.css';

/** The page that is being answered, as its frame needs to know it. */
export interface Frame {
  readonly language: Language;
  /** Path of the page, for the language links. */
  readonly path: string;
  /** Whoever is signed in, with what the sign-out form needs. */
  readonly signedIn?:
    | {
        readonly displayName: string;
        readonly actingFor?: string;
        readonly offersMandates: boolean;
        readonly csrfToken: string;
        readonly signOutPath: string;
      }
    | undefined;
}

/**
 * A citizen's page.
 * @param title - what the page is about; a page with errors says so first, as the title is what is read out first
 */
export function layOut(frame: Frame, title: string, content: Html): Html {
  const texts = textsOf(frame.language);
  return html`<!doctype html>
<html lang="${frame.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – ${texts.serviceName}</title>
<link rel="stylesheet" href="${STYLE_PATH}">
<link rel="icon" href="data:,">
</head>
<body>
<a class="skip" href="#content">${texts.skipToContent}</a>
<header class="top">
<p class="brand">${texts.serviceName}</p>
${navigation(frame, texts)}
${languageChoice(frame, texts)}
${signOutForm(frame, texts)}
</header>
${actingBanner(frame, texts)}
<main id="content" tabindex="-1">
${content}
</main>
<footer class="bottom"><p>${texts.footer}</p></footer>
</body>
</html>
`;
}

function navigation(frame: Frame, texts: Texts): Html {
  const link = (path: string, label: string): Html =>
    html`<li><a href="${path}"${frame.path === path ? html` aria-current="page"` : ''}>${label}</a></li>`;
  return html`<nav aria-label="${texts.mainNavigation}"><ul>
${link('/', texts.home)}
${frame.signedIn ? link('/my', texts.myPage) : ''}
</ul></nav>`;
}

function languageChoice(frame: Frame, texts: Texts): Html {
  const links = LANGUAGES.map((language) => {
    const current = language === frame.language ? html` aria-current="true"` : '';
    return html`<li><a href="${frame.path}?lang=${language}" lang="${language}" hreflang="${language}"${current}>${
      textsOf(language).languageName
    }</a></li>`;
  });
  return html`<nav aria-label="${texts.languageChoice}"><ul>${links}</ul></nav>`;
}

/** Says all the time for whom what is done here is done. */
function actingBanner({ signedIn, path }: Frame, texts: Texts): Html {
  const { mandates } = texts;
  if (!signedIn) return html``;
  const { actingFor, offersMandates, csrfToken } = signedIn;
  if (actingFor === undefined && !(offersMandates && path === '/my')) return html``;
  const [action, label] =
    actingFor === undefined ? ['start', mandates.choose] : ['end', mandates.actForYourself];
  return html`<aside class="acting" aria-label="${mandates.title}">
${actingFor === undefined ? '' : html`<p><strong>${mandates.actingFor(actingFor)}</strong></p>`}
<form method="post" action="/identity/mandates/${action}">
<input type="hidden" name="csrf" value="${csrfToken}"><input type="hidden" name="return" value="/my">
<button type="submit" class="quiet">${label}</button>
</form></aside>`;
}

function signOutForm({ signedIn }: Frame, texts: Texts): Html {
  if (!signedIn) return html``;
  return html`<form method="post" action="${signedIn.signOutPath}" class="sign-out">
<span>${texts.signedInAs(signedIn.displayName)}</span>
<input type="hidden" name="csrf" value="${signedIn.csrfToken}">
<button type="submit" class="quiet">${texts.signOut}</button>
</form>`;
}
