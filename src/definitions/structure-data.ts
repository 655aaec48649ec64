import type { StructureDefinition } from 'fhir/r4';
import { completeElement, readElement, readXmlExtensions } from './element.ts';
import type { Element, Structure } from './types.ts';

/** A structure without its look-ups: what the compiled index holds. */
export type StructureData = Pick<
  Structure,
  | 'url'
  | 'version'
  | 'name'
  | 'type'
  | 'kind'
  | 'abstract'
  | 'derivation'
  | 'base'
  | 'elements'
  | 'regex'
  | 'xmlNamespace'
  | 'context'
  | 'contextInvariants'
>;

const REGEX = 'http://hl7.org/fhir/StructureDefinition/regex';

/** Reads a StructureDefinition that has a snapshot. */
export function readStructure(definition: StructureDefinition): StructureData {
  const elements = (definition.snapshot?.element ?? []).map((each) => completeElement(readElement(each)));
  const regex = definition.snapshot?.element
    .find((each) => each.path === `${definition.type}.value`)
    ?.type?.flatMap((type) => type.extension ?? [])
    .find((extension) => extension.url === REGEX)?.valueString;
  return {
    ...readHead(definition),
    elements: definition.kind === 'resource' ? elements.map(withResourceId) : elements,
    ...(regex && definition.kind === 'primitive-type' && { regex }),
  };
}

/** Everything of a StructureDefinition but its elements. */
export function readHead(definition: StructureDefinition): Omit<StructureData, 'elements' | 'regex'> {
  const { xmlNamespace } = readXmlExtensions(definition.extension);
  return {
    url: definition.url,
    ...(definition.version && { version: definition.version }),
    name: definition.name ?? definition.url,
    type: definition.type.slice(definition.type.lastIndexOf('/') + 1),
    kind: definition.kind,
    abstract: definition.abstract,
    derivation: definition.derivation ?? 'specialization',
    ...(definition.baseDefinition && { base: definition.baseDefinition }),
    ...(xmlNamespace && { xmlNamespace }),
    ...(definition.context && {
      context: definition.context.map(({ type, expression }) => ({ type, expression })),
    }),
    ...(definition.contextInvariant && { contextInvariants: definition.contextInvariant }),
  };
}

// R4's snapshots say `string` of a resource's id; its type is `id`: https://hl7.org/fhir/R4/resource.html#id
function withResourceId(element: Element): Element {
  return /^\w+\.id$/.test(element.path) ? { ...element, types: [{ code: 'id' }] } : element;
}

/** Adds the look-ups to a structure and freezes it. */
export function openStructure(data: StructureData): Structure {
  const elements = Object.freeze(data.elements.map((each) => Object.freeze(each)));
  const byPath = new Map(elements.map((each) => [each.path, each]));
  const byParent = group(elements, (each) => (isSlice(each.path) ? undefined : parentPath(each.path)));
  const bySliced = group(elements, (each) => (isSlice(each.path) ? slicedPath(each.path) : undefined));
  const none: readonly Element[] = Object.freeze([]);
  return Object.freeze({
    ...data,
    elements,
    element: (path: string) => byPath.get(path),
    children: (path: string) => byParent.get(path) ?? none,
    slices: (path: string) => bySliced.get(path) ?? none,
  });
}

/** Path of the element that holds this one; undefined for the root. */
export function parentPath(path: string): string | undefined {
  const dot = path.lastIndexOf('.');
  return dot < 0 ? undefined : path.slice(0, dot);
}

/** Whether the element itself (not one above it) is a slice. */
export function isSlice(path: string): boolean {
  return path.lastIndexOf(':') > path.lastIndexOf('.');
}

/**
 * Path of the element that a slice is a slice of; `x:a/b` is a slice of the slice `x:a`.
 * @see https://hl7.org/fhir/R4/profiling.html#reslicing
 */
export function slicedPath(path: string): string {
  const colon = path.lastIndexOf(':');
  const slash = path.lastIndexOf('/');
  return path.slice(0, Math.max(colon, slash));
}

function group(
  elements: readonly Element[],
  keyOf: (element: Element) => string | undefined,
): Map<string, readonly Element[]> {
  const groups = new Map<string, Element[]>();
  for (const element of elements) {
    const key = keyOf(element);
    if (key === undefined) continue;
    const found = groups.get(key);
    if (found) found.push(element);
    else groups.set(key, [element]);
  }
  return groups;
}
