/** The mapping benchmark: a compiled map beside a hand-written function that makes the same. */

import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Bundle, QuestionnaireResponse } from 'fhir/r4';
import { loadDefinitions } from '../../src/definitions/index.ts';
import { type CompiledMap, compileMap, parseMap } from '../../src/mapping/index.ts';

export interface MapFigure {
  readonly items: number;
  /** Microseconds for each item. */
  readonly map: number;
  readonly hand: number;
}

const SIZES = [10, 100, 1_000, 10_000];
const ENVIRONMENT = { now: () => new Date(0), uuid: () => '00000000-0000-4000-8000-000000000000' };

const TEXT = `/// url = 'https://silta.example/fhir/StructureMap/bench-observations'
/// name = 'BenchObservations'

uses "http://hl7.org/fhir/StructureDefinition/QuestionnaireResponse" alias Response as source
uses "http://hl7.org/fhir/StructureDefinition/Bundle" alias Bundle as target

group Observations(source response : Response, target bundle : Bundle) {
  response -> bundle.type = 'collection' "type";
  response.item as item -> bundle.entry as entry, entry.resource = create('Observation') as observation then {
    item -> observation.status = 'final' "status";
    item.text as text -> observation.code as code, code.text = text "code";
    item.answer as answer then {
      answer.value : integer as value -> observation.value = value "value";
    } "answer";
  } "item";
}
`;

/** @throws MapCompileError, or Error when map and function do not make the same */
export async function runMap(seconds: number): Promise<readonly MapFigure[]> {
  const definitions = await loadDefinitions({ profiles: join(import.meta.dirname, '..', '..', 'profiles') });
  const { map: tree, diagnostics } = parseMap(TEXT, 'bench.fml');
  if (!tree) throw new Error(`The benchmark's map does not parse: ${JSON.stringify(diagnostics)}`);
  const map = compileMap(tree, { definitions });
  return SIZES.map((items) => measure(map, response(items), items, seconds * 1000));
}

function measure(map: CompiledMap, source: QuestionnaireResponse, items: number, ms: number): MapFigure {
  const name = map.sources[0] ?? '';
  const byMap = () => map.run({ [name]: source }, ENVIRONMENT);
  const byHand = () => toObservations(source);
  if (!isDeepStrictEqual(byMap(), byHand()))
    throw new Error('The map and the function make different Bundles.');
  const times = { map: 0, hand: 0 };
  const runs = { map: 0, hand: 0 };
  for (const warm of [true, false, false]) {
    for (const [kind, work] of [
      ['map', byMap],
      ['hand', byHand],
    ] as const) {
      const start = performance.now();
      const end = start + ms / 2;
      let count = 0;
      while (performance.now() < end) {
        work();
        count++;
      }
      if (warm) continue;
      times[kind] += performance.now() - start;
      runs[kind] += count;
    }
  }
  const perItem = (kind: 'map' | 'hand'): number => (times[kind] * 1000) / runs[kind] / items;
  return { items, map: perItem('map'), hand: perItem('hand') };
}

function response(items: number): QuestionnaireResponse {
  return {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    item: Array.from({ length: items }, (_, n) => ({
      linkId: `q${n}`,
      text: `Question ${n}`,
      answer: [{ valueInteger: (n * 13) % 101 }],
    })),
  };
}

function toObservations(source: QuestionnaireResponse): Bundle {
  const entry = (source.item ?? []).map((item) => ({
    resource: {
      resourceType: 'Observation' as const,
      status: 'final' as const,
      code: { ...(item.text !== undefined && { text: item.text }) },
      ...(item.answer?.[0]?.valueInteger !== undefined && { valueInteger: item.answer[0].valueInteger }),
    },
  }));
  return { resourceType: 'Bundle', type: 'collection', entry };
}

/** The figures as a table for people. */
export function toMapTable(figures: readonly MapFigure[]): string {
  const line = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(12)).join('');
  return [
    line(['items', 'map µs/item', 'hand µs/item', 'times']),
    ...figures.map(({ items, map, hand }) =>
      line([String(items), map.toFixed(2), hand.toFixed(2), (map / hand).toFixed(1)]),
    ),
  ].join('\n');
}
