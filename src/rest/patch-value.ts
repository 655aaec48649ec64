/**
 * Values of a FHIRPath Patch: a `value[x]`, or parts for types that have no name of their own.
 * @see https://hl7.org/fhir/R4/fhirpatch.html#concept
 */
import type { Definitions } from '../definitions/index.ts';
import { childDefinition, type Located, propertyOf } from './patch-path.ts';

/** One parameter or part, as far as it is known to be an object. */
export type Part = Readonly<Record<string, unknown>>;

/** A value with the name of the type that its `value[x]` says; '' for one made of parts. */
export interface PatchValue {
  readonly type: string;
  readonly value: unknown;
}

export function partsOf(part: Part | undefined): readonly Part[] {
  const parts = part?.['part'];
  if (!Array.isArray(parts)) return [];
  return parts.filter((each): each is Part => typeof each === 'object' && each !== null);
}

/** The value of a part with a `value[x]`; undefined for one without. */
export function plainValue(part: Part | undefined): PatchValue | undefined {
  for (const [name, value] of Object.entries(part ?? {})) {
    if (/^value[A-Z]\w*$/.test(name)) return { type: name.slice('value'.length), value };
  }
  return part?.['resource'] === undefined ? undefined : { type: 'Resource', value: part['resource'] };
}

/**
 * The value of a part, made for a place.
 * @param place the definition that the value is of
 * @returns undefined when a part is no element of the place, or has no value
 */
export function buildValue(
  definitions: Definitions,
  place: Pick<Located, 'structure' | 'path' | 'property'>,
  part: Part | undefined,
): PatchValue | undefined {
  const plain = plainValue(part);
  if (plain) return plain;
  const parts = partsOf(part);
  if (parts.length === 0) return undefined;
  const value: Record<string, unknown> = {};
  for (const each of parts) {
    const defined = childDefinition(definitions, place, String(each['name']));
    if (!defined) return undefined;
    const { element, structure } = defined;
    const path = element.contentReference ?? element.path;
    const built = buildValue(definitions, { structure, path, property: element.name }, each);
    if (!built) return undefined;
    const property = propertyOf(element, built.type);
    const before = Object.hasOwn(value, property) ? (value[property] as unknown[]) : [];
    value[property] = element.max > 1 ? [...before, built.value] : built.value;
  }
  return { type: '', value };
}
