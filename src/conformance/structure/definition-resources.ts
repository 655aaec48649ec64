/**
 * What resources that define things must hold beyond their invariants, as far as other definitions tell.
 *
 * @see https://hl7.org/fhir/R4/conformance-module.html
 */
import type { StructureDefinition } from 'fhir/r4';
import { compileStructure, type Element, type SearchParameter } from '../../definitions/index.ts';
import { finding } from '../finding.ts';
import { isObject, type JsonObject, listOf, sameJson } from '../json.ts';
import { at, type Place } from '../place.ts';
import type { ObjectCheck, Run } from './run.ts';
import type { Types } from './types.ts';

/** A differential must fit its base: https://hl7.org/fhir/R4/profiling.html#snapshot */
export function checkStructureDefinition(types: Types): ObjectCheck {
  return (definition, place, run) => {
    if (definition['url'] !== undefined && definition['baseDefinition'] === definition['url']) {
      const text = 'A profile cannot be its own base.';
      run.issues.push(finding('invalid', 'definition', at(place, 'baseDefinition'), text));
      return;
    }
    const base = types.definitions.structure(String(definition['baseDefinition']));
    const elements = isObject(definition['differential']) ? definition['differential']['element'] : undefined;
    if (!base || definition['derivation'] !== 'constraint' || !Array.isArray(elements)) return;
    if (definition['type'] !== base.type) return;
    const { snapshot: _, ...rest } = definition;
    try {
      const compiled = compileStructure(rest as unknown as StructureDefinition, types.definitions);
      for (const [index, each] of elements.entries()) {
        if (isObject(each)) checkNaming(each, at(at(place, 'differential'), 'element', index), run);
        const path = isObject(each) ? (each['id'] ?? each['path']) : undefined;
        const [now, before] = [compiled.element(String(path)), base.element(String(path))];
        if (now && before) checkDerivation(now, before, at(at(place, 'differential'), 'element', index), run);
      }
    } catch (error) {
      const text = `The differential does not fit its base: ${(error as Error).message}`;
      run.issues.push(finding('invalid', 'definition', at(place, 'differential'), text));
    }
  };
}

/** An element's id is its path with slice names; a choice may be written by its type in either. */
function checkNaming({ id, path }: JsonObject, place: Place, run: Run): void {
  if (typeof id !== 'string' || typeof path !== 'string') return;
  const [stated, named] = [path.split('.'), id.replace(/:[^.]*/g, '').split('.')];
  const same =
    stated.length === named.length && stated.every((step, index) => sameStep(step, named[index] ?? ''));
  if (same) return;
  const text = 'The id and the path of this element are of different elements.';
  run.issues.push(finding('invalid', 'definition', at(place, 'path'), text));
}

function sameStep(a: string, b: string): boolean {
  if (a === b) return true;
  const [choice, other] = a.endsWith('[x]') ? [a, b] : [b, a];
  return choice.endsWith('[x]') && other.startsWith(choice.slice(0, -3));
}

function checkDerivation(now: Element, before: Element, place: Place, run: Run): void {
  const wrong = (step: string, text: string) =>
    run.issues.push(finding('invalid', 'definition', at(place, step), text));
  if (now.min < before.min) wrong('min', `min is ${now.min}, but ${before.min} in the base.`);
  if (now.max > before.max) wrong('max', `max is ${now.max}, but ${before.max} in the base.`);
  if (before.fixed !== undefined && !sameJson(now.fixed, before.fixed)) {
    wrong('fixed', `The fixed value of ${before.path} is another one in the base.`);
  }
}

/** What is derived from a search parameter must be of its type and of its resource types. */
export function checkSearchParameter(types: Types): ObjectCheck {
  return (parameter, place, run) => {
    const source = parameter['derivedFrom'];
    if (typeof source !== 'string') return;
    const holders = [...types.definitions.resourceTypes].filter((type) => find(type, source, types));
    const known = holders[0] && find(holders[0], source, types);
    if (!known) return;
    if (known.type !== parameter['type']) {
      const text = `The type is another one than '${known.type}', that of the search parameter this is derived from.`;
      run.issues.push(finding('invalid', 'definition', at(place, 'type'), text));
    }
    for (const [index, base] of listOf(parameter['base']).entries()) {
      if (holders.includes(String(base)) || types.definitions.structure(String(base))?.abstract) continue;
      const text = 'The search parameter that this is derived from is not one of this resource type.';
      run.issues.push(finding('invalid', 'definition', at(place, 'base', index), text));
    }
  };
}

function find(type: string, url: string, types: Types): SearchParameter | undefined {
  const [plain] = url.split('|');
  for (const parameter of types.definitions.searchParameters(type).values()) {
    if (parameter.url === plain) return parameter;
  }
  return undefined;
}

/** The search parameters that a server states are of the type that their definitions say. */
export function checkCapabilities(types: Types): ObjectCheck {
  return (statement, place, run) => {
    eachOf(statement, 'rest', place, (rest, restPlace) => {
      eachOf(rest, 'resource', restPlace, (resource, resourcePlace) => {
        const type = String(resource['type']);
        eachOf(resource, 'searchParam', resourcePlace, (stated, here) => {
          const { definition } = stated;
          const known = typeof definition === 'string' ? find(type, definition, types) : undefined;
          if (!known || known.type === stated['type']) return;
          const text = `The search parameter '${known.url}' is of type '${known.type}'.`;
          run.issues.push(finding('invalid', 'definition', at(here, 'type'), text));
        });
      });
    });
  };
}

function eachOf(
  holder: JsonObject,
  name: string,
  place: Place,
  visit: (each: JsonObject, place: Place) => void,
): void {
  for (const [index, each] of listOf(holder[name]).entries()) {
    if (isObject(each)) visit(each, at(place, name, index));
  }
}
