import type { Definitions } from '../definitions/index.ts';
import { SiltaError } from '../outcome.ts';
import type { IndexedParameter, IndexPlan } from './index-plan.ts';
import type { CodeSets } from './search-terminology.ts';
import type { Visibility } from './types.ts';

/** What compiling one search needs; values are bound, so that a search's text depends on its shape only. */
export interface SearchScope {
  readonly definitions: Definitions;
  readonly planOf: (type: string) => IndexPlan;
  readonly visibility: Visibility;
  readonly now: number;
  /** Codes that values with a modifier of terminology mean. */
  readonly codeSets: CodeSets;
  /** Address of this server's FHIR base. */
  readonly base?: string;
  /** Binds a value and returns its place in the statement, e.g. `$3`. */
  bind(value: unknown): string;
  /** A table alias that no other part of the statement uses. */
  alias(): string;
  readonly values: readonly unknown[];
}

/** Joins of one statement at most. A chain may branch at each step, so its length alone says little. */
const MOST_ALIASES = 200;

export function createSearchScope(
  parts: Pick<SearchScope, 'definitions' | 'planOf' | 'visibility' | 'now' | 'base'> & {
    readonly codeSets?: CodeSets;
  },
): SearchScope {
  const values: unknown[] = [];
  let aliases = 0;
  return {
    codeSets: new Map(),
    ...parts,
    values,
    bind: (value) => `$${values.push(value)}`,
    alias: () => {
      if (++aliases > MOST_ALIASES) {
        throw new SiltaError(
          'invalid-parameter',
          'The search looks in too many places: name the types in its chains.',
        );
      }
      return `x${aliases}`;
    },
  };
}

/** The same parts without the values bound so far: for another statement of the same search. */
export function freshScope(scope: SearchScope): SearchScope {
  const { values: _values, bind: _bind, alias: _alias, ...parts } = scope;
  return createSearchScope(parts);
}

/** An index table's rows of one parameter of the resource `r` that fulfil a condition on their alias. */
export function existsRow(
  scope: SearchScope,
  r: string,
  parameter: Pick<IndexedParameter, 'table' | 'param' | 'only'>,
  condition?: (x: string) => string,
): string {
  const x = scope.alias();
  const parts = [
    `${x}.key = ${r}.key`,
    `${x}.param = ${parameter.param}`,
    ...(parameter.only ? [`${x}.target_type = '${parameter.only}'`] : []),
    ...(condition ? [`(${condition(x)})`] : []),
  ];
  return `EXISTS (SELECT FROM search_${parameter.table} ${x} WHERE ${parts.join(' AND ')})`;
}

/** One condition or several alternatives of a bound text column. */
export function equalsAny(scope: SearchScope, column: string, values: readonly string[]): string {
  const [first, ...others] = values;
  if (others.length === 0) return `${column} = ${scope.bind(first)}`;
  return `${column} = ANY (${scope.bind(values)}::text[])`;
}

const SECTORS = 2;

/** What the caller may see of the resources of one type; empty when everything. */
export function visibleRows(scope: SearchScope, r: string, type: string): string[] {
  const { patientId } = scope.visibility;
  const conditions = visibleSectors(scope, r);
  if (patientId === undefined) return conditions;
  const plan = scope.planOf(type);
  if (type === 'Patient') conditions.push(`${r}.id = ${scope.bind(patientId)}`);
  else if (plan.inCompartment) {
    const place = scope.bind(patientId);
    const compartment = { table: 'reference', param: plan.compartmentParam } as const;
    conditions.push(existsRow(scope, r, compartment, (x) => `${x}.target_id = ${place}`));
  } else if (!isShared(scope, type)) conditions.push('false');
  return conditions;
}

/** The same for rows whose types are not known before. */
export function visibleRowsOfAnyType(scope: SearchScope, r: string): string[] {
  const { patientId } = scope.visibility;
  const conditions = visibleSectors(scope, r);
  if (patientId === undefined) return conditions;
  const shared = [...scope.definitions.resourceTypes].filter((type) => isSharedType(scope, type));
  const own = `${scope.bind(patientId)} = ANY (${r}.patients)`;
  return [...conditions, `(${own} OR ${r}.type = ANY (${scope.bind(shared)}::text[]))`];
}

/** Whether a type is in no compartment and may be seen by a caller confined to one. */
export function isSharedType(scope: SearchScope, type: string): boolean {
  return !scope.planOf(type).inCompartment && isShared(scope, type);
}

/** The sectors that the caller may see; no condition when these are all. */
export function visibleSectors(scope: SearchScope, r: string): string[] {
  const sectors = new Set(scope.visibility.sectors);
  return sectors.size === SECTORS ? [] : [`${r}.sector = ANY (${scope.bind([...sectors])}::text[])`];
}

const isShared = ({ visibility }: SearchScope, type: string): boolean =>
  visibility.sharedTypes === undefined || visibility.sharedTypes.has(type);
