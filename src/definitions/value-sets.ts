/**
 * Enumerates value sets from the code systems that are known here.
 * @see https://hl7.org/fhir/R4/valueset.html#compositions
 */
import type { CodeSystem, CodeSystemConcept, ValueSet } from 'fhir/r4';
import type { ValueSetCodes } from './types.ts';

/** A complete code system: its codes, and for each the codes directly above it. */
export interface CodeSystemData {
  readonly url: string;
  /** Value set that stands for all codes. */
  readonly valueSet?: string;
  readonly codes: readonly string[];
  /** Indexes of the parents, per code; absent when the system is flat. */
  readonly parents?: readonly (readonly number[])[];
}

export interface ValueSetData {
  readonly url: string;
  readonly include: readonly Part[];
  readonly exclude?: readonly Part[];
}

interface Part {
  readonly system?: string;
  readonly codes?: readonly string[];
  readonly filters?: readonly { readonly property: string; readonly op: string; readonly value: string }[];
  readonly valueSets?: readonly string[];
}

/** Reads a CodeSystem; undefined when it does not hold all of its codes. */
export function readCodeSystem(resource: CodeSystem): CodeSystemData | undefined {
  if (resource.content !== 'complete' || !resource.url) return undefined;
  const codes: string[] = [];
  const parents: number[][] = [];
  const named: { readonly index: number; readonly parent: string }[] = [];
  const walk = (concepts: readonly CodeSystemConcept[], above: number[]): void => {
    for (const concept of concepts) {
      const index = codes.push(concept.code) - 1;
      parents.push([...above]);
      for (const parent of statedParents(concept)) named.push({ index, parent });
      walk(concept.concept ?? [], [index]);
    }
  };
  walk(resource.concept ?? [], []);
  const places = new Map(codes.map((code, index) => [code, index]));
  for (const { index, parent } of named) {
    const place = places.get(parent);
    if (place !== undefined && !parents[index]?.includes(place)) parents[index]?.push(place);
  }
  return {
    url: resource.url,
    ...(resource.valueSet && { valueSet: resource.valueSet }),
    codes,
    ...(parents.some((each) => each.length > 0) && { parents }),
  };
}

// The v3 code systems state a second parent as a property.
function statedParents(concept: CodeSystemConcept): string[] {
  return (concept.property ?? []).flatMap((property) =>
    (property.code === 'subsumedBy' || property.code === 'parent') && property.valueCode
      ? [property.valueCode]
      : [],
  );
}

/** Reads a ValueSet's composition; undefined when it has none. */
export function readValueSet(resource: ValueSet): ValueSetData | undefined {
  if (!resource.url || !resource.compose) return undefined;
  const exclude = (resource.compose.exclude ?? []).map(readPart);
  return {
    url: resource.url,
    include: resource.compose.include.map(readPart),
    ...(exclude.length > 0 && { exclude }),
  };
}

function readPart(part: NonNullable<ValueSet['compose']>['include'][number]): Part {
  return {
    ...(part.system && { system: part.system }),
    ...(part.concept && { codes: part.concept.map((each) => each.code) }),
    ...(part.filter && { filters: part.filter.map(({ property, op, value }) => ({ property, op, value })) }),
    ...(part.valueSet && { valueSets: part.valueSet }),
  };
}

export interface Terminology {
  codeSystem(url: string): CodeSystemData | undefined;
  valueSet(url: string): ValueSetData | undefined;
}

type Codes = Map<string, Set<string>>;

/** Expands a value set; undefined when any part of it is not enumerable here (SNOMED CT, UCUM, BCP 47 …). */
export function enumerateValueSet(url: string, terminology: Terminology): ValueSetCodes | undefined {
  const codes = expand(withoutVersion(url), terminology, new Set());
  if (!codes) return undefined;
  const systems = Object.freeze([...codes.keys()]);
  return Object.freeze({
    systems,
    has: (code: string, system?: string) =>
      system === undefined
        ? systems.some((each) => codes.get(each)?.has(code))
        : codes.get(system)?.has(code) === true,
    list: () => systems.flatMap((system) => [...(codes.get(system) ?? [])].map((code) => ({ system, code }))),
  });
}

/** A canonical without its `|version`. */
export function withoutVersion(canonical: string): string {
  const bar = canonical.indexOf('|');
  return bar < 0 ? canonical : canonical.slice(0, bar);
}

function expand(url: string, terminology: Terminology, open: ReadonlySet<string>): Codes | undefined {
  const valueSet = terminology.valueSet(url);
  if (!valueSet || open.has(url)) return undefined;
  const within = new Set([...open, url]);
  const result: Codes = new Map();
  for (const part of valueSet.include) {
    const codes = expandPart(part, terminology, within);
    if (!codes) return undefined;
    for (const [system, each] of codes) {
      const known = result.get(system) ?? new Set();
      for (const code of each) known.add(code);
      result.set(system, known);
    }
  }
  for (const part of valueSet.exclude ?? []) {
    const codes = expandPart(part, terminology, within);
    if (!codes) return undefined;
    for (const [system, each] of codes) for (const code of each) result.get(system)?.delete(code);
  }
  return result;
}

function expandPart(part: Part, terminology: Terminology, open: ReadonlySet<string>): Codes | undefined {
  let codes = part.system === undefined ? undefined : systemCodes(part, part.system, terminology);
  if (part.system !== undefined && !codes) return undefined;
  for (const url of part.valueSets ?? []) {
    const other = expand(withoutVersion(url), terminology, open);
    if (!other) return undefined;
    codes = codes ? intersect(codes, other) : other;
  }
  return codes;
}

function systemCodes(part: Part, system: string, terminology: Terminology): Codes | undefined {
  if (part.codes) return new Map([[system, new Set(part.codes)]]);
  const codeSystem = terminology.codeSystem(system);
  if (!codeSystem) return undefined;
  let codes = new Set(codeSystem.codes);
  for (const filter of part.filters ?? []) {
    const matching = filtered(codeSystem, filter);
    if (!matching) return undefined;
    codes = new Set([...codes].filter((code) => matching.has(code)));
  }
  return new Map([[system, codes]]);
}

function filtered(
  system: CodeSystemData,
  filter: { readonly property: string; readonly op: string; readonly value: string },
): ReadonlySet<string> | undefined {
  if (filter.property !== 'concept') return undefined;
  const below = descendants(system, filter.value);
  switch (filter.op) {
    case 'is-a':
      return new Set([filter.value, ...below]);
    case 'descendent-of':
      return below;
    case 'is-not-a':
      return new Set(system.codes.filter((code) => code !== filter.value && !below.has(code)));
    default:
      return undefined;
  }
}

function descendants(system: CodeSystemData, top: string): ReadonlySet<string> {
  const found = new Set<string>();
  let before: number;
  // A code may stand before a parent that is stated as a property, so walk until nothing is added.
  do {
    before = found.size;
    system.codes.forEach((code, index) => {
      const parents = system.parents?.[index] ?? [];
      const isBelow = parents.some((at) => system.codes[at] === top || found.has(system.codes[at] ?? ''));
      if (isBelow) found.add(code);
    });
  } while (found.size > before);
  return found;
}

/** The codes below a code of a system, or above it; itself not among them. Undefined for a code that is not known. */
export function relatedCodes(
  system: CodeSystemData,
  code: string,
  direction: 'below' | 'above',
): ReadonlySet<string> | undefined {
  if (!system.codes.includes(code)) return undefined;
  return direction === 'below' ? descendants(system, code) : ancestors(system, code);
}

function ancestors(system: CodeSystemData, bottom: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [system.codes.indexOf(bottom)];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const parent of system.parents?.[at] ?? []) {
      const code = system.codes[parent] ?? '';
      if (!found.has(code)) open.push(parent);
      found.add(code);
    }
  }
  return found;
}

function intersect(one: Codes, other: Codes): Codes {
  return new Map(
    [...one].map(([system, codes]) => [
      system,
      new Set([...codes].filter((code) => other.get(system)?.has(code))),
    ]),
  );
}
