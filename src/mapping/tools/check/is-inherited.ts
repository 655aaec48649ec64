import type { Definitions } from '../../../definitions/index.ts';
import type { Child } from '../../compile/model.ts';

/** What every element can carry, by the types that give it. */
const GIVEN: readonly (readonly [string, readonly string[]])[] = [
  ['Element', ['id', 'extension']],
  ['BackboneElement', ['id', 'extension', 'modifierExtension']],
];

/**
 * Whether an element of a logical model is only there because FHIR's Element has it, and the model says nothing of it:
 * its types are then the very ones of Element, not another statement of them.
 */
export function isInherited({ name, element }: Child, definitions: Definitions): boolean {
  return GIVEN.some(([type, names]) => {
    if (!element || !names.includes(name)) return false;
    return definitions.structure(type)?.element(`${type}.${name}`)?.types === element.types;
  });
}
