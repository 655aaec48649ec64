/**
 * References to resources of this server must lead somewhere the caller may go.
 * @see https://hl7.org/fhir/R4/references.html#literal
 */
import type { Definitions } from '../definitions/index.ts';
import type { Issue } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { Visibility } from '../store/index.ts';
import type { Reader } from './types.ts';

const RELATIVE = /^([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;
/** Ids in one look-up; a search takes no more values in one parameter. */
const MOST_IDS = 400;
const FEW_IDS = 3;
const SECTORS = 2;

export interface FoundReference {
  readonly type: string;
  readonly id: string;
  /** FHIRPath of the Reference. */
  readonly expression: string;
}

/** Visits every literal reference of a resource with the FHIRPath of its Reference element. */
export function visitReferences(
  value: unknown,
  path: string,
  visit: (reference: string, expression: string) => void,
): void {
  walk(value, [path], visit);
}

/** The trail becomes a path only where a reference is found: most of a resource is none. */
function walk(value: unknown, trail: string[], visit: (reference: string, expression: string) => void): void {
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof member === 'object') {
      trail.push(isList ? `[${name}]` : `.${name}`);
      walk(member, trail, visit);
      trail.pop();
    } else if (name === 'reference' && typeof member === 'string') visit(member, trail.join(''));
  }
}

/** Relative references of a resource; absolute ones and those to contained resources are others' affair. */
export function collectReferences(resource: Resource, path = resource.resourceType): FoundReference[] {
  const found: FoundReference[] = [];
  visitReferences(resource, path, (reference, expression) => {
    const [, type, id] = RELATIVE.exec(reference) ?? [];
    if (type && id) found.push({ type, id, expression });
  });
  return found;
}

/**
 * Issues for references that lead nowhere. One look-up for each type referred to.
 * @param visibility what the caller may refer to; what is invisible counts as absent
 * @param written `Type/id` of what the same transaction writes
 */
export async function findDangling(
  reader: Reader,
  definitions: Definitions,
  references: readonly FoundReference[],
  visibility: Visibility,
  written: ReadonlySet<string> = new Set(),
): Promise<readonly Issue[]> {
  const open = references.filter(({ type, id }) => !written.has(`${type}/${id}`));
  const idsByType = new Map<string, Set<string>>();
  for (const { type, id } of open) {
    if (definitions.resourceTypes.has(type)) idsByType.set(type, (idsByType.get(type) ?? new Set()).add(id));
  }
  const known = new Set<string>();
  for (const [type, all] of idsByType) {
    for (const ids of inChunks([...all])) {
      for (const id of await findKnown(reader, type, ids, visibility)) known.add(`${type}/${id}`);
    }
  }
  return open.filter(({ type, id }) => !known.has(`${type}/${id}`)).map(danglingIssue);
}

/** The ids that lead somewhere. A few for a caller who is confined to nothing need no search. */
async function findKnown(
  reader: Reader,
  type: string,
  ids: readonly string[],
  visibility: Visibility,
): Promise<readonly string[]> {
  if (ids.length <= FEW_IDS && visibility.patientId === undefined && visibility.sectors.length === SECTORS) {
    const found = await Promise.all(ids.map((id) => reader.read(type, id)));
    return found.flatMap((stored) => (stored && stored.content !== null ? [stored.id] : []));
  }
  const parameters = [['_id', ids.join(',')] as const, ['_count', String(ids.length)] as const];
  const page = await reader.search({ type, parameters, visibility });
  return page.matches.map(({ id }) => id);
}

function inChunks(ids: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(ids.length / MOST_IDS) }, (_, n) =>
    ids.slice(n * MOST_IDS, (n + 1) * MOST_IDS),
  );
}

function danglingIssue({ type, expression }: FoundReference): Issue {
  return {
    severity: 'error',
    code: 'not-found',
    diagnostics: `This refers to a ${type} that is not here.`,
    expression: [expression],
  };
}
