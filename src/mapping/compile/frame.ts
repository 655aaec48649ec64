import { type MapEnvironment, type MapObserver, MappingError, type Position } from '../types.ts';

/** How deep groups may call each other: deeper than any real document, and well within the JavaScript stack. */
export const MAX_DEPTH = 200;

/** Slots a variable takes: its value, its primitive companion (`_birthDate`), its type when it is one of a choice, its path. */
export const SLOTS = 4;
export const COMPANION = 1;
export const TYPE = 2;
export const PATH = 3;

/** The instances that rules share under one name, and how many each rule took. */
export interface SharedPool {
  readonly items: unknown[];
  readonly taken: Map<object, number>;
}

/** One run of a compiled map. */
export interface Run {
  readonly environment: MapEnvironment;
  readonly observer: MapObserver | undefined;
  /** Instances of `share` by the element they stand in. */
  shared: Map<object, Map<string, SharedPool>> | undefined;
  /** Who claimed the first or last place of a list. */
  claims: Map<object, Map<string, { readonly site: Site; count: number }>> | undefined;
  /** Items that go to the end of their list when the run ends. */
  last: { readonly list: unknown[]; readonly item: unknown }[] | undefined;
  constants: ReadonlyMap<string, readonly unknown[]>;
  depth: number;
}

/** The variables of one group call. */
export interface Frame {
  readonly run: Run;
  readonly slots: unknown[];
}

export type Step = (frame: Frame) => void;

/** Where a piece of compiled code came from: what its run-time failures say. */
export interface Site {
  readonly position: Position;
  readonly rule: string | undefined;
}

export function failAt(site: Site, message: string, cause?: unknown): never {
  throw new MappingError(site.position, message, site.rule, cause);
}

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy that shares nothing with the original. */
export function deepCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = new Array(value.length);
    for (let index = 0; index < value.length; index += 1) list[index] = deepCopy(value[index]);
    return list as T;
  }
  const copy: JsonObject = {};
  for (const key in value) copy[key] = deepCopy((value as JsonObject)[key]);
  return copy as T;
}

/** Where a primitive target variable stands; its value is set later, by `t.value = v` or `t = v`. */
export class Place {
  readonly #holder: JsonObject;
  readonly #key: string;
  readonly #isList: boolean;
  #index = -1;

  constructor(holder: JsonObject, key: string, isList: boolean) {
    this.#holder = holder;
    this.#key = key;
    this.#isList = isList;
  }

  /** The value set so far. */
  get(): unknown {
    const value = this.#holder[this.#key];
    return this.#isList ? (value as unknown[] | undefined)?.[this.#index] : value;
  }

  set(value: unknown): void {
    if (!this.#isList) this.#holder[this.#key] = value;
    else this.#items(this.#key)[this.#claim()] = value;
  }

  /** The element beside the value that holds its id and extensions, e.g. `_birthDate`. */
  companion(): JsonObject {
    const key = `_${this.#key}`;
    if (!this.#isList) {
      this.#holder[key] ??= {};
      return this.#holder[key] as JsonObject;
    }
    const index = this.#claim();
    const companions = this.#items(key);
    while (companions.length <= index) companions.push(null);
    companions[index] ??= {};
    return companions[index] as JsonObject;
  }

  #claim(): number {
    if (this.#index >= 0) return this.#index;
    const list = this.#items(this.#key);
    this.#index = list.length;
    list.push(null);
    return this.#index;
  }

  #items(key: string): unknown[] {
    this.#holder[key] ??= [];
    return this.#holder[key] as unknown[];
  }
}
