import { stringifyExactly } from '../exact-json.ts';
import { SiltaError } from '../outcome.ts';
import { type Principal, SECTOR_SYSTEM, type Sector } from '../principal.ts';
import type { Resource } from '../resource.ts';

/** The JSON text of a resource around its version id, which only the database knows. */
export interface StampedContent {
  readonly head: string;
  readonly tail: string;
  readonly sector: Sector;
}

/**
 * Writes a resource as it is stored: `id` and `meta` first, with the time and the sector label filled in.
 * @param at ISO instant of the write
 * @throws SiltaError `invalid-resource` when the sector label is none of ours
 */
export function stampContent(resource: Resource, at: string, principal: Principal): StampedContent {
  const { resourceType, id, meta, ...elements } = resource;
  const { versionId: _, lastUpdated: __, security = [], ...others } = meta ?? {};
  const labelled = security.find((coding) => coding.system === SECTOR_SYSTEM);
  const sector = labelled ? readSector(labelled.code, resourceType) : (principal.sectors[0] ?? 'health');
  const labels = labelled ? security : [...security, { system: SECTOR_SYSTEM, code: sector }];
  const head = `{"resourceType":${JSON.stringify(resourceType)},"id":${JSON.stringify(id)},"meta":{"versionId":"`;
  const rest = stringifyExactly({ lastUpdated: at, ...others, security: labels }).slice(1);
  const body = stringifyExactly(elements);
  return { head, tail: `",${rest}${body === '{}' ? '}' : `,${body.slice(1)}`}`, sector };
}

function readSector(code: string | undefined, type: string): Sector {
  if (code === 'health' || code === 'social') return code;
  throw new SiltaError('invalid-resource', "The sector label must be 'health' or 'social'.", {
    expression: [`${type}.meta.security`],
  });
}
