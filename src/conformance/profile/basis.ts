/**
 * What base R4 says of an element of a profile, so that only what the profile adds is judged again.
 *
 * @see https://hl7.org/fhir/R4/profiling.html
 */
import type { Definitions, Element, Structure } from '../../definitions/index.ts';

/** An element of a base definition. */
export interface Basis {
  readonly structure: Structure;
  readonly path: string;
}

/** The base of a child: in the same structure, where it refers to, or in its type. */
export function childBasis(
  basis: Basis | undefined,
  name: string,
  types: Element['types'],
  definitions: Pick<Definitions, 'structure'>,
): Basis | undefined {
  if (!basis) return undefined;
  const element = basis.structure.element(basis.path);
  for (const path of [basis.path, element?.contentReference]) {
    if (path !== undefined && basis.structure.element(`${path}.${name}`)) {
      return { structure: basis.structure, path: `${path}.${name}` };
    }
  }
  const type = types.length === 1 ? types[0]?.code : undefined;
  const structure = type === undefined ? undefined : definitions.structure(type);
  return structure?.element(`${structure.type}.${name}`)
    ? { structure, path: `${structure.type}.${name}` }
    : undefined;
}
