/**
 * Types that a reference may point at.
 *
 * @see https://hl7.org/fhir/R4/references.html
 */
import type { Definitions, Element } from '../../definitions/index.ts';
import { isObject, type JsonObject } from '../json.ts';
import { targetTypeOf } from '../reference-target.ts';
import { showable } from '../showable.ts';
import { containedById } from './contained-by-id.ts';
import { type Run, report, type ValueCheck } from './run.ts';

type Known = Pick<Definitions, 'structure' | 'resourceTypes'>;

/** The check of a Reference's target type. A reference that tells no type (`urn:uuid:…`) passes. */
export function checkTarget(type: Element['types'][number], definitions: Known): ValueCheck {
  const allowed = allowedTypes(type, definitions);
  return (value, parent, step, index, run) => {
    if (!isObject(value)) return;
    const target = localTarget(value, run) ?? targetTypeOf(value, definitions.resourceTypes);
    if (target === undefined) return;
    if (!definitions.resourceTypes.has(target)) {
      const shown = showable(target);
      const name = shown ? `'${shown}', which is no` : 'something that is no';
      const text = `${step} refers to ${name} resource type.${run.hint(target, definitions.resourceTypes)}`;
      report(run, 'value', 'reference', parent, step, index, text);
    } else if (allowed && !allowed.has(target)) {
      const text = `${step} may not refer to ${target}. Allowed: ${[...allowed].join(', ')}.`;
      report(run, 'value', 'reference', parent, step, index, text);
    }
  };
}

/** Names of the types allowed; undefined when any is. */
function allowedTypes(type: Element['types'][number], definitions: Known): ReadonlySet<string> | undefined {
  const profiles = type.targetProfiles ?? [];
  if (profiles.length === 0) return undefined;
  const types = profiles.map((url) => definitions.structure(url)?.type);
  // Nobody knows what a profile that is not known is a profile of.
  return types.includes(undefined) || types.includes('Resource') ? undefined : new Set(types as string[]);
}

/** Type of the contained resource that a local reference names. */
function localTarget(reference: JsonObject, run: Run): string | undefined {
  const address = reference['reference'];
  if (typeof address !== 'string' || !address.startsWith('#')) return undefined;
  const type = containedById(run.rootResource).get(address.slice(1))?.['resourceType'];
  return typeof type === 'string' ? type : undefined;
}
