/** The form in which the R4 definitions are kept beside the code: a few megabytes that parse in milliseconds. */
import type { SearchParameterData } from './search-parameters.ts';
import type { StructureData } from './structure-data.ts';
import type { Constraint, Element } from './types.ts';
import type { CodeSystemData, ValueSetData } from './value-sets.ts';

/** Raised when the form changes: an index of another form is refused. */
export const INDEX_FORMAT = 2;

export interface CompactIndex {
  readonly format: number;
  /** What the index was made of and by; the build skips when it is unchanged. */
  readonly key: string;
  /** Constraints and type lists repeat in thousands of elements; elements name them by their place here. */
  readonly constraints: readonly Constraint[];
  readonly types: readonly Element['types'][];
  readonly structures: readonly PackedStructure[];
  readonly searchParameters: readonly SearchParameterData[];
  readonly codeSystems: readonly CodeSystemData[];
  readonly valueSets: readonly ValueSetData[];
  /** Search parameters of the Patient compartment by resource type. */
  readonly patientCompartment: Readonly<Record<string, readonly string[]>>;
}

/**
 * Most structures are never asked for, and a text costs a tenth of the objects it stands for: so the elements stay the
 * JSON text of `PackedElement[]` until they are.
 */
type PackedStructure = Omit<StructureData, 'elements'> & { readonly elements: string };

/** An element without its defaults; `max` is null for `*`. */
type PackedElement = Partial<Omit<Element, 'path' | 'types' | 'constraints' | 'max' | 'name'>> & {
  readonly path: string;
  readonly max?: number | null;
  readonly t?: number;
  readonly c?: readonly number[];
};

export interface Packer {
  readonly constraints: Constraint[];
  readonly types: Element['types'][];
  pack(structure: StructureData): PackedStructure;
}

/** Packs structures, collecting what they share. */
export function createPacker(): Packer {
  const constraints = new Pool<Constraint>();
  const types = new Pool<Element['types']>();
  const packElement = (element: Element): PackedElement => {
    const { path, name: _, min, max, types: own, constraints: checks, summary, modifier, ...rest } = element;
    return {
      path,
      ...(min !== 0 && { min }),
      ...(max !== 1 && { max: Number.isFinite(max) ? max : null }),
      ...(own.length > 0 && { t: types.place(own) }),
      ...(checks.length > 0 && { c: checks.map((each) => constraints.place(each)) }),
      ...(summary && { summary }),
      ...(modifier && { modifier }),
      ...rest,
    };
  };
  return {
    constraints: constraints.values,
    types: types.values,
    pack: (structure) => ({ ...structure, elements: JSON.stringify(structure.elements.map(packElement)) }),
  };
}

class Pool<T> {
  readonly values: T[] = [];
  readonly #places = new Map<string, number>();

  place(value: T): number {
    const key = JSON.stringify(value);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = this.values.push(value) - 1;
    this.#places.set(key, place);
    return place;
  }
}

/** Restores a structure of the index. */
export function unpackStructure(
  packed: PackedStructure,
  index: Pick<CompactIndex, 'constraints' | 'types'>,
): StructureData {
  const elements = JSON.parse(packed.elements) as readonly PackedElement[];
  return { ...packed, elements: elements.map((each) => unpackElement(each, index)) };
}

function unpackElement(packed: PackedElement, index: Pick<CompactIndex, 'constraints' | 'types'>): Element {
  const { t, c, max, ...rest } = packed;
  return {
    min: 0,
    summary: false,
    modifier: false,
    ...rest,
    name: packed.path.slice(packed.path.lastIndexOf('.') + 1),
    max: max === null ? Number.POSITIVE_INFINITY : (max ?? 1),
    types: t === undefined ? [] : (index.types[t] ?? []),
    constraints: (c ?? []).flatMap((place) => index.constraints[place] ?? []),
  };
}
