/**
 * How long a text a regular expression of a Questionnaire may be tried on. The engine backtracks, so a pattern such as
 * `(a+)+` takes time that doubles with every character; nobody's answer may keep the server busy.
 *
 * @see https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
 */

/** Longest texts for none or one, two, and more repetitions without end beside each other: linear, square, and worse. */
const LONGEST = [1_000_000, 1_000_000, 5_000, 300] as const;
/** Repetitions from which on a bound is as good as none. */
const MANY = 50;

interface Group {
  /** Holds a repetition without end, or a choice. */
  branching: boolean;
}

/** Characters; 0 when the pattern may take exponential time. */
export function longestFor(pattern: string): number {
  const open: Group[] = [{ branching: false }];
  let repetitions = 0;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    let closed: Group | undefined;
    if (char === '\\') {
      at++;
      // A reference to what was matched before makes matching hard of itself.
      if (/[1-9k]/.test(pattern[at] ?? '')) return 0;
    } else if (char === '[') at = endOfClass(pattern, at);
    else if (char === '(') {
      open.push({ branching: false });
      continue;
    } else if (char === ')') closed = open.length > 1 ? open.pop() : undefined;
    else if (char === '|') {
      const group = open.at(-1);
      if (group) group.branching = true;
      continue;
    }
    const endless = isEndless(pattern, at + 1);
    if (endless && closed?.branching) return 0;
    if (endless) repetitions++;
    const holder = open.at(-1);
    if (holder && (endless || closed?.branching)) holder.branching = true;
  }
  return LONGEST[Math.min(repetitions, 3)] ?? 0;
}

function endOfClass(pattern: string, at: number): number {
  for (let end = at + 1; end < pattern.length; end++) {
    if (pattern[end] === '\\') end++;
    else if (pattern[end] === ']') return end;
  }
  return pattern.length;
}

function isEndless(pattern: string, at: number): boolean {
  const char = pattern[at];
  if (char === '*' || char === '+') return true;
  const [, most] = /^\{\d+(?:,(\d*))?\}/.exec(pattern.slice(at, at + 20)) ?? [];
  return most !== undefined && (most === '' || Number(most) > MANY);
}
