import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type {
  CodeSystem,
  SearchParameter as SearchParameterResource,
  StructureDefinition,
  ValueSet,
} from 'fhir/r4';
import type { Resource } from '../resource.ts';
import { type CompactIndex, INDEX_FORMAT, unpackStructure } from './compact-index.ts';
import { openPublished, type PublishedFile, publishedBeside } from './published-file.ts';
import { type ProfileFile, readProfiles } from './read-profiles.ts';
import {
  confineSearchParameter,
  readSearchParameter,
  type SearchParameterData,
} from './search-parameters.ts';
import { generateSnapshot } from './snapshot.ts';
import { openStructure, readStructure, type StructureData } from './structure-data.ts';
import type { Definitions, SearchParameter, Structure, ValueSetCodes } from './types.ts';
import {
  enumerateValueSet,
  readCodeSystem,
  readValueSet,
  relatedCodes,
  withoutVersion,
} from './value-sets.ts';

// The same place seen from `src/definitions` and from `dist/definitions`.
const INDEX_FILE = new URL('../../dist/definitions/r4.json', import.meta.url);

/**
 * Reads the compiled R4 index and everything under the profiles directory.
 * @param options.profiles directory with StructureDefinitions, ValueSets, CodeSystems, SearchParameters and content
 * @throws Error when the index was not built, or naming the file that is broken
 */
export async function loadDefinitions(options: { readonly profiles: string }): Promise<Definitions> {
  return (await openDefinitions(options))([]);
}

/**
 * Reads as {@link loadDefinitions} does, and lets more resources be added, as often as asked; what is broken in those
 * is found when it is first used.
 * @throws Error as {@link loadDefinitions} does
 */
export async function openDefinitions(options: {
  readonly profiles: string;
}): Promise<(more: readonly Resource[]) => Definitions> {
  const [index, files] = await Promise.all([readIndex(), readProfiles(options.profiles)]);
  return (more) =>
    createDefinitions(
      index,
      files,
      more.map((resource) => ({ file: String(resource['url'] ?? resource.resourceType), resource })),
    );
}

async function readIndex(): Promise<CompactIndex> {
  const text = await readFile(INDEX_FILE, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`${fileURLToPath(INDEX_FILE)} cannot be read: run \`npm run build\`.`, { cause });
  });
  const index = JSON.parse(text) as CompactIndex;
  if (index.format !== INDEX_FORMAT) {
    throw new Error(`${fileURLToPath(INDEX_FILE)} is of another version: run \`npm run build\`.`);
  }
  return index;
}

/** The definitions over an index and the files of a profiles directory. Exported for the tests of the room. */
function createDefinitions(
  index: CompactIndex,
  own: readonly ProfileFile[],
  more: readonly ProfileFile[],
): Definitions {
  const files = [...own, ...more];
  const structures = openStructures(index, own, more);
  const supertypes = (type: string): string[] => {
    const base = structures.data(type)?.base;
    const above = base ? structures.data(base)?.type : undefined;
    return above ? [above, ...supertypes(above)] : [];
  };
  const parameters = [
    ...index.searchParameters,
    ...ofType<SearchParameterResource>(files, 'SearchParameter').map(readSearchParameter),
  ];
  const ofKnownType = <V>(work: (type: string) => V, otherwise: V): ((type: string) => V) => {
    const remembered = remember(work);
    return (type) => (structures.resourceTypes.has(type) ? remembered(type) : otherwise);
  };
  const searchParameters = ofKnownType(
    (type) => confineParameters(parameters, type, supertypes(type)),
    new Map<string, SearchParameter>(),
  );
  const compartment = ofKnownType<readonly string[]>(
    (type) => Object.freeze(index.patientCompartment[type] ?? ownCompartment(type, searchParameters(type))),
    Object.freeze([]),
  );
  return Object.freeze({
    resourceTypes: structures.resourceTypes,
    structure: structures.find,
    searchParameters,
    ...openTerminology(index, files),
    patientCompartment: compartment,
    ...openResources(openPublished(publishedBeside(fileURLToPath(INDEX_FILE))), files),
    content: Object.freeze(files.map((each) => deepFreeze(each.resource))),
  });
}

/** Resources of `profiles/` come before HL7's of the same URL: they are what this deployment decided on. */
function openResources(
  file: PublishedFile,
  files: readonly ProfileFile[],
): Pick<Definitions, 'published' | 'publishedUrls'> {
  const own = new Map<string, Resource[]>();
  for (const { resource } of files) {
    const key = `${resource.resourceType} ${String(resource['url'])}`;
    own.set(key, [...(own.get(key) ?? []), resource]);
  }
  return {
    published: (type, canonical) => {
      const url = withoutVersion(canonical);
      const version = url === canonical ? undefined : canonical.slice(url.length + 1);
      const fits = (each: Resource) => version === undefined || each['version'] === version;
      const found = own.get(`${type} ${url}`)?.findLast(fits);
      if (found) return found;
      const published = file.read(type, url);
      return published && fits(published) ? published : undefined;
    },
    publishedUrls: (type) => [
      ...new Set([...ofType<Resource>(files, type).map((each) => String(each['url'])), ...file.urls(type)]),
    ],
  };
}

interface Structures {
  readonly resourceTypes: ReadonlySet<string>;
  data(urlOrType: string): StructureData | undefined;
  find(urlOrType: string): Structure | undefined;
}

function openStructures(
  index: CompactIndex,
  own: readonly ProfileFile[],
  more: readonly ProfileFile[],
): Structures {
  const known = new Map<string, () => StructureData>();
  const resourceTypes = new Set<string>();
  for (const packed of index.structures) {
    const unpack = once(() => unpackStructure(packed, index));
    known.set(packed.url, unpack);
    if (packed.derivation === 'specialization') known.set(packed.type, unpack);
    if (packed.kind === 'resource' && !packed.abstract) resourceTypes.add(packed.type);
  }
  const data = (urlOrType: string): StructureData | undefined =>
    (known.get(urlOrType) ?? known.get(withoutVersion(urlOrType)))?.();
  const isProfile = (each: ProfileFile) => each.resource.resourceType === 'StructureDefinition';
  for (const { file, resource } of [...own, ...more].filter(isProfile)) {
    const definition = resource as unknown as StructureDefinition;
    const read = once(() => readProfile(file, definition, data));
    known.set(definition.url, read);
    if (definition.version) known.set(`${definition.url}|${definition.version}`, read);
  }
  // Reads each now: a broken profile is found at the start, not at the first answer that claims it.
  for (const { resource } of own.filter(isProfile)) data(String(resource['url']));
  const opened = remember((read: () => StructureData) => openStructure(read()));
  return {
    resourceTypes,
    data,
    find: (urlOrType) => {
      const read = known.get(urlOrType) ?? known.get(withoutVersion(urlOrType));
      return read && opened(read);
    },
  };
}

function readProfile(
  file: string,
  definition: StructureDefinition,
  find: (urlOrType: string) => StructureData | undefined,
): StructureData {
  try {
    for (const element of ['url', 'type', 'kind'] as const) {
      if (typeof definition[element] !== 'string')
        throw new Error(`StructureDefinition.${element} is missing.`);
    }
    return definition.snapshot ? readStructure(definition) : generateSnapshot(definition, find);
  } catch (cause) {
    const message = (cause as Error).message;
    throw new Error(message.startsWith(file) ? message : `${file}: ${message}`, { cause });
  }
}

function confineParameters(
  parameters: readonly SearchParameterData[],
  type: string,
  supertypes: readonly string[],
): ReadonlyMap<string, SearchParameter> {
  const found = new Map<string, SearchParameter>();
  for (const data of parameters) {
    const parameter = confineSearchParameter(data, type, supertypes);
    if (parameter) found.set(parameter.code, parameter);
  }
  return found;
}

/**
 * The Patient compartment leaves out some types that may be about a patient (Device, Contract, GuidanceResponse).
 * Without a compartment they would be open to every citizen, so `patient` or `subject` puts them into their patient's.
 * @see https://hl7.org/fhir/R4/compartmentdefinition-patient.html
 */
function ownCompartment(type: string, parameters: ReadonlyMap<string, SearchParameter>): string[] {
  if (type === 'Patient') return [];
  return ['patient', 'subject'].filter((code) => parameters.get(code)?.targets.includes('Patient'));
}

function openTerminology(
  index: CompactIndex,
  files: readonly ProfileFile[],
): Pick<Definitions, 'valueSet' | 'relatedCodes'> {
  const codeSystems = new Map(index.codeSystems.map((each) => [each.url, each]));
  const valueSets = new Map(index.valueSets.map((each) => [each.url, each]));
  for (const resource of ofType<CodeSystem>(files, 'CodeSystem')) {
    const data = readCodeSystem(resource);
    if (!data) continue;
    codeSystems.set(data.url, data);
    if (data.valueSet) valueSets.set(data.valueSet, { url: data.valueSet, include: [{ system: data.url }] });
  }
  for (const resource of ofType<ValueSet>(files, 'ValueSet')) {
    const data = readValueSet(resource);
    if (data) valueSets.set(data.url, data);
  }
  const terminology = {
    codeSystem: (url: string) => codeSystems.get(url),
    valueSet: (url: string) => valueSets.get(url),
  };
  const enumerated = remember((url: string) => enumerateValueSet(url, terminology));
  return {
    valueSet: (url): ValueSetCodes | undefined => {
      const known = withoutVersion(url);
      return valueSets.has(known) ? enumerated(known) : undefined;
    },
    relatedCodes: (system, code, direction) => {
      const data = codeSystems.get(withoutVersion(system));
      return data && relatedCodes(data, code, direction);
    },
  };
}

function ofType<T>(files: readonly ProfileFile[], type: string): T[] {
  return files.flatMap((each) =>
    each.resource.resourceType === type ? [each.resource as unknown as T] : [],
  );
}

/** Keeps the answers of a pure function. Only for arguments that the definitions know, which are few. */
function remember<K, V>(work: (key: K) => V): (key: K) => V {
  const kept = new Map<K, V>();
  return (key) => {
    if (kept.has(key)) return kept.get(key) as V;
    const value = work(key);
    kept.set(key, value);
    return value;
  };
}

function once(work: () => StructureData): () => StructureData {
  let open = false;
  let value: StructureData | undefined;
  return () => {
    if (value) return value;
    if (open) throw new Error('A profile is its own base.');
    open = true;
    value = work();
    return value;
  };
}

function deepFreeze(value: Resource): Resource {
  const freeze = (each: unknown): void => {
    if (typeof each !== 'object' || each === null) return;
    for (const inner of Object.values(each)) freeze(inner);
    Object.freeze(each);
  };
  freeze(value);
  return value;
}
