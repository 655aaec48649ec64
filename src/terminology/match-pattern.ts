/**
 * Regular expressions that somebody else wrote, held to a time that does no harm: a pattern may take time that grows
 * exponentially with the text, and V8 stops a script, a regular expression in it too, when its time is up.
 */
import { createContext, Script } from 'node:vm';

const MOST_PATTERN = 500;
const MOST_MS = 100;

export type Matches = ReadonlySet<string> | 'malformed' | 'too-costly';

const SEARCH = new Script(
  'const whole = new RegExp("^(?:" + pattern + ")$", "u"); result = texts.filter((text) => whole.test(text));',
);

/** Which of the texts match as a whole. @see https://hl7.org/fhir/R4/valueset-filter-operator.html regex */
export function matchPattern(pattern: string, texts: readonly string[]): Matches {
  if (pattern.length > MOST_PATTERN) return 'too-costly';
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'malformed';
  }
  const context = { pattern, texts: [...texts], result: [] as string[] };
  try {
    SEARCH.runInContext(createContext(context), { timeout: MOST_MS });
  } catch {
    return 'too-costly';
  }
  return new Set(context.result);
}
