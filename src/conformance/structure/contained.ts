/**
 * Contained resources must be used: by a reference, canonical or URI `#id` in the resource, or by referring back to it.
 *
 * @see https://hl7.org/fhir/R4/references.html#contained
 */
import { finding } from '../finding.ts';
import { isObject, listOf } from '../json.ts';
import { at } from '../place.ts';
import type { ObjectCheck } from './run.ts';

/** Invariant dom-3 of a resource. */
export const checkContainedUse: ObjectCheck = (resource, place, run) => {
  const contained = resource['contained'];
  if (!Array.isArray(contained)) return;
  const named = localReferences(resource);
  for (const [index, each] of contained.entries()) {
    if (!isObject(each)) continue;
    if (named.has(`#${each['id']}`) || localReferences(each).has('#')) continue;
    const text = 'dom-3: A contained resource must be referred to from the resource that contains it.';
    run.issues.push({
      ...finding('invariant', 'contained', at(place, 'contained', index), text),
      key: 'dom-3',
    });
  }
};

function localReferences(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value === 'string') {
    if (value.startsWith('#')) found.add(value);
    return found;
  }
  const inner = isObject(value) ? Object.values(value) : Array.isArray(value) ? listOf(value) : [];
  for (const each of inner) localReferences(each, found);
  return found;
}
