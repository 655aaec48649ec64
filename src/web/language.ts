/**
 * Which language a page is in, and the texts of resources in it.
 * @see https://hl7.org/fhir/R4/extension-translation.html
 */
import type { Request, Response } from 'express';
import { type Html, html } from './html.ts';
import { readCookie } from './read-cookie.ts';
import { LANGUAGES, type Language } from './texts/texts.ts';

const COOKIE = 'silta-language';
const YEAR_MS = 31_536_000_000;
const TRANSLATION = 'http://hl7.org/fhir/StructureDefinition/translation';

/**
 * The language of a request: `?lang=`, then what was chosen before (cookie), at sign-in, or in the browser's settings.
 */
export function chooseLanguage(request: Request, signedInWith: string | undefined): Language {
  const wished = [request.query['lang'], readCookie(request, COOKIE), signedInWith];
  const chosen = wished.find(isLanguage);
  if (chosen) return chosen;
  const accepted = request.acceptsLanguages([...LANGUAGES]);
  return isLanguage(accepted) ? accepted : 'fi';
}

/** Keeps a language that was asked for by `?lang=` for the following pages. */
export function keepLanguage(request: Request, response: Response, secure: boolean): void {
  const asked = request.query['lang'];
  if (!isLanguage(asked)) return;
  response.cookie(COOKIE, asked, { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: YEAR_MS });
}

function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value);
}

interface Extended {
  readonly extension?: readonly Extension[] | undefined;
}

interface Extension extends Extended {
  readonly url: string;
  readonly valueCode?: string;
  readonly valueString?: string;
  readonly valueMarkdown?: string;
}

/** The text of an element in a language, and the language it turned out to be in. */
export interface Localized {
  readonly text: string;
  readonly language: string;
}

/**
 * Finds the text of a string element by its translation extensions.
 * @param holder - the element or resource that has the string, e.g. a Questionnaire's item
 * @param key - name of the string element, e.g. `text`; its extensions are under `_text`
 * @param base - language of the resource, in which the string itself is
 */
export function localize(
  holder: object | undefined,
  key: string,
  language: Language,
  base = 'fi',
): Localized | undefined {
  const record = (holder ?? {}) as Readonly<Record<string, unknown>>;
  const text = record[key];
  if (typeof text !== 'string') return undefined;
  const translated = findTranslation(record[`_${key}`] as Extended | undefined, language);
  return translated === undefined ? { text, language: base } : { text: translated, language };
}

function findTranslation(element: Extended | undefined, language: Language): string | undefined {
  for (const { url, extension = [] } of element?.extension ?? []) {
    if (url !== TRANSLATION) continue;
    if (!extension.some((part) => part.url === 'lang' && part.valueCode === language)) continue;
    const content = extension.find((part) => part.url === 'content');
    return content?.valueString ?? content?.valueMarkdown;
  }
  return undefined;
}

/**
 * A localized text as HTML; one that is not in the page's language says which it is in.
 * @see https://www.w3.org/WAI/WCAG22/Understanding/language-of-parts.html
 */
export function show(localized: Localized | undefined, language: Language): Html {
  if (!localized) return html``;
  if (localized.language === language) return html`${localized.text}`;
  return html`<span lang="${localized.language}">${localized.text}</span>`;
}
