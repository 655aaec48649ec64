// https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-output-file-request
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { missing } from '../../access/index.ts';
import { SiltaError } from '../../outcome.ts';
import type { ExportFile } from '../../store/index.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import type { Interact, RestOptions, Session } from '../types.ts';
import { findOwnJob, type OwnJob } from './own-job.ts';

/** A file of a complete export, as NDJSON. */
export const downloadExport: Interact = async (request, session) => {
  refuseParameters(request, []);
  const { rest } = session;
  const job = await findOwnJob(request, session);
  const number = /^\d{1,6}$/.test(request.versionId) ? Number(request.versionId) : 0;
  const file = (await rest.exports.listFiles(job.id)).find((each) => each.file === number);
  if (job.state !== 'done' || !file) throw missing('file of the export');
  requirePermission(session, job, file);
  const packed = readPacked(rest, job.id, file.file);
  return {
    status: 200,
    stream: request.acceptsGzip ? packed : unpack(packed),
    headers: {
      'Content-Type': 'application/fhir+ndjson',
      Vary: 'Accept-Encoding',
      ...(request.acceptsGzip && { 'Content-Encoding': 'gzip' }),
      ...(job.expires !== null && { Expires: new Date(job.expires).toUTCString() }),
    },
    shown: {
      action: 'export-file',
      entities: job.request.level === 'group' ? [`Group/${job.request.groupId}`] : [],
      detail: `export ${job.id}, file ${file.file}: ${file.count} of ${file.type}`,
    },
  };
};

/**
 * A file holds what the client could see at the kick-off. Who fetches it must still work for the same sectors and may
 * still read what is in it.
 */
function requirePermission({ rest, principal }: Session, job: OwnJob, file: ExportFile): void {
  if (!job.request.caller.sectors.every((sector) => principal.sectors.includes(sector))) {
    throw new SiltaError('forbidden', 'The caller no longer works for all the sectors of this export.');
  }
  const types = file.kind === 'output' ? [file.type] : file.kind === 'deleted' ? job.request.types : [];
  for (const type of types) {
    rest.access.authorize(principal, 'search', type);
    rest.access.authorize(principal, 'read', type);
  }
}

async function* readPacked({ exports }: RestOptions, id: string, file: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; ; n++) {
    const chunk = await exports.readChunk(id, file, n);
    if (!chunk) return;
    yield chunk;
  }
}

function unpack(packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(packed, { objectMode: false });
  const plain = createGunzip();
  source.on('error', (error) => plain.destroy(error));
  plain.on('close', () => source.destroy());
  return source.pipe(plain);
}
