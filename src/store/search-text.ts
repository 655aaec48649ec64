/**
 * Compiles words to a condition on the index of texts: `bone AND (fracture OR "hairline crack") NOT healed`.
 * @see https://hl7.org/fhir/R4/search.html#content
 */
import { foldText } from './index-values.ts';
import { malformed, type SearchInput, unescapeValue } from './search-input.ts';
import type { SearchScope } from './search-scope.ts';

const TERM = /"([^"]*)"|[()]|[^\s()"]+/g;
const MOST_TERMS = 50;
const DEEPEST = 20;

/** @throws SiltaError `invalid-parameter` for an expression that is not well-formed */
export function matchWords(scope: SearchScope, input: SearchInput, x: string): string {
  return input.values
    .map((value) => `${x}.words @@ ${readExpression(scope, input.name, unescapeValue(value))}`)
    .join(' OR ');
}

interface Reading {
  readonly terms: readonly string[];
  at: number;
  depth: number;
  readonly name: string;
  readonly bind: (term: string) => string;
}

function readExpression(scope: SearchScope, name: string, text: string): string {
  const terms = text.match(TERM) ?? [];
  if (terms.length === 0 || terms.length > MOST_TERMS) {
    throw malformed(name, `the value is 1 to ${MOST_TERMS} words`);
  }
  const bind = (term: string): string => {
    const words = foldText(term.replaceAll('"', ''));
    if (!/[\p{L}\p{N}]/u.test(words)) throw malformed(name, 'a word has no letter and no digit');
    return `phraseto_tsquery('simple', ${scope.bind(words)})`;
  };
  const reading: Reading = { terms, at: 0, depth: 0, name, bind };
  const query = readAlternatives(reading);
  if (reading.at < terms.length) throw malformed(name, 'a parenthesis is not opened');
  return query;
}

const isWord = (term: string | undefined, word: string): boolean => term?.toUpperCase() === word;

function readAlternatives(reading: Reading): string {
  const parts = [readAll(reading)];
  while (isWord(reading.terms[reading.at], 'OR')) {
    reading.at++;
    parts.push(readAll(reading));
  }
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(' || ')})`;
}

/** Words beside each other are all meant, with `AND` between them or without. */
function readAll(reading: Reading): string {
  const parts = [readTerm(reading)];
  for (let next = reading.terms[reading.at]; next !== undefined; next = reading.terms[reading.at]) {
    if (next === ')' || isWord(next, 'OR')) break;
    if (isWord(next, 'AND')) reading.at++;
    parts.push(readTerm(reading));
  }
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(' && ')})`;
}

function readTerm(reading: Reading): string {
  const term = reading.terms[reading.at++];
  if (term === undefined || term === ')' || isWord(term, 'AND') || isWord(term, 'OR')) {
    throw malformed(reading.name, 'a word is missing');
  }
  if (isWord(term, 'NOT')) return `(!! ${nested(reading, readTerm)})`;
  if (term !== '(') return reading.bind(term);
  const inner = nested(reading, readAlternatives);
  if (reading.terms[reading.at++] !== ')') throw malformed(reading.name, 'a parenthesis is not closed');
  return inner;
}

function nested(reading: Reading, read: (reading: Reading) => string): string {
  if (++reading.depth > DEEPEST) throw malformed(reading.name, 'it is nested too deeply');
  const inner = read(reading);
  reading.depth--;
  return inner;
}
