/**
 * What a profile adds to one element: fixed and pattern values, limits, narrower types, bindings, invariants.
 *
 * @see https://hl7.org/fhir/R4/elementdefinition.html
 */
import type { Element } from '../../definitions/index.ts';
import { isObject, matchesPattern, sameJson } from '../json.ts';
import { at } from '../place.ts';
import { checkBindings } from '../structure/bindings.ts';
import { checkInvariants } from '../structure/invariants.ts';
import { checkLimits } from '../structure/limits.ts';
import { report, type ValueCheck } from '../structure/run.ts';
import type { Types } from '../structure/types.ts';
import { typeRules } from './type-rules.ts';

/** The checks of one value of one of the element's types, without those that `base` makes already. */
export function elementRules(
  element: Element,
  type: Element['types'][number],
  base: Element | undefined,
  types: Types,
): readonly ValueCheck[] {
  return [
    ...valueRules(element, base),
    ...checkLimits(element, type.code, base),
    ...typeRules(element, type, base, types),
    ...bindingRules(element, type, base, types),
    ...invariantRules(element, type, base, types),
  ];
}

function valueRules(element: Element, base: Element | undefined): readonly ValueCheck[] {
  const rules: ValueCheck[] = [];
  const { fixed, pattern } = element;
  if (fixed !== undefined && !sameJson(fixed, base?.fixed)) {
    rules.push((value, parent, step, index, run) => {
      if (sameJson(fixed, value)) return;
      report(run, 'value', 'fixed-value', parent, step, index, `${step} must be ${shown(fixed)}.`);
    });
  }
  if (pattern !== undefined && !sameJson(pattern, base?.pattern)) {
    rules.push((value, parent, step, index, run) => {
      if (matchesPattern(pattern, value)) return;
      report(run, 'value', 'fixed-value', parent, step, index, `${step} must hold ${shown(pattern)}.`);
    });
  }
  return rules;
}

function shown(value: unknown): string {
  return isObject(value) ? JSON.stringify(value) : `'${String(value)}'`;
}

function bindingRules(
  element: Element,
  type: Element['types'][number],
  base: Element | undefined,
  types: Types,
): readonly ValueCheck[] {
  if (sameJson(element.binding, base?.binding)) return [];
  return checkBindings(element, type.code, types.definitions);
}

function invariantRules(
  element: Element,
  type: Element['types'][number],
  base: Element | undefined,
  types: Types,
): readonly ValueCheck[] {
  const known = new Set(base?.constraints.map(({ key }) => key));
  for (const key of types.invariantKeys(type.code)) known.add(key);
  const start = base?.path ?? type.code;
  return checkInvariants(element.constraints, start, known).map(
    (check): ValueCheck =>
      (value, parent, step, index, run) => {
        if (isObject(value)) check(value, at(parent, step, index), run);
      },
  );
}
