/** Edits needed to turn one word into the other, capped: beyond `limit` the exact number does not matter. */
function distance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1;
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? limit + 1;
}

/**
 * The known word a writer most likely meant.
 *
 * @param word what was written
 * @param known what could have been written
 * @returns the nearest known word within a third of the word's length (at least two edits), or undefined
 */
export function suggestWord(word: string, known: Iterable<string>): string | undefined {
  const limit = Math.max(2, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase(), limit);
    if (candidate !== word && edits < least && edits < Math.max(candidate.length, 2)) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** The suggestion as a sentence's end: `did you mean 'linkId'?`. */
export function didYouMean(word: string, known: Iterable<string>): { readonly suggestion?: string } {
  const found = suggestWord(word, known);
  return found === undefined ? {} : { suggestion: `did you mean '${found}'?` };
}
