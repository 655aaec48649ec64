import { SiltaError } from '../outcome.ts';
import type { Sector } from '../principal.ts';
import type { Queryable, Row } from './database.ts';
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
  refuseRepeated(writes);
  const at = parts.clock().toISOString();
  const columns = emptyIndexColumns();
  const prepared = writes.map((write, index) => prepare(write, index + 1, { parts, context, at, columns }));
  const versions = await call(sql, { writes, prepared, columns, at, context });
  return Promise.all(prepared.map((each, index) => storedVersion(sql, each, versions[index] as number, at)));
}

interface Prepared {
  readonly kind: 'create' | 'update' | 'upsert' | 'delete';
  readonly type: string;
  readonly id: string;
  readonly seen: number | null;
  readonly content?: StampedContent;
  readonly patients: readonly string[];
}

interface Batch {
  readonly parts: WriteParts;
  readonly context: WriteContext;
  readonly at: string;
  readonly columns: IndexColumns;
}

function refuseRepeated(writes: readonly Write[]): void {
  const seen = new Set<string>();
  for (const write of writes) {
    const key =
      write.kind === 'delete'
        ? `${write.type}/${write.id}`
        : `${write.resource.resourceType}/${write.resource.id}`;
    if (seen.has(key)) {
      throw new SiltaError('invalid-request', `${key} is written twice in one transaction.`);
    }
    seen.add(key);
  }
}

function prepare(write: Write, row: number, { parts, context, at, columns }: Batch): Prepared {
  if (write.kind === 'delete') {
    return { kind: 'delete', type: write.type, id: write.id, seen: write.ifMatch ?? null, patients: [] };
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
  };
}

const ARGUMENTS = 40;
const STATEMENT = `SELECT write_resources(${Array.from({ length: ARGUMENTS }, (_, i) => `$${i + 1}`).join(', ')}) AS versions`;

/** The same for writes with index rows of the rare kinds, or in place of versions that may have had some. */
const STATEMENT_WITH_RARE = `WITH written AS MATERIALIZED (${STATEMENT})
  SELECT versions, write_rare_index($2, $3, $${ARGUMENTS + 1}, $${ARGUMENTS + 2}) FROM written`;

/** No JSON text holds this character raw. */
const SEPARATOR = '\u001f';

interface Call {
  readonly writes: readonly Write[];
  readonly prepared: readonly Prepared[];
  readonly columns: IndexColumns;
  readonly at: string;
  readonly context: WriteContext;
}

interface Written extends Row {
  readonly versions: number[];
}

async function call(sql: Queryable, { writes, prepared, columns, at, context }: Call): Promise<number[]> {
  const { principal } = context;
  const values = [
    prepared.map((each) => each.kind),
    prepared.map((each) => each.type),
    prepared.map((each) => each.id),
    prepared.map((each) => each.seen),
    prepared.flatMap((each) => [each.content?.head ?? '', each.content?.tail ?? '']).join(SEPARATOR),
    at,
    prepared.map((each) => each.patients.join(' ')),
    prepared.map((each) => each.content?.sector ?? null),
    ...columns.token,
    ...columns.string,
    ...columns.date,
    ...columns.reference,
    ...columns.quantity,
    context.origin ?? null,
    principal.who,
    context.once ?? null,
    context.requestId,
    principal.kind,
    principal.clientId ?? null,
    writes.length > 1 ? 'transaction' : (writes[0] as Write).kind,
  ];
  const rare = [columns.component, columns.text] as const;
  const plain = rare.every((rows) => rows.length === 0) && writes.every(({ kind }) => kind === 'create');
  try {
    const [row] = plain
      ? await sql.query<Written>(STATEMENT, values, 'write-resources')
      : await sql.query<Written>(
          STATEMENT_WITH_RARE,
          [...values, ...rare.map((rows) => JSON.stringify(rows))],
          'write-resources-with-rare',
        );
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

/** SQLSTATEs of our own, raised by `write_version`, and the unique key of `change.once`. */
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
