import { didYouMean } from '../suggest.ts';

/** ` Did you mean 'x'?` for the end of a sentence, or nothing. */
export type Hint = (wrong: string, known: Iterable<string>) => string;

/** Who misspelt this much is not helped by more hints, and each takes as long as judging a hundred elements. */
const MOST_HINTS = 100;

/** The hints of one validation. */
export function createHint(): Hint {
  let left = MOST_HINTS;
  return (wrong, known) => (left-- > 0 ? didYouMean(wrong, known) : '');
}
