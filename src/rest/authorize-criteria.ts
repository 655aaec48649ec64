/**
 * A chained parameter tells something of every type on its way, so searching through a type needs the same
 * permission as searching it.
 * @see https://hl7.org/fhir/R4/search.html#chaining
 */
import type { Definitions } from '../definitions/index.ts';
import type { Store } from '../store/index.ts';
import type { Parameters } from './parse-parameters.ts';
import type { Session } from './types.ts';

/** @throws SiltaError `forbidden` naming the type on the way that the caller may not search */
export function authorizeCriteria({ rest, principal }: Session, type: string, parameters: Parameters): void {
  for (const reached of typesSearched(rest, type, parameters)) {
    rest.access.authorize(principal, 'search', reached);
  }
}

/** Types beside its own that a search of a type looks at. */
export function typesSearched(
  { store, definitions }: { readonly store: Pick<Store, 'typesReached'>; readonly definitions: Definitions },
  type: string,
  parameters: Parameters,
): ReadonlySet<string> {
  return new Set(
    parameters.flatMap(([name, value]) => [
      ...store.typesReached(type, name),
      ...typesNamed(definitions, name, value),
    ]),
  );
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
