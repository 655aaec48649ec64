// https://hl7.org/fhir/R4/http.html#transaction (batch)
import { STATUS_CODES } from 'node:http';
import { toOperationOutcome } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { assembleBundle, type EntryText } from './assemble-bundle.ts';
import {
  answerEntry,
  type BundleEntry,
  listEntries,
  locateError,
  PROCESSING_ORDER,
  parseEntry,
} from './bundle-entry.ts';
import { type Audit, perform } from './perform.ts';
import { toSiltaError } from './render-error.ts';
import type { FhirRequest, FhirResponse, Session } from './types.ts';

/** Performs the entries of a batch one by one; each stands or fails alone. */
export async function batch(
  bundle: Resource,
  session: Session,
  preferReturn: FhirRequest['preferReturn'],
  audit: Audit,
): Promise<FhirResponse> {
  const raw = listEntries(session.rest, bundle);
  const answers: EntryText[] = new Array<EntryText>(raw.length);
  const parsed: BundleEntry[] = [];
  for (const [index, entry] of raw.entries()) {
    try {
      parsed.push(parseEntry(session.rest, entry, index, preferReturn));
    } catch (error) {
      answers[index] = answerFailure(session, index, error);
    }
  }
  for (const method of PROCESSING_ORDER) {
    for (const entry of parsed.filter(({ route }) => route.method === method)) {
      try {
        const response = await perform(entry.route, entry.request, session, audit);
        answers[entry.index] = answerEntry(entry.request, entry.route, response);
      } catch (error) {
        answers[entry.index] = answerFailure(session, entry.index, error);
      }
    }
  }
  return { status: 200, body: assembleBundle({ type: 'batch-response', entries: answers }) };
}

function answerFailure(session: Session, index: number, thrown: unknown): EntryText {
  const error = toSiltaError(locateError(index, thrown));
  if (error.status >= 500) {
    const { requestId } = session;
    const failure = error.cause instanceof Error ? error.cause.name : typeof error.cause;
    session.rest.logger.error({ requestId, code: error.code, entry: index, failure }, 'batch entry failed');
  }
  return {
    response: {
      status: `${error.status} ${STATUS_CODES[error.status] ?? ''}`.trim(),
      outcome: JSON.stringify(toOperationOutcome(error.issues)),
    },
  };
}
