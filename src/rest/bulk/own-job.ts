import { hide, missing } from '../../access/index.ts';
import type { ExportJob } from '../../store/index.ts';
import type { FhirRequest, Session } from '../types.ts';
import { type ExportRequest, requireBackend } from './export-request.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A job with what it was asked for. */
export interface OwnJob extends ExportJob {
  readonly request: ExportRequest;
}

/**
 * The caller's own job; others' are not even known of.
 * @throws SiltaError `not-found`, alike for what is not there, what has expired and what is another client's
 */
export async function findOwnJob({ id }: FhirRequest, { rest, principal }: Session): Promise<OwnJob> {
  const { clientId } = requireBackend(principal);
  const job = UUID.test(id) ? await rest.exports.readJob(id) : undefined;
  if (!job) throw missing('export');
  if (job.client !== clientId) throw hide('export');
  return { ...job, request: job.request as ExportRequest };
}
