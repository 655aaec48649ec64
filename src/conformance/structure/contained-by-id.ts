import { isObject, type JsonObject, listOf } from '../json.ts';

const byHolder = new WeakMap<JsonObject, ReadonlyMap<string, JsonObject>>();

/** A resource's contained resources by id, listed once however many references name them. */
export function containedById(holder: JsonObject): ReadonlyMap<string, JsonObject> {
  const known = byHolder.get(holder);
  if (known) return known;
  const found = new Map<string, JsonObject>();
  for (const each of listOf(holder['contained'])) {
    if (isObject(each) && typeof each['id'] === 'string' && !found.has(each['id']))
      found.set(each['id'], each);
  }
  byHolder.set(holder, found);
  return found;
}
