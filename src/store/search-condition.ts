/** Compiles one search parameter, with its chain and modifier, to a condition on a resource row. */

import type { SearchParameter } from '../definitions/index.ts';
import { SECTOR_SYSTEM } from '../principal.ts';
import { type IndexedParameter, identifierNumber, TABLES } from './index-plan.ts';
import { malformed, readInput, requireModifier, type SearchInput, unknownParameter } from './search-input.ts';
import { equalsAny, existsRow, type SearchScope, visibleRows } from './search-scope.ts';
import { matchDates, matchQuantities, matchReferences, matchStrings, matchTokens } from './search-values.ts';

/** Steps of a chain at most: each is a join. */
const DEEPEST = 3;

/**
 * The condition of one parameter on the rows of a type.
 * @param r alias of `resource`
 * @throws SiltaError `invalid-parameter`
 */
export function compileParameter(
  scope: SearchScope,
  row: { readonly r: string; readonly type: string; readonly depth?: number },
  name: string,
  value: string,
): string {
  if (name.startsWith('_has:')) return compileReverseChain(scope, row, name, value);
  const dot = name.indexOf('.');
  if (dot >= 0) return compileChain(scope, row, name, value);
  const input = readInput(name, value);
  if (input.code === '_id') return compileId(scope, row.r, input);
  if (input.code === '_lastUpdated') {
    requireModifier(input, []);
    return `(${matchDates(scope, input, `${row.r}.last_updated`, `${row.r}.last_updated`)})`;
  }
  const parameter = findParameter(scope, row.type, input.code);
  if (input.modifier === 'missing') return compileMissing(scope, row.r, parameter, input);
  if (input.code === '_security') return compileSecurity(scope, row.r, parameter, input);
  return compileValues(scope, row.r, parameter, input);
}

/** @throws SiltaError `invalid-parameter` with the nearest name that is known */
export function findParameter(scope: SearchScope, type: string, code: string): IndexedParameter {
  const { parameters } = scope.planOf(type);
  const found = parameters.get(code);
  if (found) return found;
  throw unknownParameter(type, code, parameters.keys());
}

const MODIFIERS: Readonly<Record<IndexedParameter['table'], readonly string[]>> = {
  token: ['not', 'missing'],
  string: ['exact', 'contains', 'missing'],
  date: ['missing'],
  reference: ['identifier', 'missing'],
  quantity: ['missing'],
};

/** Modifiers of a type of parameter, `[type]` for names of resource types; undefined when it is not searched by. */
export function searchModifiers(kind: SearchParameter['type']): readonly string[] | undefined {
  const table = TABLES[kind];
  if (kind === 'uri') return ['above', 'below', 'missing'];
  return kind === 'reference' ? ['[type]', ...MODIFIERS.reference] : table && MODIFIERS[table];
}

function compileValues(
  scope: SearchScope,
  r: string,
  parameter: IndexedParameter,
  input: SearchInput,
): string {
  const isReference = parameter.definition.type === 'reference';
  const types = isReference ? parameter.definition.targets : [];
  const own = searchModifiers(parameter.definition.type) ?? [];
  requireModifier(input, [...own.filter((each) => each !== '[type]'), ...types]);
  switch (parameter.table) {
    case 'token': {
      const found = existsRow(scope, r, parameter, (x) => matchTokens(scope, input, x));
      return input.modifier === 'not' ? `NOT ${found}` : found;
    }
    case 'string':
      return existsRow(scope, r, parameter, (x) => matchStrings(scope, input, x));
    case 'date':
      return existsRow(scope, r, parameter, (x) => matchDates(scope, input, `${x}.low`, `${x}.high`));
    case 'reference':
      if (input.modifier === 'identifier') {
        const identifiers = { table: 'token', param: identifierNumber(parameter.param) } as const;
        return existsRow(scope, r, identifiers, (x) => matchTokens(scope, input, x));
      }
      return existsRow(scope, r, parameter, (x) => matchReferences(scope, input, x, parameter));
    case 'quantity':
      return existsRow(scope, r, parameter, (x) => matchQuantities(scope, input, x, parameter));
  }
}

function compileId(scope: SearchScope, r: string, input: SearchInput): string {
  requireModifier(input, ['not']);
  if (input.values.some((each) => !/^[A-Za-z0-9\-.]{1,64}$/.test(each))) {
    throw malformed(input.name, 'an id has 1 to 64 letters, digits, hyphens and dots');
  }
  const same = equalsAny(scope, `${r}.id`, input.values);
  return input.modifier === 'not' ? `NOT (${same})` : same;
}

/** @see https://hl7.org/fhir/R4/search.html#modifiers */
function compileMissing(
  scope: SearchScope,
  r: string,
  parameter: IndexedParameter,
  input: SearchInput,
): string {
  const [value, ...others] = input.values;
  if (others.length > 0 || (value !== 'true' && value !== 'false')) {
    throw malformed(input.name, "the value is 'true' or 'false'");
  }
  // Every resource has a sector label.
  if (parameter.definition.code === '_security') return value === 'true' ? 'false' : 'true';
  const found = existsRow(scope, r, parameter);
  return value === 'true' ? `NOT ${found}` : found;
}

/** The sector label is a column; the other labels are tokens. */
function compileSecurity(
  scope: SearchScope,
  r: string,
  parameter: IndexedParameter,
  input: SearchInput,
): string {
  requireModifier(input, MODIFIERS.token);
  const { modifier: _, ...plain } = input;
  const alternatives = plain.values.map((value) => {
    const labels = existsRow(scope, r, parameter, (x) =>
      matchTokens(scope, { ...plain, values: [value] }, x),
    );
    if (value === `${SECTOR_SYSTEM}|`) return 'true';
    const code = value.startsWith(`${SECTOR_SYSTEM}|`) ? value.slice(SECTOR_SYSTEM.length + 1) : value;
    if (code !== 'health' && code !== 'social') return labels;
    return `(${r}.sector = '${code}' OR ${labels})`;
  });
  const found = `(${alternatives.join(' OR ')})`;
  return input.modifier === 'not' ? `NOT ${found}` : found;
}

interface Row {
  readonly r: string;
  readonly type: string;
  readonly depth?: number;
}

/** `subject:Patient.identifier=…`. @see https://hl7.org/fhir/R4/search.html#chaining */
function compileChain(scope: SearchScope, row: Row, name: string, value: string): string {
  const dot = name.indexOf('.');
  const [code = '', only] = name.slice(0, dot).split(':');
  const rest = name.slice(dot + 1);
  const depth = deeper(row, name);
  const parameter = findParameter(scope, row.type, code);
  if (parameter.definition.type !== 'reference') throw malformed(name, `'${code}' is no reference`);
  const possible = parameter.only ? [parameter.only] : parameter.definition.targets;
  const targets = only === undefined ? possible.filter((type) => knowsFirst(scope, type, rest)) : [only];
  if (only !== undefined && !possible.includes(only))
    throw malformed(name, `'${code}' does not refer to ${only}`);
  if (targets.length === 0) throw malformed(name, `no target of '${code}' has the parameter behind the dot`);
  const alternatives = targets.map((type) => {
    const t = scope.alias();
    const conditions = [
      `${t}.content IS NOT NULL`,
      ...visibleRows(scope, t, type),
      compileParameter(scope, { r: t, type, depth }, rest, value),
    ];
    return existsRow(
      scope,
      row.r,
      parameter,
      (x) =>
        `${x}.target_type = '${type}' AND EXISTS (SELECT FROM resource ${t} WHERE ${t}.type = '${type}' AND ${t}.id = ${x}.target_id AND ${conditions.join(' AND ')})`,
    );
  });
  return `(${alternatives.join(' OR ')})`;
}

/** `_has:Task:patient:status=…`. @see https://hl7.org/fhir/R4/search.html#has */
function compileReverseChain(scope: SearchScope, row: Row, name: string, value: string): string {
  const [, type = '', code = '', ...more] = name.split(':');
  const rest = more.join(':');
  if (!scope.definitions.resourceTypes.has(type) || rest === '') {
    throw malformed(name, "the form is '_has:Type:reference:parameter'");
  }
  const depth = deeper(row, name);
  const parameter = findParameter(scope, type, code);
  const refersHere = parameter.only
    ? parameter.only === row.type
    : parameter.definition.targets.includes(row.type);
  if (parameter.definition.type !== 'reference' || !refersHere) {
    throw malformed(name, `'${code}' of ${type} does not refer to ${row.type}`);
  }
  const x = scope.alias();
  const t = scope.alias();
  const conditions = [
    `${x}.param = ${parameter.param}`,
    `${x}.target_type = '${row.type}'`,
    `${x}.target_id = ${row.r}.id`,
    `${t}.content IS NOT NULL`,
    ...visibleRows(scope, t, type),
    compileParameter(scope, { r: t, type, depth }, rest, value),
  ];
  return `EXISTS (SELECT FROM search_reference ${x} JOIN resource ${t} ON ${t}.key = ${x}.key WHERE ${conditions.join(' AND ')})`;
}

function deeper(row: Row, name: string): number {
  const depth = (row.depth ?? 0) + 1;
  if (depth > DEEPEST) throw malformed(name, `a chain has at most ${DEEPEST} steps`);
  return depth;
}

/**
 * Whether the name of a parameter, each step of its chain too, means something. Its modifier is another matter, and
 * so is a chain that is longer than a search takes.
 */
export function isKnownParameter(
  { definitions, planOf }: Pick<SearchScope, 'definitions' | 'planOf'>,
  type: string,
  name: string,
): boolean {
  const find = (types: readonly string[], code: string): readonly IndexedParameter[] =>
    types.flatMap((each) => planOf(each).parameters.get(code) ?? []);
  let from: readonly string[] = [type];
  let rest = name;
  for (let step = 0; step <= DEEPEST; step++) {
    if (rest.startsWith('_has:')) {
      const [, source = '', code = '', ...more] = rest.split(':');
      if (!definitions.resourceTypes.has(source) || find([source], code).length === 0) return false;
      from = [source];
      rest = more.join(':');
      continue;
    }
    const dot = rest.indexOf('.');
    const [code = '', only] = (dot < 0 ? rest : rest.slice(0, dot)).split(':');
    const parameters = find(from, code);
    if (dot < 0 || parameters.length === 0) return parameters.length > 0;
    const targets = only === undefined ? parameters.flatMap(({ definition }) => definition.targets) : [only];
    from = [...new Set(targets)].filter((each) => definitions.resourceTypes.has(each));
    rest = rest.slice(dot + 1);
  }
  return true;
}

/** Whether a type has the parameter that a chain goes on with. */
function knowsFirst(scope: SearchScope, type: string, name: string): boolean {
  if (name.startsWith('_has:')) return true;
  if (!scope.definitions.resourceTypes.has(type)) return false;
  const code = /^[^.:]*/.exec(name)?.[0] ?? '';
  return scope.planOf(type).parameters.has(code);
}
