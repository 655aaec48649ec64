// https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request
import { toOperationOutcome } from '../../outcome.ts';
import type { ExportFile } from '../../store/index.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import type { FhirResponse, Interact, RestOptions } from '../types.ts';
import { findOwnJob, type OwnJob } from './own-job.ts';

/** Seconds between two looks at a job: a tenth of its age. */
const SLOWEST = 60;

/** How far an export is; its manifest when it is complete. */
export const exportStatus: Interact = async (request, session) => {
  refuseParameters(request, []);
  const job = await findOwnJob(request, session);
  if (job.state === 'failed')
    return { status: 500, body: JSON.stringify(job.outcome ?? UNKNOWN), headers: expiryOf(job) };
  if (job.state !== 'done') {
    const wait = Math.min(SLOWEST, Math.max(1, Math.round(job.ageSeconds / 10)));
    return {
      status: 202,
      headers: { 'X-Progress': (job.progress ?? 'waiting').slice(0, 100), 'Retry-After': String(wait) },
    };
  }
  return complete(session.rest, job, await session.rest.exports.listFiles(job.id));
};

const UNKNOWN = toOperationOutcome([
  { severity: 'error', code: 'exception', diagnostics: 'The export failed.' },
]);

/** Forgets an export and its files, or stops it. */
export const cancelExport: Interact = async (request, session) => {
  refuseParameters(request, []);
  const job = await findOwnJob(request, session);
  await session.rest.exports.removeJob(job.id);
  return { status: 202, shown: { action: 'export-cancel', entities: [], detail: `export ${job.id}` } };
};

function complete(rest: RestOptions, job: OwnJob, files: readonly ExportFile[]): FhirResponse {
  const list = (kind: ExportFile['kind']) =>
    files
      .filter((each) => each.kind === kind)
      .map(({ file, type, count }) => ({ type, url: `${rest.baseUrl}/_export/${job.id}/${file}`, count }));
  const manifest = {
    transactionTime: job.transactionTime,
    request: job.request.url,
    requiresAccessToken: true,
    output: list('output'),
    ...(job.request.since !== undefined && { deleted: list('deleted') }),
    error: list('error'),
  };
  return {
    status: 200,
    body: JSON.stringify(manifest),
    isPlain: true,
    headers: { 'Content-Type': 'application/json', ...expiryOf(job) },
  };
}

const expiryOf = ({ expires }: OwnJob): Record<string, string> =>
  expires === null ? {} : { Expires: new Date(expires).toUTCString() };
