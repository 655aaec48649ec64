/**
 * Compiles the check of one value of an element, by its type.
 *
 * @see https://hl7.org/fhir/R4/elementdefinition.html
 */
import type { Element, Structure } from '../../definitions/index.ts';
import { isObject, type JsonObject, kindOf } from '../json.ts';
import { at } from '../place.ts';
import { checkBindings } from './bindings.ts';
import { checkInvariants } from './invariants.ts';
import { checkLimits } from './limits.ts';
import { checkNarrative } from './narrative.ts';
import { primitiveCheck } from './primitives.ts';
import { checkTarget } from './references.ts';
import { type ObjectCheck, report, type ValueCheck } from './run.ts';
import type { Types } from './types.ts';
import { digitsAt } from './written-number.ts';

export interface CompiledValue {
  readonly check: ValueCheck;
  readonly primitive: boolean;
}

/** @param type one of the element's types; undefined when it repeats the content of another element */
export function compileValue(
  structure: Structure,
  element: Element,
  type: Element['types'][number] | undefined,
  types: Types,
): CompiledValue {
  const primitive = type ? primitiveCheck(type.code) : undefined;
  if (type && primitive) return { primitive: true, check: compilePrimitive(element, type.code, types) };
  return { primitive: false, check: compileComplex(structure, element, type, types) };
}

const NOT_WHOLE = 'must be a whole number without a point or an exponent';

function compilePrimitive(element: Element, type: string, types: Types): ValueCheck {
  const wrong = primitiveCheck(type);
  const isWhole = type === 'integer' || type === 'positiveInt' || type === 'unsignedInt';
  const further = [...checkBindings(element, type, types.definitions), ...checkLimits(element, type)];
  const code = type.startsWith('date') || type === 'instant' || type === 'time' ? 'date' : 'primitive';
  return (value, parent, step, index, run) => {
    const problem = wrong?.(value) ?? (isWhole && digitsAt(parent, step, index, run) ? NOT_WHOLE : undefined);
    if (problem !== undefined) {
      report(run, isObject(value) ? 'structure' : 'value', code, parent, step, index, `${step} ${problem}.`);
    } else if (type === 'xhtml') {
      const flaw = checkNarrative(String(value));
      if (flaw !== undefined) report(run, 'invariant', 'narrative', parent, step, index, `${step} ${flaw}.`);
    } else {
      for (const check of further) check(value, parent, step, index, run);
    }
  };
}

function compileComplex(
  structure: Structure,
  element: Element,
  type: Element['types'][number] | undefined,
  types: Types,
): ValueCheck {
  const content = compileContent(structure, element, type, types);
  const inherited = type ? types.invariantKeys(type.code) : new Set<string>();
  const defined = (element.contentReference && structure.element(element.contentReference)) || element;
  const invariants = checkInvariants(defined.constraints, defined.path, inherited);
  const after: ValueCheck[] = [];
  if (type) after.push(...checkBindings(element, type.code, types.definitions));
  if (type?.code === 'Reference') after.push(checkTarget(type, types.definitions));
  return (value, parent, step, index, run) => {
    if (!isObject(value)) {
      const text = `${step} must be an object, not ${kindOf(value)}.`;
      report(run, 'structure', 'element-type', parent, step, index, text);
      return;
    }
    const place = at(parent, step, index);
    content(value, place, run);
    for (const invariant of invariants) invariant(value, place, run);
    for (const check of after) check(value, parent, step, index, run);
  };
}

/** The check of an object's members: of the type, of the elements below, or of the element it refers to. */
function compileContent(
  structure: Structure,
  element: Element,
  type: Element['types'][number] | undefined,
  types: Types,
): ObjectCheck {
  if (type?.code === 'Resource') return resourceContent(element, types);
  const path = element.contentReference ?? element.path;
  if (structure.children(path).length > 0) return types.backbone(structure, path);
  const check = type && types.complex(type.code);
  if (!check) throw new Error(`${element.path} has no type that is known: ${type?.code ?? 'none'}.`);
  return check;
}

/** A contained resource keeps the root of the one that holds it; one in a Bundle or Parameters starts anew. */
function resourceContent(element: Element, types: Types): ObjectCheck {
  const contained = element.name === 'contained';
  const ofBundle = element.path === 'Bundle.entry.resource';
  return (resource: JsonObject, place, run) => {
    types.resource(resource, place, {
      ...run,
      resource,
      rootResource: contained ? run.rootResource : resource,
      base: place,
      bundle: ofBundle ? run.resource : run.bundle,
    });
  };
}
