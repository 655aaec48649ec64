/** Messages of a model, mapped there and back: which elements survive. */
import type { ConceptMap } from 'fhir/r4';
import { type CompileOptions, compileMap } from '../../compile/compile-map.ts';
import { createModels, type Shape } from '../../compile/model.ts';
import { toConceptMap } from '../../structure-map/concept-map.ts';
import type { MapTree, RuleNode, SourceNode } from '../../tree.ts';
import { type CompiledMap, type MapEnvironment, MappingError } from '../../types.ts';
import { collectFacts, keyOfShape, type MapFacts } from '../check/collect-facts.ts';
import { isInherited } from '../check/is-inherited.ts';
import { InstanceMaker } from './arbitrary-value.ts';
import { pairLeaves } from './compare-leaves.ts';
import { findHints } from './find-hints.ts';

export interface RoundTripOptions {
  /** Messages that are generated. */
  readonly runs: number;
  /** The same seed gives the same messages. */
  readonly seed: number;
  readonly environment: () => MapEnvironment;
}

/** What became of one element. */
export interface ElementFate {
  /** Path without indexes, e.g. `Order.text`. */
  readonly element: string;
  /** Values that came back as they were. */
  readonly kept: number;
  /** Values that did not come back. */
  readonly lost: number;
  /** Values that came back as others. */
  readonly changed: number;
  /** Values that came back and had not been sent. */
  readonly added: number;
  /** The first value that was not kept: what it was, and what it became. */
  readonly example?: { readonly before: unknown; readonly after: unknown };
}

export interface RoundTrip {
  readonly elements: readonly ElementFate[];
  /** Messages that a map refused, by what it said; the smallest of each. */
  readonly refused: readonly { readonly message: string; readonly times: number; readonly input: unknown }[];
}

/** The two maps of a way there and back. */
export interface MapPair {
  readonly there: MapTree;
  readonly back: MapTree;
}

/** Codes by the element that a rule translates: without them nearly every message would be refused. */
function translatedCodes(
  map: MapTree,
  facts: MapFacts,
  options: CompileOptions,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const look = (rule: RuleNode, above: readonly SourceNode[]): void => {
    const sources = [...above, ...rule.sources];
    for (const { transform } of rule.targets) {
      const [value, url] = transform?.arguments ?? [];
      if (transform?.name !== 'translate' || value?.kind !== 'variable' || url?.kind !== 'literal') continue;
      const node = sources.findLast((each) => each.variable === value.name);
      const element = node && facts.source(node.position).at(-1)?.element;
      const codes = codesOf(findConceptMap(map, String(url.value), options));
      if (element && codes.length > 0) found.set(element.path, codes);
    }
    for (const inner of rule.rules) look(inner, sources);
  };
  for (const group of map.groups) for (const rule of group.rules) look(rule, []);
  return found;
}

function findConceptMap(map: MapTree, url: string, options: CompileOptions): ConceptMap | undefined {
  const node = map.conceptMaps.find((each) => `#${each.id}` === url);
  return node ? toConceptMap(node) : options.conceptMaps?.(url);
}

function codesOf(map: ConceptMap | undefined): readonly string[] {
  const rows = (map?.group ?? []).flatMap((group) => group.element);
  return [...new Set(rows.flatMap((row) => row.code ?? []))];
}

/** The model of a group's parameter. */
export function shapeOf(map: MapTree, mode: 'source' | 'target', options: CompileOptions): Shape | undefined {
  const models = createModels(options.definitions, options.models);
  const parameter = map.groups[0]?.parameters.find((each) => each.mode === mode);
  const uses =
    map.uses.find((each) => each.alias === parameter?.type) ?? map.uses.find((each) => each.mode === mode);
  return models.find(uses?.url ?? parameter?.type ?? '');
}

/** The pairs of maps that lead to each other's models. */
export function findPairs(maps: readonly MapTree[], options: CompileOptions): readonly MapPair[] {
  const ends = maps.map((map) => ({
    map,
    from: shapeOf(map, 'source', options)?.structure.url,
    to: shapeOf(map, 'target', options)?.structure.url,
  }));
  return ends.flatMap(({ map: there, from, to }) =>
    ends
      .filter((other) => other.map !== there && other.from === to && other.to === from && from !== undefined)
      .map(({ map: back }) => ({ there, back })),
  );
}

class Tally {
  readonly #fates = new Map<string, { -readonly [Key in keyof ElementFate]: ElementFate[Key] }>();
  readonly #refused = new Map<string, { message: string; times: number; input: unknown }>();

  compare(root: string, before: unknown, after: unknown): void {
    for (const leaf of pairLeaves(before, after)) {
      const element = `${root}.${leaf.element}`;
      const fate = this.#fates.get(element) ?? { element, kept: 0, lost: 0, changed: 0, added: 0 };
      this.#fates.set(element, fate);
      if (Object.is(leaf.before, leaf.after)) {
        fate.kept += 1;
        continue;
      }
      if (leaf.before === undefined) fate.added += 1;
      else if (leaf.after === undefined) fate.lost += 1;
      else fate.changed += 1;
      fate.example ??= { before: leaf.before, after: leaf.after };
    }
  }

  refuse({ message }: MappingError, input: unknown): void {
    const known = this.#refused.get(message) ?? { message, times: 0, input };
    const isSmaller = JSON.stringify(input).length < JSON.stringify(known.input).length;
    this.#refused.set(message, { message, times: known.times + 1, input: isSmaller ? input : known.input });
  }

  result(): RoundTrip {
    const elements = [...this.#fates.values()].sort((left, right) => (left.element < right.element ? -1 : 1));
    return { elements, refused: [...this.#refused.values()] };
  }
}

/**
 * Generates valid messages of the first map's model and maps each there and back. Of a FHIR resource the elements are
 * made that the map reads or the model requires, of a logical model all of them.
 *
 * @throws MapCompileError when a map does not compile
 */
export async function runRoundTrip(
  pair: MapPair,
  options: CompileOptions,
  { runs, seed, environment }: RoundTripOptions,
): Promise<RoundTrip> {
  // A library for tests, loaded only when messages are generated.
  const { default: fc } = await import('fast-check');
  const [there, back] = [compileMap(pair.there, options), compileMap(pair.back, options)];
  const facts = collectFacts(pair.there, options);
  const codes = translatedCodes(pair.there, facts, options);
  const shape = shapeOf(pair.there, 'source', options);
  if (!shape) throw new Error('findPairs gave a map without a model');
  const maker = new InstanceMaker(fc, {
    definitions: options.definitions,
    models: createModels(options.definitions, options.models),
    isWanted: (of, child) =>
      (of.structure.kind === 'logical' && !isInherited(child, options.definitions)) ||
      facts.read.get(keyOfShape(of))?.has(child.name) === true,
    codes: (_, child) => codes.get(child.element?.path ?? '') ?? [],
    hints: findHints(pair.there),
  });
  const tally = new Tally();
  for (const message of fc.sample(maker.instance(shape), { numRuns: runs, seed })) {
    try {
      const between = run(there, message, environment());
      tally.compare(shape.structure.type, message, run(back, between, environment()));
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      tally.refuse(error, message);
    }
  }
  return tally.result();
}

function run(map: CompiledMap, message: unknown, environment: MapEnvironment): unknown {
  const [source = ''] = map.sources;
  // What a map gets is what a message would hold: JSON, without what is undefined.
  return JSON.parse(JSON.stringify(map.run({ [source]: message }, environment)));
}
