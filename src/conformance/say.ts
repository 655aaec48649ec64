/**
 * Texts in the languages of those who read them. A finding is written in English where it is made, as a template with
 * values; the template is the key of its translations.
 */
import type { Issue } from '../outcome.ts';
import { TRANSLATIONS } from './translations.ts';

export type Language = 'en' | 'fi' | 'sv';

export interface Said {
  readonly strings: readonly string[];
  readonly values: readonly (string | number | undefined)[];
}

/** Tags a template that is shown to people. */
export function say(strings: TemplateStringsArray, ...values: Said['values']): Said {
  return { strings, values };
}

/** The template with `{}` for each value. */
export function templateOf(strings: readonly string[]): string {
  return strings.join('{}');
}

export function inEnglish({ strings, values }: Said): string {
  return strings.map((text, index) => text + String(values[index] ?? '')).join('');
}

const said = new WeakMap<Issue, Said>();

/** Keeps what an issue says, so that it can be said in another language. */
export function remember(issue: Issue, text: Said): void {
  said.set(issue, text);
}

/** The issue in a language; what has no translation stays English. */
export function translate(issue: Issue, language: Language): Issue {
  const text = language === 'en' ? undefined : said.get(issue);
  if (!text || language === 'en') return issue;
  const translated = TRANSLATIONS[templateOf(text.strings)]?.[language];
  if (translated === undefined) return issue;
  const values = text.values.map((value) => translateHint(String(value ?? ''), language));
  let next = 0;
  return { ...issue, diagnostics: translated.replace(/\{\}/g, () => values[next++] ?? '') };
}

const HINT = /^ Did you mean (.*)\?$/;

function translateHint(value: string, language: 'fi' | 'sv'): string {
  return value.replace(HINT, language === 'fi' ? ' Tarkoititko $1?' : ' Menade du $1?');
}
