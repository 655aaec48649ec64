/** Concepts of systems whose names the runtime knows, in the languages of the country. */
import type { Concept } from '../types.ts';

/** English is the language of the display; the others are designations. */
export const SHOWN_LANGUAGES = ['en', 'fi', 'sv'] as const;

export type NamedKind = 'language' | 'region' | 'currency';

const names = new Map<string, Intl.DisplayNames>();

/** What something is called in a language; undefined when it is not known. */
export function nameIn(kind: NamedKind, language: string, code: string): string | undefined {
  const key = `${kind} ${language}`;
  const known = names.get(key) ?? new Intl.DisplayNames([language], { type: kind, fallback: 'none' });
  names.set(key, known);
  try {
    return known.of(code);
  } catch {
    return undefined;
  }
}

/**
 * A concept outside any hierarchy.
 * @param others names in the languages after the first, in their order
 */
export function plainConcept(
  code: string,
  display: string | undefined,
  others: readonly (string | undefined)[] = [],
): Concept {
  return {
    code,
    ...(display !== undefined && { display }),
    designations: others.flatMap((value, index) =>
      value === undefined ? [] : [{ language: SHOWN_LANGUAGES[index + 1] as string, value }],
    ),
    properties: [],
    parents: [],
    children: [],
    abstract: false,
    inactive: false,
  };
}
