/** Compiles one search parameter, with its chain and modifier, to a condition on a resource row. */

import { SECTOR_SYSTEM } from '../principal.ts';
import { type IndexedParameter, identifierNumber } from './index-plan.ts';
import { compileChain, compileReverseChain, type Row } from './search-chain.ts';
import { compileComposite } from './search-composite.ts';
import { malformed, readInput, requireModifier, type SearchInput } from './search-input.ts';
import { allowedModifiers, findParameter } from './search-parameter.ts';
import { matchReferences } from './search-reference.ts';
import { equalsAny, existsRow, type SearchScope, visibleRows } from './search-scope.ts';
import { matchWords } from './search-text.ts';
import { compileTokens, matchTokens } from './search-token.ts';
import { matchDates, matchQuantities, matchStrings } from './search-values.ts';

/**
 * The condition of one parameter on the rows of a type.
 * @param r alias of `resource`
 * @throws SiltaError `invalid-parameter`
 */
export function compileParameter(scope: SearchScope, row: Row, name: string, value: string): string {
  if (name.startsWith('_has:')) return compileReverseChain(scope, row, [name, value], compileParameter);
  if (name.includes('.')) return compileChain(scope, row, [name, value], compileParameter);
  const input = readInput(name, value);
  if (input.code === '_list') return compileList(scope, row, input);
  const isColumn = input.code === '_id' || input.code === '_lastUpdated';
  // Every resource has both.
  if (isColumn && input.modifier === 'missing') return isMissing(input) ? 'false' : 'true';
  if (input.code === '_id') return compileId(scope, row.r, input);
  if (input.code === '_lastUpdated') {
    requireModifier(input, ['missing']);
    return `(${matchDates(scope, input, `${row.r}.last_updated`, `${row.r}.last_updated`)})`;
  }
  const parameter = findParameter(scope, row.type, input.code);
  if (input.modifier === 'missing') return compileMissing(scope, row.r, parameter, input);
  if (input.code === '_security') return compileSecurity(scope, row.r, parameter, input);
  return compileValues(scope, row.r, parameter, input);
}

function compileValues(
  scope: SearchScope,
  r: string,
  parameter: IndexedParameter,
  input: SearchInput,
): string {
  const { definition, table } = parameter;
  requireModifier(input, allowedModifiers(definition));
  switch (table) {
    case 'token':
      return compileTokens(scope, r, parameter, input);
    case 'component':
      return compileComposite(scope, r, parameter, input);
    case 'text':
      return existsRow(scope, r, parameter, (x) => matchWords(scope, input, x));
    case 'string':
      return existsRow(scope, r, parameter, (x) => matchStrings(scope, input, x));
    case 'date':
      return existsRow(scope, r, parameter, (x) => matchDates(scope, input, `${x}.low`, `${x}.high`));
    case 'reference':
      if (input.modifier === 'identifier') {
        const identifiers = { table: 'token', param: identifierNumber(parameter.param) } as const;
        return existsRow(scope, r, identifiers, (x) => matchTokens(scope, input, x));
      }
      return existsRow(scope, r, parameter, (x) => matchReferences(scope, input, x, definition.type));
    case 'quantity':
      return existsRow(scope, r, parameter, (x) => matchQuantities(scope, input, x, definition.type));
  }
}

function compileId(scope: SearchScope, r: string, input: SearchInput): string {
  requireModifier(input, ['not', 'missing']);
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
  const missing = isMissing(input);
  // Every resource has a sector label.
  if (parameter.definition.code === '_security') return missing ? 'false' : 'true';
  const isComposite = parameter.table === 'component';
  const found = isComposite ? compileComposite(scope, r, parameter) : existsRow(scope, r, parameter);
  return missing ? `NOT ${found}` : found;
}

function isMissing(input: SearchInput): boolean {
  const [value, ...others] = input.values;
  if (others.length > 0 || (value !== 'true' && value !== 'false')) {
    throw malformed(input.name, "the value is 'true' or 'false'");
  }
  return value === 'true';
}

/** Members of a List that the caller may see. @see https://hl7.org/fhir/R4/search.html#list */
function compileList(scope: SearchScope, { r, type }: Row, input: SearchInput): string {
  requireModifier(input, []);
  if (input.values.some((each) => !/^[A-Za-z0-9\-.]{1,64}$/.test(each))) {
    throw malformed(input.name, 'the value is the id of a List; named lists are not kept here');
  }
  const [x, l] = [scope.alias(), scope.alias()];
  const conditions = [
    `${l}.type = 'List'`,
    equalsAny(scope, `${l}.id`, input.values),
    `${l}.content IS NOT NULL`,
    ...visibleRows(scope, l, 'List'),
    `${x}.param = ${findParameter(scope, 'List', 'item').param}`,
    `${x}.target_type = '${type}'`,
    `${x}.target_id = ${r}.id`,
  ];
  return `EXISTS (SELECT FROM resource ${l} JOIN search_reference ${x} ON ${x}.key = ${l}.key WHERE ${conditions.join(' AND ')})`;
}

/** The sector label is a column; the other labels are tokens. */
function compileSecurity(
  scope: SearchScope,
  r: string,
  parameter: IndexedParameter,
  input: SearchInput,
): string {
  requireModifier(input, allowedModifiers(parameter.definition));
  if (input.modifier !== undefined && input.modifier !== 'not') {
    return compileLabelCodes(scope, r, parameter, input);
  }
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

/** The sector's label has codes but no text and no type. */
function compileLabelCodes(
  scope: SearchScope,
  r: string,
  parameter: IndexedParameter,
  input: SearchInput,
): string {
  const excludes = input.modifier === 'not-in';
  const labels = compileTokens(scope, r, parameter, excludes ? { ...input, modifier: 'in' } : input);
  const codes = input.values.flatMap((value) => scope.codeSets.get(`${input.modifier} ${value}`) ?? []);
  const sectors = codes.filter(({ system }) => system === SECTOR_SYSTEM).map(({ code }) => code);
  const found = sectors.length === 0 ? labels : `(${equalsAny(scope, `${r}.sector`, sectors)} OR ${labels})`;
  return excludes ? `NOT ${found}` : found;
}
