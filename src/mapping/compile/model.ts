/**
 * What the compiler asks of the models on both sides: types, elements, choices, cardinality. FHIR types and logical
 * models look the same here.
 */
import type { Definitions, Element, Structure } from '../../definitions/index.ts';
import { findHl7v2Model } from '../codecs/hl7v2/models.ts';

/** A type as it stands at a place: a whole type (`Patient`) or the inline content of an element (`Patient.contact`). */
export interface Shape {
  readonly structure: Structure;
  readonly path: string;
}

/** One way an element can appear in JSON: `valueString` of `value[x]`. */
export interface Alternative {
  readonly key: string;
  readonly shape: Shape;
}

/** An element as the compiler sees it. */
export interface Child {
  readonly name: string;
  readonly isList: boolean;
  readonly isChoice: boolean;
  /** Its definition; the parts of primitives have none. */
  readonly element?: Element;
  readonly alternatives: readonly Alternative[];
}

export interface Models {
  /** A type by canonical URL, type name or a model's name. */
  find(urlOrName: string): Shape | undefined;
  /** An element of a type; `value` and `valueString` both find `value[x]`. */
  child(shape: Shape, name: string): Child | undefined;
  /** Names of the elements of a type, for suggestions. */
  childNames(shape: Shape): readonly string[];
  /** Whether `shape` is `base` or specialises it. */
  isKindOf(shape: Shape, base: Shape): boolean;
}

/** Where the type of a value is noted when its element could have had another one and its name does not tell. */
export const TYPE_MARK = 'xsi:type';

const SYSTEM_TYPE = /^http:\/\/hl7\.org\/fhirpath\/System\.(.)(.*)$/;
/** Types whose elements are defined in place. */
const INLINE: ReadonlySet<string> = new Set(['BackboneElement', 'Element', 'Base', 'BackboneType', 'base']);

export function typeName(shape: Shape): string {
  const { structure, path } = shape;
  return path === rootPath(structure) ? (structure.type.split('/').at(-1) ?? structure.type) : path;
}

export function rootPath(structure: Structure): string {
  return structure.elements[0]?.path ?? structure.type;
}

export function isPrimitive(shape: Shape): boolean {
  return shape.structure.kind === 'primitive-type';
}

export function isResource(shape: Shape): boolean {
  return shape.structure.kind === 'resource' && shape.path === rootPath(shape.structure);
}

/** Resource and DomainResource: what stands there is known only when it is read. */
export function isOpen(shape: Shape): boolean {
  return isResource(shape) && shape.structure.abstract;
}

/** Equal types; a profile is the type it constrains. */
export function sameShape(left: Shape, right: Shape): boolean {
  return left.structure.type === right.structure.type && left.path === right.path;
}

function capitalise(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

const NO_MODELS: readonly Structure[] = [];
const shared = new WeakMap<Definitions, WeakMap<readonly Structure[], Models>>();

/** The models of the definitions and further logical models; the same lists give the same models. */
export function createModels(definitions: Definitions, further: readonly Structure[] = NO_MODELS): Models {
  const known = shared.get(definitions) ?? new WeakMap<readonly Structure[], Models>();
  shared.set(definitions, known);
  const models = known.get(further) ?? readModels(definitions, further);
  known.set(further, models);
  return models;
}

function readModels(definitions: Definitions, further: readonly Structure[]): Models {
  const extra = new Map<string, Structure>();
  for (const structure of further) {
    for (const name of [structure.name, structure.type, structure.url]) extra.set(name, structure);
  }
  const children = new Map<string, Map<string, Child>>();

  const find = (urlOrName: string): Shape | undefined => {
    const name = urlOrName.replace(
      SYSTEM_TYPE,
      (_, first: string, rest: string) => first.toLowerCase() + rest,
    );
    const structure = extra.get(name) ?? definitions.structure(name) ?? findHl7v2Model(name, definitions);
    return structure && { structure, path: rootPath(structure) };
  };

  const shapesOf = (structure: Structure, element: Element): readonly { code: string; shape: Shape }[] => {
    if (element.contentReference !== undefined) {
      const path = element.contentReference.replace(/^.*#/, '');
      return [{ code: '', shape: { structure, path } }];
    }
    const hasContent = structure.children(element.path).length > 0;
    return element.types.flatMap(({ code, profiles }) => {
      if (hasContent && (INLINE.has(code) || structure.kind === 'logical'))
        return [{ code, shape: { structure, path: element.path } }];
      const profiled = code === 'Extension' || !profiles?.[0] ? undefined : find(profiles[0]);
      const shape = profiled?.structure.type === code ? profiled : find(code);
      return shape ? [{ code: typeName(shape), shape }] : [];
    });
  };

  const makeChild = (structure: Structure, element: Element): Child => {
    const isChoice = element.name.endsWith('[x]');
    const name = isChoice ? element.name.slice(0, -3) : element.name;
    const alternatives = shapesOf(structure, element).map(({ code, shape }) => ({
      key: isChoice ? name + capitalise(code) : name,
      shape,
    }));
    return { name, isList: element.max > 1, isChoice, element, alternatives };
  };

  const childrenOf = (shape: Shape): Map<string, Child> => {
    const key = `${shape.structure.url}#${shape.path}`;
    const known = children.get(key);
    if (known) return known;
    const found = new Map<string, Child>();
    for (const element of shape.structure.children(shape.path)) {
      const child = makeChild(shape.structure, element);
      found.set(child.name, child);
      if (!child.isChoice) continue;
      for (const alternative of child.alternatives)
        found.set(alternative.key, { ...child, name: child.name, alternatives: [alternative] });
    }
    children.set(key, found);
    return found;
  };

  return {
    find,
    child: (shape, name) => childrenOf(shape).get(name),
    childNames: (shape) => [...childrenOf(shape).keys()],
    isKindOf: (shape, base) => {
      if (sameShape(shape, base)) return true;
      if (shape.path !== rootPath(shape.structure)) return INLINE.has(typeName(base));
      for (let at: Structure | undefined = shape.structure; at; ) {
        if (at.url === base.structure.url) return true;
        at = at.base === undefined ? undefined : find(at.base)?.structure;
      }
      return false;
    },
  };
}
