/**
 * What codes mean for a search: `:in`, `:not-in`, `:above` and `:below` of token parameters.
 * @see https://hl7.org/fhir/R4/search.html#modifiers
 */
import type { Definitions } from '../definitions/index.ts';
import { SiltaError } from '../outcome.ts';
import { malformed, readInput, type SearchInput, splitEscaped, unescapeValue } from './search-input.ts';

export interface Code {
  readonly system: string;
  readonly code: string;
}

/** Where a search asks for the codes of a value set and for what lies below and above a code. */
export interface SearchTerminology {
  /** All codes of a value set, by its canonical; undefined when it is not known or cannot be enumerated. */
  expand(url: string): Promise<readonly Code[] | undefined>;
  /** Codes below a code, without itself; undefined when the code is not known. */
  descendants(system: string, code: string): Promise<readonly string[] | undefined>;
  /** Codes above a code, without itself; undefined when the code is not known. */
  ancestors(system: string, code: string): Promise<readonly string[] | undefined>;
}

/** The value sets and code systems that the gateway was started with. */
export function createDefinedTerminology(definitions: Definitions): SearchTerminology {
  const related = (system: string, code: string, direction: 'below' | 'above') => {
    const codes = definitions.relatedCodes(system, code, direction);
    return Promise.resolve(codes && [...codes]);
  };
  return {
    expand: (url) => Promise.resolve(definitions.valueSet(url)?.list?.()),
    descendants: (system, code) => related(system, code, 'below'),
    ancestors: (system, code) => related(system, code, 'above'),
  };
}

/** Codes by modifier and value, looked up before a search is compiled. */
export type CodeSets = ReadonlyMap<string, readonly Code[]>;

const NEEDS_CODES = /:(in|not-in|above|below)$/;
/** More codes than this make a statement that no index helps. */
const MOST_CODES = 20_000;

/** Looks up the codes that the conditions of a search need; of values that are no codes there are none. */
export async function readCodeSets(
  terminology: SearchTerminology,
  conditions: readonly (readonly [name: string, value: string])[],
): Promise<CodeSets> {
  const found = new Map<string, readonly Code[]>();
  for (const [name, value] of conditions) {
    const modifier = NEEDS_CODES.exec(name)?.[1];
    if (modifier === undefined) continue;
    for (const each of readInput(name, value).values) {
      const codes = await readCodes(terminology, modifier, each);
      if (codes) found.set(`${modifier} ${each}`, codes);
    }
  }
  return found;
}

async function readCodes(
  terminology: SearchTerminology,
  modifier: string,
  value: string,
): Promise<readonly Code[] | undefined> {
  if (modifier === 'in' || modifier === 'not-in') return terminology.expand(unescapeValue(value));
  const [system = '', code] = splitEscaped(value, '|').map(unescapeValue);
  if (code === undefined || code === '') return undefined;
  const below = modifier === 'below';
  const related = await (below ? terminology.descendants(system, code) : terminology.ancestors(system, code));
  return related && [code, ...related].map((each) => ({ system, code: each }));
}

/**
 * The codes that a value of a token parameter means by its modifier.
 * @throws SiltaError `invalid-parameter` for a value set or code that is not known here
 */
export function codesMeant(codeSets: CodeSets, input: SearchInput, value: string): readonly Code[] {
  const codes = codeSets.get(`${input.modifier} ${value}`);
  if (!codes) {
    const wanted =
      input.modifier === 'in' || input.modifier === 'not-in'
        ? 'a value set is not known here, or holds codes that cannot be listed'
        : "the form is 'system|code', of a code system that is known here";
    throw malformed(input.name, wanted);
  }
  if (codes.length > MOST_CODES) {
    throw new SiltaError('invalid-parameter', `A search by a value set takes at most ${MOST_CODES} codes.`);
  }
  return codes;
}
