/** Which parameters a type is searched by, and which modifiers each takes. */
import type { SearchParameter } from '../definitions/index.ts';
import { COLUMN_PARAMETERS, type IndexedParameter } from './index-plan.ts';
import { unknownParameter } from './search-input.ts';
import type { SearchScope } from './search-scope.ts';

/** @throws SiltaError `invalid-parameter` with the nearest name that is known */
export function findParameter(scope: SearchScope, type: string, code: string): IndexedParameter {
  const { parameters } = scope.planOf(type);
  const found = parameters.get(code);
  if (found) return found;
  throw unknownParameter(type, code, parameters.keys());
}

const MODIFIERS: Readonly<Record<SearchParameter['type'], readonly string[]>> = {
  token: ['text', 'not', 'above', 'below', 'in', 'not-in', 'of-type', 'missing'],
  string: ['exact', 'contains', 'missing'],
  date: ['missing'],
  reference: ['[type]', 'identifier', 'above', 'below', 'missing'],
  uri: ['above', 'below', 'missing'],
  number: ['missing'],
  quantity: ['missing'],
  composite: ['missing'],
  special: [],
};

/** Prefixes of a value, in the order of the specification. */
export const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;

/** Modifiers of a type of parameter, `[type]` for names of resource types; undefined when it is not searched by. */
export function searchModifiers(kind: SearchParameter['type']): readonly string[] | undefined {
  return kind === 'special' ? undefined : MODIFIERS[kind];
}

/** Prefixes that values of a type of parameter take. */
export function searchPrefixes(kind: SearchParameter['type']): readonly string[] {
  return kind === 'date' || kind === 'number' || kind === 'quantity' ? PREFIXES : [];
}

/** The modifiers of one parameter. */
export function allowedModifiers({ code, type, targets }: SearchParameter): readonly string[] {
  if (code === '_text' || code === '_content') return ['missing'];
  const own = MODIFIERS[type].filter((each) => each !== '[type]');
  return type === 'reference' ? [...own, ...targets] : own;
}

/** Codes that a search of any type takes, columns and `_list` among them. */
export const GENERAL_CODES: ReadonlySet<string> = new Set([...COLUMN_PARAMETERS, '_list']);
