// https://hl7.org/fhir/R4/http.html#read
import { SiltaError } from '../outcome.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { showVersion } from './represent.ts';
import { applySummary, parseSummary } from './summarize.ts';
import type { Interact } from './types.ts';

/** Reads the current version of one resource. */
export const read: Interact = async (request, { rest, principal, reader }) => {
  refuseParameters(request, ['_summary', '_elements']);
  const summary = parseSummary(request.parameters);
  if (summary?.kind === 'count') {
    throw new SiltaError('invalid-parameter', "'_summary=count' is for searches.");
  }
  rest.access.authorize(principal, 'read', request.type);
  const found = await reader.read(request.type, request.id);
  const stored = rest.access.authorizeStored(principal, request.type, found);
  const answer = showVersion(request, stored, 'read');
  if (!summary || answer.body === undefined) return answer;
  return { ...answer, body: applySummary(rest.definitions, answer.body, summary) };
};
