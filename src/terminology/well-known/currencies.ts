// https://www.iso.org/iso-4217-currency-codes.html
import type { CodeSystemView, Concept } from '../types.ts';
import { nameIn, plainConcept, SHOWN_LANGUAGES } from './named-concept.ts';

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
let listed: ReadonlyMap<string, Concept> | undefined;

/** Every currency that ICU has a name of, those of the past too: an old bill is still in its own money. */
function list(): ReadonlyMap<string, Concept> {
  listed ??= new Map(
    LETTERS.flatMap((one) => LETTERS.flatMap((two) => LETTERS.map((three) => one + two + three)))
      .filter((code) => nameIn('currency', 'en', code) !== undefined)
      .map((code) => {
        const [display, ...others] = SHOWN_LANGUAGES.map((language) => nameIn('currency', language, code));
        return [code, plainConcept(code, display, others)];
      }),
  );
  return listed;
}

export const CURRENCIES: CodeSystemView = {
  url: 'urn:iso:std:iso:4217',
  name: 'ISO4217',
  language: 'en',
  complete: true,
  looseNames: true,
  properties: new Map(),
  get concepts() {
    return [...list().values()];
  },
  find: (code) => list().get(code),
};
