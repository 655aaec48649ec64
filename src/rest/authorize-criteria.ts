/**
 * A chained parameter tells something of every type on its way, so searching through a type needs the same
 * permission as searching it.
 * @see https://hl7.org/fhir/R4/search.html#chaining
 */
import type { Definitions } from '../definitions/index.ts';
import type { Parameters } from './parse-parameters.ts';
import type { Session } from './types.ts';

/** Steps looked at; the store refuses longer chains. */
const DEEPEST = 8;

/** @throws SiltaError `forbidden` naming the type on the way that the caller may not search */
export function authorizeCriteria({ rest, principal }: Session, type: string, parameters: Parameters): void {
  for (const [name, value] of parameters) {
    const types = [
      ...typesSearched(rest.definitions, type, name),
      ...typesNamed(rest.definitions, name, value),
    ];
    for (const reached of types) rest.access.authorize(principal, 'search', reached);
  }
}

/**
 * Types that a value makes the search look at: those of the members of a List, of a hierarchy, and of what refers to
 * matches.
 */
function typesNamed(definitions: Definitions, name: string, value: string): readonly string[] {
  if (/(^|[.:])_list$/.test(name)) return ['List'];
  if (!/:(above|below)$|^_revinclude(:|$)/.test(name)) return [];
  const named = value.split(',').flatMap((each) => /([A-Z]\w*)[/:][^/|]*$/.exec(each)?.[1] ?? []);
  return named.filter((type) => definitions.resourceTypes.has(type));
}

/** Types that a parameter such as `subject:Patient.organization.name` or `_has:Task:focus:status` goes through. */
export function typesSearched(definitions: Definitions, type: string, name: string): ReadonlySet<string> {
  const reached = new Set<string>();
  let from: readonly string[] = [type];
  let rest = name;
  for (let step = 0; step < DEEPEST; step++) {
    const next = takeStep(definitions, from, rest);
    if (!next) break;
    for (const each of next.types) reached.add(each);
    from = next.types;
    rest = next.rest;
  }
  return reached;
}

interface Step {
  readonly types: readonly string[];
  readonly rest: string;
}

function takeStep(definitions: Definitions, from: readonly string[], name: string): Step | undefined {
  if (name.startsWith('_has:')) {
    const [, source = '', , ...rest] = name.split(':');
    return definitions.resourceTypes.has(source) ? { types: [source], rest: rest.join(':') } : undefined;
  }
  const dot = name.indexOf('.');
  if (dot < 0) return undefined;
  const [code = '', only] = name.slice(0, dot).split(':');
  const rest = name.slice(dot + 1);
  const targets = only
    ? [only]
    : from.flatMap((type) => definitions.searchParameters(type).get(code)?.targets ?? []);
  // Without a type, a chain goes through those targets that have the next parameter.
  const [following = ''] = rest.split(/[.:]/, 1);
  const types = [...new Set(targets)].filter(
    (type) =>
      definitions.resourceTypes.has(type) &&
      (following === '_has' || definitions.searchParameters(type).has(following)),
  );
  return { types, rest };
}
