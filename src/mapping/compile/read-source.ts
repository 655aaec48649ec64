/** Reads elements of source values: plain property access, with choices, primitive companions and resource types. */
import {
  COMPANION,
  type Frame,
  failAt,
  isObject,
  type JsonObject,
  PATH,
  Place,
  type Site,
  TYPE,
} from './frame.ts';
import { type Child, isOpen, isPrimitive, isResource, type Shape, typeName } from './model.ts';

/** What a source finds: values with, beside them, their companions and types where these are needed. */
export interface Items {
  readonly values: readonly unknown[];
  readonly companions: readonly unknown[] | undefined;
  readonly types: readonly (string | undefined)[] | undefined;
  readonly paths: readonly string[] | undefined;
}

export type Reader = (items: Items, site: Site) => Items;

export const NOTHING: Items = { values: [], companions: undefined, types: undefined, paths: undefined };

/** The value of a variable as items: none when it is not there. */
export function readVariable(frame: Frame, slot: number, withPath: boolean): Items {
  const held = frame.slots[slot];
  const value = held instanceof Place ? held.get() : held;
  const companion = frame.slots[slot + COMPANION];
  if ((value === undefined || value === null) && companion === undefined) return NOTHING;
  const type = frame.slots[slot + TYPE] as string | undefined;
  return {
    values: [value],
    companions: companion === undefined ? undefined : [companion],
    types: type === undefined ? undefined : [type],
    paths: withPath ? [String(frame.slots[slot + PATH] ?? '')] : undefined,
  };
}

function parentObject(value: unknown, name: string, site: Site): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value))
    return failAt(site, `cannot read '${name}' of a ${typeof value}: the source is not as its model says`);
  return value;
}

class Collector implements Items {
  readonly values: unknown[] = [];
  companions: unknown[] | undefined;
  types: (string | undefined)[] | undefined;
  paths: string[] | undefined;

  add(value: unknown, companion: unknown, type: string | undefined, path: string | undefined): void {
    const index = this.values.length;
    this.values.push(value);
    if (companion !== undefined && companion !== null) {
      this.companions ??= [];
      this.companions[index] = companion;
    }
    if (type !== undefined) {
      this.types ??= [];
      this.types[index] = type;
    }
    if (path !== undefined) {
      this.paths ??= [];
      this.paths[index] = path;
    }
  }

  /** Adds an element's value, item by item when it is a list. */
  spread(value: unknown, companion: unknown, type: string | undefined, path: string | undefined): void {
    if (!Array.isArray(value) && !Array.isArray(companion)) {
      if (value !== undefined || companion !== undefined) this.add(value, companion, type, path);
      return;
    }
    const list = Array.isArray(value) ? value : [];
    const beside = Array.isArray(companion) ? companion : [];
    for (let index = 0; index < Math.max(list.length, beside.length); index += 1)
      this.add(list[index] ?? undefined, beside[index], type, path && `${path}[${index}]`);
  }
}

/** Reads a plain element of one name. */
export function readPlain(key: string, withCompanion: boolean): Reader {
  const besideKey = `_${key}`;
  return (items, site) => {
    const [only] = items.values;
    if (items.values.length === 1 && items.paths === undefined && isObject(only)) {
      const value = only[key];
      const beside = withCompanion ? only[besideKey] : undefined;
      if (beside === undefined) {
        if (value === undefined) return NOTHING;
        return { ...NOTHING, values: Array.isArray(value) ? value : [value] };
      }
    }
    const found = new Collector();
    for (const [index, item] of items.values.entries()) {
      const parent = parentObject(item, key, site);
      const path = items.paths && `${items.paths[index]}.${key}`;
      if (parent) found.spread(parent[key], withCompanion ? parent[besideKey] : undefined, undefined, path);
    }
    return found;
  };
}

/** Reads `value[x]`: whichever of its keys is there, with the type the key tells. */
export function readChoice(child: Child): Reader {
  const types = new Map(child.alternatives.map((each) => [each.key, typeName(each.shape)]));
  return (items, site) => {
    const found = new Collector();
    for (const [index, item] of items.values.entries()) {
      const parent = parentObject(item, child.name, site);
      for (const key in parent) {
        const bare = key.startsWith('_') ? key.slice(1) : key;
        const type = types.get(bare);
        if (type === undefined || (bare !== key && parent[bare] !== undefined)) continue;
        found.spread(parent[bare], parent[`_${bare}`], type, items.paths && `${items.paths[index]}.${bare}`);
      }
    }
    return found;
  };
}

/** Reads an element of something whose model is not known before it is read: a contained resource, say. */
export function readOpen(name: string): Reader {
  const choice = new RegExp(`^${name}([A-Z].*)$`);
  return (items, site) => {
    const found = new Collector();
    for (const [index, item] of items.values.entries()) {
      const parent = parentObject(item, name, site);
      if (!parent) continue;
      const path = items.paths && `${items.paths[index]}.${name}`;
      if (name in parent || `_${name}` in parent) {
        found.spread(parent[name], parent[`_${name}`], undefined, path);
        continue;
      }
      for (const key in parent) {
        const type = choice.exec(key)?.[1];
        if (type === undefined) continue;
        const code = /^(String|Boolean|Integer|Decimal|Date|DateTime|Instant|Time|Code|Uri|Url|Id)$/.test(
          type,
        )
          ? type[0]?.toLowerCase() + type.slice(1)
          : type;
        found.spread(parent[key], parent[`_${key}`], code, path);
      }
    }
    return found;
  };
}

/** `$this.value` of a primitive is the primitive itself, without its id and extensions. */
export const readValue: Reader = (items) => ({ ...items, companions: undefined });

/** `id` and `extension` of a primitive stand in its companion. */
export function readBeside(name: string): Reader {
  return (items) => {
    const found = new Collector();
    for (const [index, companion] of (items.companions ?? []).entries()) {
      if (!isObject(companion)) continue;
      found.spread(companion[name], undefined, undefined, items.paths && `${items.paths[index]}.${name}`);
    }
    return found;
  };
}

/** Keeps the items of a type: the way `: Type` filters. */
export function keepType(wanted: Shape, from: readonly Shape[]): Reader {
  const name = typeName(wanted);
  const byResource = isResource(wanted) && from.some(isOpen);
  return (items) => {
    const found = new Collector();
    for (const [index, value] of items.values.entries()) {
      const type = byResource && isObject(value) ? value['resourceType'] : items.types?.[index];
      if (type === undefined || type === name)
        found.add(value, items.companions?.[index], items.types?.[index], items.paths?.[index]);
    }
    return found;
  };
}

/** The reader for an element of a type. */
export function readerOf(shape: Shape, child: Child | undefined, name: string): Reader {
  if (isPrimitive(shape)) return name === 'value' ? readValue : readBeside(name);
  if (!child || isOpen(shape)) return readOpen(name);
  if (child.isChoice) return readChoice(child);
  return readPlain(
    child.name,
    child.alternatives.some((each) => isPrimitive(each.shape)),
  );
}
