/** Compiles the values of a token parameter, whatever its modifier, to a condition on its index rows. */
import { type IndexedParameter, ofTypeNumber } from './index-plan.ts';
import { indexText } from './index-values.ts';
import { malformed, type SearchInput, splitEscaped, unescapeValue } from './search-input.ts';
import { equalsAny, existsRow, type SearchScope } from './search-scope.ts';
import { type Code, codesMeant } from './search-terminology.ts';
import { matchStrings } from './search-values.ts';

/**
 * The condition on a resource's row.
 * @param r alias of `resource`
 * @see https://hl7.org/fhir/R4/search.html#token
 */
export function compileTokens(
  scope: SearchScope,
  r: string,
  parameter: Pick<IndexedParameter, 'param'>,
  input: SearchInput,
): string {
  const tokens = { table: 'token', param: parameter.param } as const;
  switch (input.modifier) {
    case 'text': {
      const { modifier: _, ...plain } = input;
      const texts = { table: 'string', param: parameter.param } as const;
      return existsRow(scope, r, texts, (x) => matchStrings(scope, plain, x));
    }
    case 'of-type': {
      const typed = { table: 'token', param: ofTypeNumber(parameter.param) } as const;
      return existsRow(scope, r, typed, (x) => matchTyped(scope, input, x));
    }
    case 'in':
    case 'above':
    case 'below':
      return existsRow(scope, r, tokens, (x) => matchCodes(scope, input, x));
    case 'not-in':
      return `NOT ${existsRow(scope, r, tokens, (x) => matchCodes(scope, input, x))}`;
    case 'not':
      return `NOT ${existsRow(scope, r, tokens, (x) => matchTokens(scope, input, x))}`;
    default:
      return existsRow(scope, r, tokens, (x) => matchTokens(scope, input, x));
  }
}

/** A condition on the alias of the token index. */
export function matchTokens(scope: SearchScope, input: SearchInput, x: string): string {
  const plain: string[] = [];
  const others: string[] = [];
  for (const value of input.values) {
    const [first = '', second, ...more] = splitEscaped(value, '|').map((each) =>
      indexText(unescapeValue(each)),
    );
    if (more.length > 0)
      throw malformed(input.name, "a token is 'code', 'system|code', '|code' or 'system|'");
    if (second === undefined) plain.push(first);
    else others.push(matchSystem(scope, input, x, [first, second]));
  }
  return [...(plain.length > 0 ? [equalsAny(scope, `${x}.code`, plain)] : []), ...others].join(' OR ');
}

function matchSystem(
  scope: SearchScope,
  input: SearchInput,
  x: string,
  [system, code]: [string, string],
): string {
  if (system === '' && code === '') throw malformed(input.name, 'neither a system nor a code is given');
  if (code === '') return `${x}.system = ${scope.bind(system)}`;
  const same = `${x}.code = ${scope.bind(code)}`;
  return system === ''
    ? `(${same} AND ${x}.system IS NULL)`
    : `(${same} AND ${x}.system = ${scope.bind(system)})`;
}

/** `system|code|value` of an identifier's type and value. */
function matchTyped(scope: SearchScope, input: SearchInput, x: string): string {
  const conditions = input.values.map((each) => {
    const parts = splitEscaped(each, '|').map(unescapeValue);
    if (parts.length !== 3 || parts.includes('')) {
      throw malformed(input.name, "the form is 'system|code|value', of the identifier's type and its value");
    }
    const [system, code, value] = parts as [string, string, string];
    const type = scope.bind(indexText(`${system}|${code}`));
    return `(${x}.code = ${scope.bind(indexText(value))} AND ${x}.system = ${type})`;
  });
  return conditions.join(' OR ');
}

/** Codes of one system are one array, however many they are. */
function matchCodes(scope: SearchScope, input: SearchInput, x: string): string {
  const bySystem = new Map<string, string[]>();
  for (const { system, code } of input.values.flatMap((value): readonly Code[] =>
    codesMeant(scope.codeSets, input, value),
  )) {
    const codes = bySystem.get(system) ?? [];
    codes.push(indexText(code));
    bySystem.set(system, codes);
  }
  const conditions = [...bySystem].map(
    ([system, codes]) =>
      `(${x}.code = ANY (${scope.bind(codes)}::text[]) AND ${x}.system = ${scope.bind(indexText(system))})`,
  );
  return conditions.length > 0 ? conditions.join(' OR ') : 'false';
}
