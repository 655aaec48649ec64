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
  readonly store: Pick<Store, 'read' | 'readVersion'>;
  /** A definition (Questionnaire …) by its canonical URL, with or without `|version`. */
  readonly resolveCanonical: (canonical: string) => Promise<Resource | undefined>;
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
  const resource = contentOf(routed, `${type}/${resourceId}/_history/${versionId}`);
  const names = route.map.sources;
  const main = names.find((name) => !(name in route.with)) ?? names[0] ?? 'source';
  const values: Record<string, Resource> = { [main]: resource };
  const versions = routed ? [routed] : [];
  for (const [name, expression] of Object.entries(route.with)) {
    const [found] = reader.path(expression)(structuredClone(resource));
    const input = found === undefined ? undefined : await readInput(reader, found, `${type}.${expression}`);
    if (!input) continue;
    values[name] = input.resource;
    if (input.version) versions.push(input.version);
  }
  return { values, versions };
}

async function readInput(
  reader: SourceReader,
  found: unknown,
  expression: string,
): Promise<{ readonly resource: Resource; readonly version?: StoredVersion }> {
  const reference = typeof found === 'string' ? found : (found as { reference?: unknown } | null)?.reference;
  if (typeof reference !== 'string') {
    throw new SiltaError('invalid-resource', 'The map needs a reference here, with a literal reference.', {
      expression: [expression],
    });
  }
  const literal = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/(\d+))?$/.exec(reference);
  if (!literal?.[1] || !literal[2]) return { resource: await resolve(reader, reference, expression) };
  const version = literal[3]
    ? await reader.store.readVersion(literal[1], literal[2], Number(literal[3]))
    : await reader.store.read(literal[1], literal[2]);
  const resource = contentOf(version, reference, expression);
  return version ? { resource, version } : { resource };
}

async function resolve(reader: SourceReader, canonical: string, expression: string): Promise<Resource> {
  const resource = await reader.resolveCanonical(canonical);
  if (resource) return resource;
  throw new SiltaError('not-found', `The definition ${canonical}, which the map needs, is not known.`, {
    expression: [expression],
  });
}

function contentOf(version: StoredVersion | undefined, reference: string, expression?: string): Resource {
  const where = expression ? { expression: [expression] } : {};
  if (!version) throw new SiltaError('not-found', `${reference}, which the map needs, is not stored.`, where);
  if (version.content === null)
    throw new SiltaError('gone', `${reference}, which the map needs, is deleted.`, where);
  return JSON.parse(version.content) as Resource;
}
