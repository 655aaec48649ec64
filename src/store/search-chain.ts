/**
 * Compiles chains, forwards and in reverse, to joins over what the caller may see.
 * @see https://hl7.org/fhir/R4/search.html#chaining
 */
import type { IndexedParameter } from './index-plan.ts';
import { malformed } from './search-input.ts';
import { findParameter } from './search-parameter.ts';
import { existsRow, type SearchScope, visibleRows } from './search-scope.ts';
import { chainTargets, DEEPEST, possibleTargets } from './search-steps.ts';

/** Rows that a condition is on. */
export interface Row {
  /** Alias of `resource`. */
  readonly r: string;
  readonly type: string;
  /** Steps of a chain before. */
  readonly depth?: number;
}

/** Compiles what stands behind a step. */
export type CompileParameter = (scope: SearchScope, row: Row, name: string, value: string) => string;

/** `subject:Patient.identifier=…`. @see https://hl7.org/fhir/R4/search.html#chaining */
export function compileChain(
  scope: SearchScope,
  row: Row,
  [name, value]: readonly [string, string],
  compile: CompileParameter,
): string {
  const dot = name.indexOf('.');
  const [code = '', only] = name.slice(0, dot).split(':');
  const rest = name.slice(dot + 1);
  const depth = deeper(row, name);
  const parameter = findParameter(scope, row.type, code);
  if (parameter.definition.type !== 'reference') throw malformed(name, `'${code}' is no reference`);
  const targets = only === undefined ? chainTargets(scope, parameter, rest) : [only];
  if (only !== undefined && !possibleTargets(parameter).includes(only))
    throw malformed(name, `'${code}' does not refer to ${only}`);
  if (targets.length === 0) throw malformed(name, `no target of '${code}' has the parameter behind the dot`);
  const alternatives = targets.flatMap((type) => {
    const conditions = (t: string): string =>
      [
        `${t}.content IS NOT NULL`,
        ...visibleRows(scope, t, type),
        compile(scope, { r: t, type, depth }, rest, value),
      ].join(' AND ');
    const t = scope.alias();
    const step = `SELECT FROM resource ${t} WHERE ${t}.type = '${type}' AND ${t}.id`;
    return [
      existsRow(
        scope,
        row.r,
        parameter,
        (x) => `${x}.target_type = '${type}' AND EXISTS (${step} = ${x}.target_id AND ${conditions(t)})`,
      ),
      ...(namedByUrl(scope, parameter, type)
        ? [existsRow(scope, row.r, parameter, (x) => meansUrl(scope, x, type, conditions))]
        : []),
    ];
  });
  return `(${alternatives.join(' OR ')})`;
}

/** Whether canonicals of the parameter may name a resource of the type. */
export function namedByUrl(scope: SearchScope, parameter: IndexedParameter, type: string): boolean {
  return (
    parameter.canonical === true &&
    scope.definitions.resourceTypes.has(type) &&
    scope.planOf(type).parameters.get('url')?.definition.type === 'uri'
  );
}

/** Rows `u` of the `url` of resources that the canonical in the row `x` names, in the version that it names. */
export function sameCanonical(scope: SearchScope, x: string, u: string, type: string): string {
  const { parameters } = scope.planOf(type);
  const version = parameters.get('version');
  const same = `${u}.param = ${parameters.get('url')?.param} AND ${u}.url = ${x}.url`;
  if (!version) return same;
  const v = scope.alias();
  return `${same} AND (${x}.version IS NULL OR EXISTS (SELECT FROM search_token ${v} WHERE ${v}.key = ${u}.key
    AND ${v}.param = ${version.param} AND ${v}.code = ${x}.version))`;
}

function meansUrl(scope: SearchScope, x: string, type: string, conditions: (t: string) => string): string {
  const [t, u] = [scope.alias(), scope.alias()];
  return `EXISTS (SELECT FROM search_reference ${u} JOIN resource ${t} ON ${t}.key = ${u}.key
    WHERE ${sameCanonical(scope, x, u, type)} AND ${conditions(t)})`;
}

/** `_has:Task:patient:status=…`. @see https://hl7.org/fhir/R4/search.html#has */
export function compileReverseChain(
  scope: SearchScope,
  row: Row,
  [name, value]: readonly [string, string],
  compile: CompileParameter,
): string {
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
  const conditions = (x: string, t: string): string =>
    [
      `${x}.param = ${parameter.param}`,
      `${t}.content IS NOT NULL`,
      ...visibleRows(scope, t, type),
      compile(scope, { r: t, type, depth }, rest, value),
    ].join(' AND ');
  const [x, t] = [scope.alias(), scope.alias()];
  const byId = `EXISTS (SELECT FROM search_reference ${x} JOIN resource ${t} ON ${t}.key = ${x}.key
    WHERE ${x}.target_type = '${row.type}' AND ${x}.target_id = ${row.r}.id AND ${conditions(x, t)})`;
  if (!namedByUrl(scope, parameter, row.type)) return byId;
  const [u, y, s] = [scope.alias(), scope.alias(), scope.alias()];
  return `(${byId} OR EXISTS (SELECT FROM search_reference ${u} JOIN search_reference ${y} ON ${sameCanonical(scope, y, u, row.type)}
    JOIN resource ${s} ON ${s}.key = ${y}.key WHERE ${u}.key = ${row.r}.key AND ${conditions(y, s)}))`;
}

function deeper(row: Row, name: string): number {
  const depth = (row.depth ?? 0) + 1;
  if (depth > DEEPEST) throw malformed(name, `a chain has at most ${DEEPEST} steps`);
  return depth;
}
