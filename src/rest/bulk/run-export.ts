import { SiltaError, toOperationOutcome } from '../../outcome.ts';
import type { RowSource, Snapshot } from '../../store/index.ts';
import type { RestOptions } from '../types.ts';
import { type ExportRequest, toPrincipal } from './export-request.ts';
import { listMembers } from './list-members.ts';
import { planExport } from './plan-export.ts';
import type { FileWriter } from './write-files.ts';

/** Deletions that one Bundle tells of. */
const DELETIONS = 500;

/**
 * Writes everything an export holds, from one moment of the database.
 * @param report told of the progress
 * @throws SiltaError `not-found` when the group is no longer there or no longer visible
 */
export async function runExport(
  rest: Pick<RestOptions, 'access' | 'clock'>,
  request: ExportRequest,
  {
    snapshot,
    writer,
    report,
  }: { snapshot: Snapshot; writer: FileWriter; report: (progress: string) => void },
): Promise<void> {
  const patients = await findPatients(rest, request, snapshot);
  const queries = planExport(rest, request, patients);
  let total = 0;
  for (const [index, query] of queries.entries()) {
    report(`${total} resources; ${index} of ${queries.length} types`);
    const rows = counted(await snapshot.resources(query), (count) => {
      report(`${total + count} resources; ${index} of ${queries.length} types`);
    });
    total += await writer.write('output', query.type, rows);
  }
  const [first] = queries;
  if (request.since !== undefined && first) {
    const { visibility, patients: within } = first;
    const types = queries.map(({ type }) => type);
    const asked = {
      types,
      visibility,
      since: request.since,
      ...(within !== undefined && { patients: within }),
    };
    await writer.write('deleted', 'Bundle', inBundles(await snapshot.deletions(asked)));
  }
  await writer.write('error', 'OperationOutcome', listOf(request.ignored.map(describeIgnored)));
}

/** Whose compartments the export holds; undefined when the level itself says it. */
async function findPatients(
  { access, clock }: Pick<RestOptions, 'access' | 'clock'>,
  { groupId, patients, caller }: ExportRequest,
  snapshot: Snapshot,
): Promise<readonly string[] | undefined> {
  if (groupId === undefined) return patients;
  const group = access.authorizeStored(toPrincipal(caller), 'Group', await snapshot.read('Group', groupId));
  if (group.content === null) throw new SiltaError('gone', 'The Group was deleted.');
  const members = listMembers(group.content, clock());
  if (patients === undefined) return members;
  const asked = new Set(patients);
  return members.filter((id) => asked.has(id));
}

function counted<T>(rows: RowSource<T>, tell: (count: number) => void): RowSource<T> {
  let count = 0;
  return {
    async fetch(most) {
      const some = await rows.fetch(most);
      count += some.length;
      tell(count);
      return some;
    },
  };
}

/** @see https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status `deleted` */
function inBundles(references: RowSource<string>): RowSource<string> {
  return {
    async fetch() {
      const some = await references.fetch(DELETIONS);
      if (some.length === 0) return [];
      const entry = some.map((url) => ({ request: { method: 'DELETE', url } }));
      return [JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })];
    },
  };
}

const describeIgnored = (diagnostics: string): string =>
  JSON.stringify(toOperationOutcome([{ severity: 'warning', code: 'not-supported', diagnostics }]));

function listOf(lines: readonly string[]): RowSource<string> {
  let rest = lines;
  return {
    async fetch(most) {
      const some = rest.slice(0, most);
      rest = rest.slice(most);
      return some;
    },
  };
}
