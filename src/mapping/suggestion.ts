import { suggest } from '../suggest.ts';

/** Edits that a short word of a map may be away: keywords are short, and two fingers slip. */
const SLIPS = 2;

/** The word of a map that its writer most likely meant, or undefined. */
export function suggestWord(word: string, known: Iterable<string>): string | undefined {
  return suggest(word, known, SLIPS);
}

/** The suggestion as a sentence's end: `did you mean 'linkId'?`. */
export function didYouMean(word: string, known: Iterable<string>): { readonly suggestion?: string } {
  const found = suggestWord(word, known);
  return found === undefined ? {} : { suggestion: `did you mean '${found}'?` };
}
