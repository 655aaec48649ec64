/**
 * What a profile adds to one element: fixed and pattern values, narrower types, targets, bindings, invariants.
 *
 * @see https://hl7.org/fhir/R4/elementdefinition.html
 */
import type { Element } from '../../definitions/index.ts';
import { isObject, matchesPattern, sameJson } from '../json.ts';
import { at } from '../place.ts';
import { checkBinding } from '../structure/bindings.ts';
import { checkInvariants } from '../structure/invariants.ts';
import { checkTarget } from '../structure/references.ts';
import { report, type ValueCheck } from '../structure/run.ts';
import type { Types } from '../structure/types.ts';

/** The checks of one value, without those that `base` makes already. */
export function elementRules(
  element: Element,
  base: Element | undefined,
  types: Types,
): readonly ValueCheck[] {
  return [
    ...valueRules(element, base),
    ...typeRules(element, base, types),
    ...bindingRules(element, base, types),
    ...invariantRules(element, base, types),
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

function typeRules(element: Element, base: Element | undefined, types: Types): readonly ValueCheck[] {
  const rules: ValueCheck[] = [];
  const [only, ...others] = element.types;
  if (!only || others.length > 0) return rules;
  const before = base?.types.find((type) => type.code === only.code);
  if (only.code === 'Reference' && !sameJson(only.targetProfiles, before?.targetProfiles)) {
    rules.push(checkTarget(only, types.definitions));
  }
  const profile = only.profiles?.length === 1 ? only.profiles[0] : undefined;
  if (profile !== undefined && !before?.profiles?.includes(profile)) {
    rules.push((value, parent, step, index, run) => {
      const check = isObject(value) ? types.profile(profile) : undefined;
      if (check && isObject(value)) check(value, at(parent, step, index), run);
    });
  }
  return rules;
}

function bindingRules(element: Element, base: Element | undefined, types: Types): readonly ValueCheck[] {
  if (sameJson(element.binding, base?.binding)) return [];
  return element.types.flatMap((type) => checkBinding(element, type.code, types.definitions) ?? []);
}

function invariantRules(element: Element, base: Element | undefined, types: Types): readonly ValueCheck[] {
  const known = new Set(base?.constraints.map(({ key }) => key));
  for (const type of element.types) for (const key of types.invariantKeys(type.code)) known.add(key);
  const root = element.types.length === 1 ? element.types[0]?.code : undefined;
  const path = element.path.replace(/:[^.]*/g, '');
  return checkInvariants(element.constraints, path.includes('.') ? (root ?? path) : path, known).map(
    (check): ValueCheck =>
      (value, parent, step, index, run) => {
        if (isObject(value)) check(value, at(parent, step, index), run);
      },
  );
}
