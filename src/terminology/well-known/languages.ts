/**
 * Language tags, by the grammar of BCP 47 and the languages that ICU knows.
 * @see https://www.rfc-editor.org/rfc/rfc5646
 */
import type { CodeSystemView } from '../types.ts';
import { nameIn, plainConcept, SHOWN_LANGUAGES } from './named-concept.ts';

export const LANGUAGES: CodeSystemView = {
  url: 'urn:ietf:bcp:47',
  name: 'BCP47',
  language: 'en',
  complete: true,
  looseNames: true,
  properties: new Map(),
  find: (code) => {
    if (!/^[A-Za-z0-9-]{2,60}$/.test(code) || !isKnown(code)) return undefined;
    const [display, ...designations] = SHOWN_LANGUAGES.map((language) => nameIn('language', language, code));
    return plainConcept(code, display, designations);
  },
};

function isKnown(code: string): boolean {
  try {
    const locale = new Intl.Locale(code);
    // A private tag is well formed and has no language.
    return /^x-/i.test(code) || nameIn('language', 'en', locale.language) !== undefined;
  } catch {
    return false;
  }
}
