import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compileStructure, loadDefinitions } from '../../src/definitions/index.ts';
import type { CompiledMap } from '../../src/mapping/index.ts';
import { compileFolder, type FolderMaps, FolderMemories, type MapContext } from '../../src/systems/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BASE = 'https://silta.example/fhir/StructureMap';

const head = (name: string, imports = '') => `/// url = '${BASE}/${name}'
/// name = '${name}'
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Person as target
${imports}
`;

const FILES: Readonly<Record<string, string>> = {
  'alone.fml': `${head('Alone')}group Alone(source patient : Patient, target person : Person) {
  patient.gender as gender -> person.gender = gender "gender";
}`,
  'name.fml': `${head('Name')}group Name(source patient : Patient, target person : Person) {
  patient.active as active -> person.active = active "active";
}`,
  'whole.fml': `${head('Whole', `imports "${BASE}/N*"`)}group Whole(source patient : Patient, target person : Person) {
  patient -> person then Name(patient, person) "name";
}`,
  'coded.fml': `${head('Coded')}group Coded(source patient : Patient, target person : Person) {
  patient.gender as gender -> person.language = translate(gender, '${BASE}/codes', 'code') "code";
}`,
  'codes.conceptmap.json': JSON.stringify({
    resourceType: 'ConceptMap',
    url: `${BASE}/codes`,
    status: 'draft',
    group: [{ element: [{ code: 'male', target: [{ code: 'fi', equivalence: 'equal' }] }] }],
  }),
  'form.logical.json': JSON.stringify({
    resourceType: 'StructureDefinition',
    url: 'https://silta.example/fhir/StructureDefinition/form',
    name: 'Form',
    status: 'draft',
    kind: 'logical',
    abstract: false,
    type: 'Form',
    derivation: 'specialization',
    differential: {
      element: [
        { id: 'Form', path: 'Form' },
        { id: 'Form.a', path: 'Form.a', min: 0, max: '1', type: [{ code: 'string' }] },
      ],
    },
  }),
};

let folder: string;
let context: MapContext;

beforeAll(async () => {
  const definitions = await loadDefinitions({ profiles: join(ROOT, 'profiles') });
  context = { definitions, compileModel: (model) => compileStructure(model, definitions) };
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'silta-memory-'));
  context = { ...context, memories: new FolderMemories() };
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const compile = (): Promise<FolderMaps> => compileFolder(folder, 'maps', context);

async function edit(name: string, from: string, to: string): Promise<void> {
  const file = join(folder, name);
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
}

/** Names of the maps that are compiled anew. */
async function changedBy(change: () => Promise<void>): Promise<readonly string[]> {
  const before = await compile();
  expect(before.faults).toEqual([]);
  await change();
  const after = await compile();
  expect(after.faults).toEqual([]);
  return [...after.maps].filter(([name, map]) => before.maps.get(name) !== map).map(([name]) => name);
}

const run = (map: CompiledMap | undefined) =>
  map?.run(
    { patient: { resourceType: 'Patient', active: true, gender: 'male' } },
    { now: () => new Date(0), uuid: () => '0' },
  );

describe('compiling a folder again', () => {
  it('compiles nothing anew when no text is another', async () => {
    expect(await changedBy(async () => undefined)).toEqual([]);
    expect((await compile()).models).toBe((await compile()).models);
  });

  it('compiles a changed map and the maps that import it', async () => {
    expect(await changedBy(() => edit('name.fml', 'active = active', 'active = false'))).toEqual([
      'name.fml',
      'whole.fml',
    ]);
    expect(run((await compile()).maps.get('whole.fml'))).toEqual({ resourceType: 'Patient', active: false });
  });

  it('compiles the maps that translate by a changed ConceptMap', async () => {
    expect(await changedBy(() => edit('codes.conceptmap.json', '"fi"', '"sv"'))).toEqual(['coded.fml']);
    expect(run((await compile()).maps.get('coded.fml'))).toEqual({ resourceType: 'Patient', language: 'sv' });
  });

  it('compiles all maps when a model is another', async () => {
    expect(await changedBy(() => edit('form.logical.json', 'Form.a', 'Form.b'))).toHaveLength(4);
  });

  it('compiles a map that imports by a pattern when a map is added or gone', async () => {
    const text = FILES['name.fml'] ?? '';
    const added = text.replaceAll('Name', 'Next');
    expect(await changedBy(() => writeFile(join(folder, 'next.fml'), added))).toEqual([
      'next.fml',
      'whole.fml',
    ]);
    expect(await changedBy(() => rm(join(folder, 'next.fml')))).toEqual(['whole.fml']);
  });

  it('tells of what is broken each time, and takes the file back when it is as it was', async () => {
    await compile();
    await edit('alone.fml', 'person.gender', 'person.gendre');
    await edit('codes.conceptmap.json', '"url"', '"ulr"');
    for (let turn = 0; turn < 2; turn += 1) {
      const { broken, faults } = await compile();
      expect([...broken]).toEqual(['alone.fml', 'coded.fml']);
      expect(faults.map(({ file }) => file)).toEqual([
        'maps/codes.conceptmap.json',
        'maps/alone.fml',
        'maps/coded.fml',
      ]);
    }
    await edit('alone.fml', 'person.gendre', 'person.gender');
    await edit('codes.conceptmap.json', '"ulr"', '"url"');
    const after = await compile();
    expect(after.faults).toEqual([]);
    expect(run(after.maps.get('alone.fml'))).toEqual({ resourceType: 'Patient', gender: 'male' });
    expect(run(after.maps.get('coded.fml'))).toEqual({ resourceType: 'Patient', language: 'fi' });
  });
});
