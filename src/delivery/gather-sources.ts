import type { CompiledMap } from '../mapping/index.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { Store, StoredVersion } from '../store/index.ts';
import type { Route } from '../systems/index.ts';
import type { Path } from './compile-path.ts';

/** What a route's map is run on. */
export interface Sources {
  /** By the names of the map's source inputs. */
  readonly values: Readonly<Record<string, Resource>>;
  /** The routed version first, then further inputs that are stored resources. */
  readonly versions: readonly StoredVersion[];
}

export interface SourceReader {
  readonly store: Pick<Store, 'read' | 'readVersion' | 'resolveCanonical'>;
  readonly path: (expression: string) => Path;
}

/**
 * Reads the routed version and the route's `with` inputs. An input whose expression yields nothing is left out.
 * @throws SiltaError `not-found` or `gone` when something that is referred to cannot be read
 */
export async function gatherSources(
  reader: SourceReader,
  route: Route,
  source: { readonly type: string; readonly resourceId: string; readonly versionId: number },
): Promise<Sources> {
  const { type, resourceId, versionId } = source;
  const routed = await reader.store.readVersion(type, resourceId, versionId);
  const content = contentOf(routed, `${type}/${resourceId}/_history/${versionId}`);
  const resource = await labelAsNow(reader, content, resourceId);
  const names = route.map.sources;
  const main = names.find((name) => !(name in route.with)) ?? names[0] ?? 'source';
  const values: Record<string, Resource> = { [main]: resource };
  const versions = routed ? [routed] : [];
  for (const [name, expression] of Object.entries(route.with)) {
    const [found] = reader.path(expression)(structuredClone(resource));
    const wanted = { name, map: route.map, expression: `${type}.${expression}` };
    const input = found === undefined ? undefined : await readInput(reader, found, wanted);
    if (!input) continue;
    values[name] = input.resource;
    if (input.version) versions.push(input.version);
  }
  return { values, versions };
}

/** An input of a map, and the expression that says what it is filled with. */
interface Wanted {
  readonly name: string;
  readonly map: CompiledMap;
  readonly expression: string;
}

async function readInput(
  reader: SourceReader,
  found: unknown,
  wanted: Wanted,
): Promise<{ readonly resource: Resource; readonly version?: StoredVersion }> {
  const reference = typeof found === 'string' ? found : (found as { reference?: unknown } | null)?.reference;
  if (typeof reference !== 'string') {
    throw new SiltaError('invalid-resource', 'The map needs a reference here, with a literal reference.', {
      expression: [wanted.expression],
    });
  }
  const literal = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/(\d+))?$/.exec(reference);
  if (!literal?.[1] || !literal[2]) return { resource: await resolve(reader, reference, wanted) };
  const version = literal[3]
    ? await reader.store.readVersion(literal[1], literal[2], Number(literal[3]))
    : await reader.store.read(literal[1], literal[2]);
  const content = contentOf(version, reference, wanted.expression);
  const resource = literal[3] ? await labelAsNow(reader, content, literal[2]) : content;
  return version ? { resource, version } : { resource };
}

/**
 * An earlier version of a Patient, with the security labels of the present one added: a non-disclosure order holds for
 * what was written, referred to or queued before it.
 */
async function labelAsNow(reader: SourceReader, resource: Resource, id: string): Promise<Resource> {
  if (resource.resourceType !== 'Patient') return resource;
  const present = await reader.store.read('Patient', id);
  if (!present || present.content === null) return resource;
  const { meta } = JSON.parse(present.content) as Resource;
  const security = [...(resource.meta?.security ?? []), ...(meta?.security ?? [])];
  return { ...resource, meta: { ...resource.meta, security } };
}

async function resolve(reader: SourceReader, canonical: string, wanted: Wanted): Promise<Resource> {
  const resource = await reader.store.resolveCanonical(typeOfInput(wanted, canonical), canonical);
  if (resource) return resource;
  throw new SiltaError('not-found', `The definition ${canonical}, which the map needs, is not known.`, {
    expression: [wanted.expression],
  });
}

/**
 * The resource type the map declares for an input; where it declares none, the type a canonical URL usually names.
 * @see https://hl7.org/fhir/R4/structuremap-definitions.html#StructureMap.group.input.type
 */
function typeOfInput({ map, name }: Wanted, canonical: string): string {
  const { group, structure = [] } = map.structureMap;
  const type = group?.[0]?.input?.find((input) => input.name === name)?.type;
  const url = structure.find(({ alias }) => alias !== undefined && alias === type)?.url;
  const named = url?.split('/').at(-1) ?? type;
  return named ?? canonical.replace(/\|.*$/, '').split('/').at(-2) ?? '';
}

function contentOf(version: StoredVersion | undefined, reference: string, expression?: string): Resource {
  const where = expression ? { expression: [expression] } : {};
  if (!version) throw new SiltaError('not-found', `${reference}, which the map needs, is not stored.`, where);
  if (version.content === null)
    throw new SiltaError('gone', `${reference}, which the map needs, is deleted.`, where);
  return JSON.parse(version.content) as Resource;
}
