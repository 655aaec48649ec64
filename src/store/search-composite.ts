/**
 * Composite parameters: `code-value-quantity=http://loinc.org|8480-6$gt140`, both of one element.
 * @see https://hl7.org/fhir/R4/search.html#combining
 */
import type { Component, ComponentKind } from './index-composite.ts';
import type { IndexedParameter } from './index-plan.ts';
import { malformed, type SearchInput, splitEscaped } from './search-input.ts';
import { matchReferences } from './search-reference.ts';
import type { SearchScope } from './search-scope.ts';
import { matchTokens } from './search-token.ts';
import { matchDates, matchQuantities, matchStrings } from './search-values.ts';

/** A condition on the rows of the resource `r`; without an input, that there are any. */
export function compileComposite(
  scope: SearchScope,
  r: string,
  parameter: IndexedParameter,
  input?: SearchInput,
): string {
  const components = parameter.composite?.components ?? [];
  if (!input) return existsElement(scope, r, components, () => 'true');
  const alternatives = input.values.map((value) => {
    const parts = splitEscaped(value, '$');
    if (parts.length !== components.length || parts.includes('')) {
      throw malformed(input.name, `the form is ${components.length} values with '$' between them`);
    }
    return existsElement(scope, r, components, ({ kind }, x, place) =>
      matchComponent(
        scope,
        kind,
        { name: input.name, code: input.code, values: [parts[place] as string] },
        x,
      ),
    );
  });
  return `(${alternatives.join(' OR ')})`;
}

function existsElement(
  scope: SearchScope,
  r: string,
  components: readonly Component[],
  condition: (component: Component, x: string, place: number) => string,
): string {
  const aliases = components.map(() => scope.alias());
  const [first = '', ...others] = aliases;
  const conditions = components.map((component, place) => {
    const x = aliases[place] as string;
    return `${x}.param = ${component.param} AND (${condition(component, x, place)})`;
  });
  const joins = others.map(
    (x) => `JOIN search_component ${x} ON ${x}.key = ${first}.key AND ${x}.element = ${first}.element`,
  );
  return `EXISTS (SELECT FROM search_component ${first} ${joins.join(' ')} WHERE ${first}.key = ${r}.key AND ${conditions.join(' AND ')})`;
}

function matchComponent(scope: SearchScope, kind: ComponentKind, input: SearchInput, x: string): string {
  switch (kind) {
    case 'token':
      return matchTokens(scope, input, x);
    case 'string':
      return matchStrings(scope, input, x);
    case 'date':
      return matchDates(scope, input, `${x}.since`, `${x}.until`);
    case 'number':
    case 'quantity':
      return matchQuantities(scope, input, x, kind);
    case 'reference':
    case 'uri':
      return matchReferences(scope, input, x, kind);
  }
}
