/** Runs the fuzzing where a hang can be ended from outside. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { longMap } from '../../bench/map/long-map.ts';
import { DOCUMENT_MODEL, makeDocument, makeReport } from '../../bench/map/messages.ts';
import { makeResponse, OBSERVATIONS_MAP } from '../../bench/map/observations.ts';
import { compileStructure, loadDefinitions } from '../../src/definitions/index.ts';
import { createCodec, parseMap, toStructureMap } from '../../src/mapping/index.ts';
import { mutations } from './mutate.ts';
import type { FuzzFamily, FuzzWork } from './run-map.ts';
import { codecTarget, mapTarget, structureMapTarget, type Target } from './targets.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const { seconds, seed, noteFile } = JSON.parse(process.argv[2] ?? '{}') as FuzzWork;
let count = 0;

/** Leaves the text where the other side finds it, should this one never end. */
function note(text: string): void {
  count += 1;
  writeFileSync(noteFile, `${count}\n${text}`);
}

function readMaps(): readonly string[] {
  const root = join(ROOT, 'mappings');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.fml'))
    .map((name) => readFileSync(join(root, name), 'utf8'));
}

const CSV_MODEL = {
  ...DOCUMENT_MODEL,
  url: 'https://silta.example/fhir/StructureDefinition/fuzz-table',
  name: 'FuzzTable',
  type: 'FuzzTable',
  extension: [],
  differential: {
    element: [
      { id: 'FuzzTable', path: 'FuzzTable' },
      ...(['row', 'row.name', 'row.count', 'row.weight'] as const).map((name) => ({
        id: `FuzzTable.${name}`,
        path: `FuzzTable.${name}`,
        min: 0,
        max: name === 'row' ? '*' : '1',
        type: [
          {
            code: {
              row: 'BackboneElement',
              'row.name': 'string',
              'row.count': 'integer',
              'row.weight': 'decimal',
            }[name],
          },
        ],
      })),
    ],
  },
};

async function families(): Promise<readonly { name: string; seeds: readonly string[]; target: Target }[]> {
  const definitions = await loadDefinitions({ profiles: join(ROOT, 'profiles') });
  const models = [compileStructure(DOCUMENT_MODEL, definitions), compileStructure(CSV_MODEL, definitions)];
  const maps = [...readMaps(), OBSERVATIONS_MAP, longMap(0).slice(0, 4000)];
  const structureMaps = maps.flatMap((text) => parseMap(text, 'seed').map ?? []).map(toStructureMap);
  const response = makeResponse(3);
  const resource = createCodec('xml', { definitions });
  const codec = (format: 'hl7v2' | 'csv' | 'xml', type: string) =>
    codecTarget(createCodec(format, { definitions, models, type }));
  return [
    { name: 'maps', seeds: maps, target: mapTarget(definitions, [response, {}, { resourceType: 'Task' }]) },
    {
      name: 'StructureMaps',
      seeds: structureMaps.map((each) => JSON.stringify(each)),
      target: structureMapTarget(definitions),
    },
    {
      name: 'json',
      seeds: [JSON.stringify(response)],
      target: codecTarget(createCodec('json', { definitions })),
    },
    { name: 'xml resources', seeds: [resource.print(response)], target: codecTarget(resource) },
    { name: 'xml documents', seeds: [makeDocument(3)], target: codec('xml', DOCUMENT_MODEL.url) },
    { name: 'hl7v2', seeds: [makeReport(3)], target: codec('hl7v2', 'urn:hl7-org:v2xml:ORU_R01') },
    {
      name: 'hl7v2, any message',
      seeds: [makeReport(2)],
      target: codec('hl7v2', 'urn:hl7-org:v2xml:Message'),
    },
    {
      name: 'csv',
      seeds: ['name,count,weight\r\n"a, ""b""",1,2.5\r\nc,,\r\n'],
      target: codec('csv', CSV_MODEL.url),
    },
  ];
}

const all = await families();
for (const { name, seeds, target } of all) {
  const property = fc.property(mutations(seeds), (text) => {
    note(text);
    target(text);
  });
  const details = fc.check(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: (seconds * 1000) / all.length,
    markInterruptAsFailure: false,
  });
  const fault = details.failed ? details.errorInstance : undefined;
  const family: FuzzFamily = {
    name,
    runs: details.numRuns,
    ...(details.failed && {
      failure: `${name}: ${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}\n${JSON.stringify(details.counterexample?.[0])}`,
    }),
  };
  process.send?.(family);
}
process.disconnect();
