/**
 * Composite parameters: values of several parameters that stand in one element.
 * @see https://hl7.org/fhir/R4/search.html#combining
 */
import type { Definitions, SearchParameter } from '../definitions/index.ts';
import type { Resource } from '../resource.ts';
import { compileElementPath, compilePath, type Found } from './index-path.ts';

/** What the values of a component are matched as. */
export type ComponentKind = 'token' | 'string' | 'date' | 'reference' | 'quantity' | 'number' | 'uri';

export interface Component {
  readonly kind: ComponentKind;
  /** The number that stands for type, code and place in the index. */
  readonly param: number;
}

export interface Composite {
  readonly components: readonly Component[];
  /** Emits each value of each component with the number of the element that it is of. */
  readonly extract: (
    resource: Resource,
    emit: (component: Component, element: number, found: Found) => void,
  ) => void;
}

/**
 * @param numberOf the number of a component, by its place
 * @throws Error for a component that is defined nowhere or is no plain path
 */
export function compileComposite(
  type: string,
  definition: SearchParameter,
  parts: { readonly definitions: Definitions; readonly numberOf: (place: number) => number },
): Composite {
  const { definitions, numberOf } = parts;
  const byUrl = new Map([...definitions.searchParameters(type).values()].map((each) => [each.url, each]));
  const components = definition.components.map((each, place): Component => {
    const kind = componentKind(byUrl.get(each.definition)?.type, each.expression, definition);
    return { kind, param: numberOf(place) };
  });
  const starts = definition.expression.split(' | ').map((start) => ({
    elements: compilePath(start, type, definitions),
    walks: definition.components.map(({ expression }) =>
      expression.split(' | ').map((branch) => compileElementPath(start, branch, type, definitions)),
    ),
  }));
  return Object.freeze({
    components,
    extract: (resource: Resource, emit: Parameters<Composite['extract']>[1]) => {
      let element = 0;
      for (const { elements, walks } of starts) {
        elements(resource, ({ value }) => {
          const at = element++;
          components.forEach((component, place) => {
            for (const walk of walks[place] ?? []) {
              walk(value, resource, (found) => {
                if (suits(component.kind, found.type)) emit(component, at, found);
              });
            }
          });
        });
      }
    },
  });
}

function componentKind(
  type: SearchParameter['type'] | undefined,
  expression: string,
  { url }: SearchParameter,
): ComponentKind {
  if (type === undefined || type === 'composite' || type === 'special') {
    throw new Error(`${url}: a component is no search parameter of the type.`);
  }
  // R4 defines DocumentReference's `relationship` with its two components changed for one another.
  if (type === 'reference' && expression === 'code') return 'token';
  return type === 'token' && expression === 'target' ? 'reference' : type;
}

/** Types of a choice that a component cannot be matched by. */
const UNSUITED: Readonly<Partial<Record<ComponentKind, ReadonlySet<string>>>> = {
  token: new Set(['Quantity', 'Range', 'Reference']),
};

const suits = (kind: ComponentKind, type: string): boolean => !UNSUITED[kind]?.has(type);
