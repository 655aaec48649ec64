import { SiltaError } from '../outcome.ts';
import type { Sector } from '../principal.ts';
import type { Queryable } from './database.ts';
import type { IndexPlan } from './index-plan.ts';
import { emptyIndexColumns, type IndexColumns, indexResource } from './index-resource.ts';
import { readVersion } from './read-resource.ts';
import { type StampedContent, stampContent } from './stamp-content.ts';
import type { StoredVersion, Write, WriteContext } from './types.ts';

export interface WriteParts {
  readonly planOf: (type: string) => IndexPlan;
  /** The time that `meta.lastUpdated` gets. */
  readonly clock: () => Date;
}

/** What one request writes, as a whole or not at all. */
export interface WriteRequest {
  readonly writes: readonly Write[];
  readonly context: WriteContext;
}

/**
 * Writes in one round trip: resources, versions, index rows, changes and the audit row.
 * @throws SiltaError `conflict`, `not-found`, `precondition-failed`, `invalid-resource`
 */
export async function writeResources(
  sql: Queryable,
  parts: WriteParts,
  writes: readonly Write[],
  context: WriteContext,
): Promise<readonly StoredVersion[]> {
  if (writes.length === 0) return [];
  const [stored] = await writeRequests(sql, parts, [{ writes, context }]);
  return stored ?? [];
}

/**
 * Writes what several requests ask for in one round trip: all of it or nothing.
 * @param requests each with a write at least; no two write the same resource
 * @returns the versions of each request, in the order of its writes
 * @throws SiltaError as {@link writeResources} does, about the first write that fails
 */
export async function writeRequests(
  sql: Queryable,
  parts: WriteParts,
  requests: readonly WriteRequest[],
): Promise<readonly (readonly StoredVersion[])[]> {
  const at = parts.clock().toISOString();
  const columns = emptyIndexColumns();
  const prepared: Prepared[] = [];
  for (const [index, { writes, context }] of requests.entries()) {
    refuseRepeated(writes);
    for (const write of writes) {
      prepared.push(
        prepare(write, { parts, context, at, columns, row: prepared.length + 1, request: index + 1 }),
      );
    }
  }
  const versions = await call(sql, { requests, prepared, columns, at });
  const stored = await Promise.all(
    prepared.map((each, index) => storedVersion(sql, each, versions[index] as number, at)),
  );
  return requests.map((_, index) => stored.filter((__, place) => prepared[place]?.request === index + 1));
}

/** What a write is about, e.g. `Task/1`. */
export function writtenReference(write: Write): string {
  return write.kind === 'delete'
    ? `${write.type}/${write.id}`
    : `${write.resource.resourceType}/${write.resource.id}`;
}

interface Prepared {
  readonly kind: 'create' | 'update' | 'upsert' | 'delete';
  readonly type: string;
  readonly id: string;
  readonly seen: number | null;
  readonly content?: StampedContent;
  readonly patients: readonly string[];
  /** Place of the request, from 1. */
  readonly request: number;
}

interface Batch {
  readonly parts: WriteParts;
  readonly context: WriteContext;
  readonly at: string;
  readonly columns: IndexColumns;
  /** Place of the write among all, from 1. */
  readonly row: number;
  readonly request: number;
}

function refuseRepeated(writes: readonly Write[]): void {
  const seen = new Set<string>();
  for (const write of writes) {
    const key = writtenReference(write);
    if (seen.has(key)) {
      throw new SiltaError('invalid-request', `${key} is written twice in one transaction.`);
    }
    seen.add(key);
  }
}

function prepare(write: Write, { parts, context, at, columns, row, request }: Batch): Prepared {
  if (write.kind === 'delete') {
    const { type, id, ifMatch } = write;
    return { kind: 'delete', type, id, seen: ifMatch ?? null, patients: [], request };
  }
  const { resource } = write;
  const content = stampContent(resource, at, context.principal);
  const patients = indexResource(resource, parts.planOf(resource.resourceType), row, columns);
  const isUpdate = write.kind === 'update';
  return {
    kind: isUpdate && write.orCreate ? 'upsert' : write.kind,
    type: resource.resourceType,
    id: resource.id,
    seen: (isUpdate ? write.ifMatch : undefined) ?? null,
    content,
    patients,
    request,
  };
}

const ARGUMENTS = 43;
const STATEMENT = `SELECT write_requests(${Array.from({ length: ARGUMENTS }, (_, i) => `$${i + 1}`).join(', ')}) AS versions`;

/** No JSON text holds this character raw. */
const SEPARATOR = '\u001f';

interface Call {
  readonly requests: readonly WriteRequest[];
  readonly prepared: readonly Prepared[];
  readonly columns: IndexColumns;
  readonly at: string;
}

const jsonOf = (rows: readonly object[]): string | null => (rows.length > 0 ? JSON.stringify(rows) : null);

async function call(sql: Queryable, { requests, prepared, columns, at }: Call): Promise<number[]> {
  const contexts = requests.map(({ context }) => context);
  const values = [
    prepared.map((each) => each.kind),
    prepared.map((each) => each.type),
    prepared.map((each) => each.id),
    prepared.map((each) => each.seen),
    prepared.flatMap((each) => [each.content?.head ?? '', each.content?.tail ?? '']).join(SEPARATOR),
    at,
    prepared.map((each) => each.patients.join(' ')),
    prepared.map((each) => each.content?.sector ?? null),
    prepared.map((each) => each.request),
    ...columns.token,
    ...columns.string,
    ...columns.date,
    ...columns.reference,
    ...columns.quantity,
    jsonOf(columns.component),
    jsonOf(columns.text),
    contexts.map(({ requestId }) => requestId),
    contexts.map(({ origin }) => origin ?? null),
    contexts.map(({ principal }) => principal.who),
    contexts.map(({ once }) => once ?? null),
    contexts.map(({ principal }) => principal.kind),
    contexts.map(({ principal }) => principal.clientId ?? null),
    requests.map(({ writes }) => (writes.length > 1 ? 'transaction' : (writes[0] as Write).kind)),
  ];
  try {
    const [row] = await sql.query<{ versions: number[] }>(STATEMENT, values, 'write-requests');
    return row?.versions ?? [];
  } catch (cause) {
    throw asWriteError(cause, prepared);
  }
}

async function storedVersion(
  sql: Queryable,
  { kind, type, id, content, patients }: Prepared,
  version: number,
  at: string,
): Promise<StoredVersion> {
  if (!content) {
    // A deletion keeps the patients and the sector of what it deletes, which only the database knows.
    const stored = await readVersion(sql, type, id, Math.abs(version));
    if (!stored) throw new Error('A resource that was just deleted has no row.');
    return stored;
  }
  return {
    type,
    id,
    versionId: version,
    lastUpdated: at,
    method: kind === 'create' || version === 1 ? 'create' : 'update',
    content: `${content.head}${version}${content.tail}`,
    patients,
    sector: content.sector satisfies Sector,
  };
}

/** SQLSTATEs of our own, raised by `write_requests`, and the unique key of `change.once`. */
function asWriteError(cause: unknown, prepared: readonly Prepared[]): unknown {
  const { code, detail, constraint } = cause as { code?: string; detail?: string; constraint?: string };
  if (code === '23505' && constraint === 'change_once') {
    return new SiltaError('conflict', 'This cause has had its effect already.', { key: 'once', cause });
  }
  const at = prepared[Number(detail) - 1];
  const name = at ? `${at.type}/${at.id}` : 'The resource';
  switch (code) {
    case 'SI001':
      return new SiltaError('conflict', `${name} exists already.`, { cause });
    case 'SI002':
      return new SiltaError(
        'precondition-failed',
        `${name} has another version than the one that was asked for.`,
        {
          cause,
        },
      );
    case 'SI003':
      return new SiltaError('not-found', `${name} is not known.`, { cause });
    default:
      return cause;
  }
}
