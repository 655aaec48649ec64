// https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-kick-off-request
import { SiltaError } from '../../outcome.ts';
import type { SearchPage } from '../../store/index.ts';
import { GENERAL_PARAMETERS } from '../refuse-parameters.ts';
import type { FhirRequest, FhirResponse, Interact, Session } from '../types.ts';
import { type ExportLevel, type ExportRequest, requireBackend } from './export-request.ts';
import { listMembers } from './list-members.ts';
import { readExportRequest } from './read-export-request.ts';

/** Seconds after which a client with too many exports may try again. */
const BUSY_SECONDS = 60;
/** Patients looked up by one search. */
const LOOK_UP = 200;

export const exportSystem: Interact = (request, session) => kickOff(request, session, 'system');
export const exportPatients: Interact = (request, session) => kickOff(request, session, 'patient');
export const exportGroup: Interact = (request, session) => kickOff(request, session, 'group');

async function kickOff(request: FhirRequest, session: Session, level: ExportLevel): Promise<FhirResponse> {
  const { rest, principal } = session;
  const { clientId } = requireBackend(principal);
  if (!request.respondAsync) {
    throw new SiltaError('invalid-request', "An export is answered later: send 'Prefer: respond-async'.");
  }
  const members = level === 'group' ? await readGroup(request, session) : undefined;
  const asked = await readExportRequest(request, session, level);
  await requirePatients(asked, session, members);
  const id = rest.uuid();
  if (!(await rest.exports.addJob({ id, client: clientId, request: asked }, rest.exportLimits.perClient))) {
    throw new SiltaError(
      'too-many-requests',
      `A client has ${rest.exportLimits.perClient} unfinished exports at most: wait for one or cancel it.`,
      { retryAfter: BUSY_SECONDS },
    );
  }
  rest.onExport?.();
  return {
    status: 202,
    headers: { 'Content-Location': `${rest.baseUrl}/_export/${id}` },
    shown: {
      action: 'export',
      entities: level === 'group' ? [`Group/${request.id}`] : [],
      detail: describe(id, request, asked),
    },
  };
}

async function readGroup(
  request: FhirRequest,
  { rest, principal, reader }: Session,
): Promise<readonly string[]> {
  rest.access.authorize(principal, 'read', 'Group');
  const group = rest.access.authorizeStored(principal, 'Group', await reader.read('Group', request.id));
  if (group.content === null) throw new SiltaError('gone', 'This Group was deleted.');
  return listMembers(group.content, rest.clock());
}

/** Refuses patients that are not there, that the caller may not see, or that are not in the group: all alike. */
async function requirePatients(
  { patients = [] }: ExportRequest,
  session: Session,
  members: readonly string[] | undefined,
): Promise<void> {
  if (patients.length === 0) return;
  session.rest.access.authorize(session.principal, 'search', 'Patient');
  const inGroup = members && new Set(members);
  for (let at = 0; at < patients.length; at += LOOK_UP) {
    const some = patients.slice(at, at + LOOK_UP);
    const page: SearchPage = await session.reader.search({
      type: 'Patient',
      parameters: [
        ['_id', some.join(',')],
        ['_count', String(LOOK_UP)],
      ],
      visibility: session.rest.access.visibility(session.principal),
    });
    const allThere = page.matches.length === some.length && some.every((id) => inGroup?.has(id) ?? true);
    if (allThere) continue;
    const where = inGroup ? 'are not in this group or not' : 'are not';
    throw new SiltaError('invalid-parameter', `Some of the patients asked for ${where} known here.`, {
      expression: ["Parameters.parameter.where(name='patient')"],
    });
  }
}

/** What the audit keeps of the request: names, never values. */
function describe(
  id: string,
  { parameters, resource }: FhirRequest,
  { level, types }: ExportRequest,
): string {
  const parts = (resource?.['parameter'] ?? []) as readonly { readonly name: string }[];
  const names = [...parameters.map(([name]) => name), ...parts.map(({ name }) => name)];
  const own = [...new Set(names)].filter(
    (name) => /^_?[a-zA-Z]{1,40}$/.test(name) && !GENERAL_PARAMETERS.includes(name),
  );
  return `export ${id}: ${level}, ${types.length} types, by ${own.join(' ') || 'nothing'}`;
}
