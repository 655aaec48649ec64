/** Names of concepts in the language that is wanted. */
import type { Concept, Designation } from './types.ts';

/** The language tags of a `displayLanguage`, an Accept-Language list too, the most wanted first. */
export function readLanguages(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return text
    .split(',')
    .map((part) => {
      const [tag = '', ...rest] = part.split(';').map((each) => each.trim());
      const quality = rest.find((each) => each.startsWith('q='))?.slice(2);
      return { tag: tag.toLowerCase(), quality: quality === undefined ? 1 : Number(quality) || 0 };
    })
    .filter(({ tag, quality }) => tag !== '' && tag !== '*' && quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag);
}

/** Whether a tag is of the language: `sv-FI` is Swedish, and Swedish will do for who wants `sv-FI`. */
export function isOfLanguage(tag: string | undefined, wanted: string): boolean {
  if (tag === undefined) return false;
  const one = tag.toLowerCase();
  const other = wanted.toLowerCase();
  return one === other || one.startsWith(`${other}-`) || other.startsWith(`${one}-`);
}

/** Uses under which a designation is what to show; none is one. */
const SHOWN_USES: ReadonlySet<string | undefined> = new Set([undefined, 'display', 'preferredForLanguage']);

/**
 * What to call the concept: in the first of the languages that there is a name in, else its own display.
 * @param language of the concept's own display
 */
export function displayIn(
  concept: Pick<Concept, 'display' | 'designations'>,
  language: string | undefined,
  wanted: readonly string[],
): string | undefined {
  for (const each of wanted) {
    if (concept.display !== undefined && isOfLanguage(language, each)) return concept.display;
    const named = concept.designations.filter((designation) => isOfLanguage(designation.language, each));
    const best = named.find(({ use }) => SHOWN_USES.has(use?.code)) ?? named[0];
    if (best) return best.value;
  }
  return concept.display;
}

/**
 * The names that are right for the concept: all there are, or those of the languages and, where there is none, its own.
 */
export function namesOf(
  concept: Pick<Concept, 'display' | 'designations'>,
  language: string | undefined,
  wanted: readonly string[],
): readonly string[] {
  const own = concept.display === undefined ? [] : [{ language, value: concept.display }];
  const all: readonly { readonly language?: string | undefined; readonly value: string }[] = [
    ...own,
    ...concept.designations,
  ];
  const fitting = all.filter((each) => wanted.some((one) => isOfLanguage(each.language, one)));
  return (wanted.length === 0 || fitting.length === 0 ? all : fitting).map(({ value }) => value);
}

/** Whether a name is one of the names, whatever its case and spacing. */
export function isNamed(names: readonly string[], name: string): boolean {
  const plain = (text: string) => text.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();
  return names.some((each) => plain(each) === plain(name));
}

/** Designations as asked for: none, all, or those of given languages and uses. */
export function designationsOf(
  designations: readonly Designation[],
  asked: { readonly include: boolean; readonly only: readonly string[] },
): readonly Designation[] {
  if (!asked.include) return [];
  if (asked.only.length === 0) return designations;
  return designations.filter(({ language, use }) =>
    asked.only.some((token) => {
      const [system, code = ''] = token.includes('|') ? token.split('|', 2) : [undefined, token];
      if (system === 'urn:ietf:bcp:47' || system === undefined) return isOfLanguage(language, code);
      return use?.system === system && use?.code === code;
    }),
  );
}
