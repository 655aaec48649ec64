/** “Did you mean …?”: the known name nearest to a misspelt one. */

/** Longer words are nobody's misspelling, and comparing them would cost. */
const LONGEST = 64;

/**
 * The name nearest to a misspelt one, whatever the case of its letters.
 * @param wrong the name as written
 * @param known the names that would have been right
 * @param edits edits that a short name may be away; a longer one may be a third of its length away
 * @returns undefined when none is near enough to be what was meant
 */
export function suggest(wrong: string, known: Iterable<string>, edits = 1): string | undefined {
  if (wrong.length > LONGEST) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(edits, Math.floor(wrong.length / 3)) + 1;
  for (const name of known) {
    if (name === wrong || Math.abs(name.length - wrong.length) >= bestDistance) continue;
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    // Every letter changed is no misspelling.
    if (distance >= bestDistance || distance >= name.length) continue;
    best = name;
    bestDistance = distance;
  }
  return best;
}

/** ` Did you mean 'x'?` for the end of a sentence, or nothing. */
export function didYouMean(wrong: string, known: Iterable<string>): string {
  const name = suggest(wrong, known);
  return name === undefined ? '' : ` Did you mean '${name}'?`;
}

/** Edits from one to the other: letters put in, left out, changed, or two neighbours exchanged. */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : change;
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
