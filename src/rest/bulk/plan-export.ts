/** What an export reads, as queries of the store. Pure. */
import type { Definitions } from '../../definitions/index.ts';
import type { ExportQuery } from '../../store/index.ts';
import type { RestOptions } from '../types.ts';
import { type ExportRequest, toPrincipal } from './export-request.ts';

/** Whether resources of this type belong to patients. */
export function isPatientType(definitions: Definitions, type: string): boolean {
  return type === 'Patient' || definitions.patientCompartment(type).length > 0;
}

/**
 * One query for each type that the caller may search and read.
 * @param patients whose compartments; undefined for those that the level of the export means
 */
export function planExport(
  { access }: Pick<RestOptions, 'access'>,
  request: Pick<ExportRequest, 'level' | 'types' | 'since' | 'filters' | 'caller'>,
  patients: readonly string[] | undefined,
): readonly ExportQuery[] {
  const principal = toPrincipal(request.caller);
  const visibility = access.visibility(principal);
  const within = patients ?? (request.level === 'system' ? undefined : ('any' as const));
  return request.types
    .filter((type) => access.permits(principal, 'read', type) && access.permits(principal, 'search', type))
    .map((type) => ({
      type,
      visibility,
      filters: request.filters.filter((each) => each.type === type).map(({ parameters }) => parameters),
      ...(request.since !== undefined && { since: request.since }),
      ...(within !== undefined && { patients: within }),
    }));
}
