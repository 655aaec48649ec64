/**
 * How the elements of a type stand in XML, read out of its definition.
 *
 * @see https://hl7.org/fhir/R4/xml.html and https://hl7.org/fhir/R4/valueset-property-representation.html
 */
import type { Element } from '../../../definitions/index.ts';
import { type Alternative, isPrimitive, type Models, type Shape, typeName } from '../../compile/model.ts';
import { XHTML } from './read-xml.ts';

/** One key of a value's JSON. */
export interface Field {
  /** Name in JSON; a primitive's id and extensions are at `_key`. */
  readonly key: string;
  /** Name in FHIRPath: a choice's without its type. */
  readonly step: string;
  readonly kind: 'element' | 'attribute' | 'text' | 'markup' | 'group';
  readonly xmlName: string;
  /** Undefined: elements take their parent's, attributes have none. */
  readonly xmlNamespace: string | undefined;
  readonly isList: boolean;
  /** Whether `xsi:type` tells the type. */
  readonly isTyped: boolean;
  readonly types: readonly Shape[];
}

function kindOf(element: Element | undefined, types: readonly Shape[]): Field['kind'] {
  const has = (word: string) => element?.representation?.includes(word) === true;
  if (has('xmlAttr')) return 'attribute';
  if (has('xmlText')) return 'text';
  if (has('xhtml') || has('cdaText') || types.some((each) => typeName(each) === 'xhtml')) return 'markup';
  return element?.xmlChoiceGroup ? 'group' : 'element';
}

function fieldsOfChild(models: Models, shape: Shape, name: string): readonly Field[] {
  const child = models.child(shape, name);
  // A choice is there under the name of each type, too.
  if (!child || child.name !== name) return [];
  const { element, isList, isChoice } = child;
  const make = (key: string, alternatives: readonly Alternative[]): Field => {
    const types = alternatives.map((each) => each.shape);
    const kind = kindOf(element, types);
    const isXhtml = kind === 'markup' && !element?.representation?.includes('cdaText');
    return {
      key,
      step: name,
      kind,
      xmlName: element?.xmlName ?? key,
      xmlNamespace: element?.xmlNamespace ?? (isXhtml ? XHTML : undefined),
      isList,
      isTyped: element?.representation?.includes('typeAttr') === true || types.length > 1,
      types,
    };
  };
  return isChoice
    ? child.alternatives.map((each) => make(each.key, [each]))
    : [make(name, child.alternatives)];
}

/** Gives the fields of types in the order of their definitions; a primitive's own value is not among them. */
export function createFieldReader(models: Models): (shape: Shape) => readonly Field[] {
  const known = new Map<string, readonly Field[]>();
  return (shape) => {
    const key = `${shape.structure.url}#${shape.path}`;
    const before = known.get(key);
    if (before) return before;
    const all = models.childNames(shape).flatMap((name) => fieldsOfChild(models, shape, name));
    const fields = isPrimitive(shape) ? all.filter((each) => each.key !== 'value') : all;
    known.set(key, fields);
    return fields;
  };
}
