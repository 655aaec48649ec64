import { SiltaError } from '../outcome.ts';
import type { StoredVersion } from '../store/index.ts';
import type { SystemDefinition } from '../systems/index.ts';
import type { Sources } from './gather-sources.ts';

/** Whether a patient's resource may leave its sector for a system of the other one, e.g. by an active Consent. */
export type MayDisclose = (
  version: StoredVersion,
  system: SystemDefinition,
) => Promise<{ readonly allowed: boolean; readonly reason: string }>;

/**
 * Asks for every source that belongs to another sector than the system's, whether or not a patient is known. The Patient itself belongs to
 * both sectors; what must not be told of it is suppressed elsewhere.
 * @throws SiltaError `forbidden` with the reason, which must hold no personal data
 */
export async function checkDisclosure(
  mayDisclose: MayDisclose,
  sources: Sources,
  system: SystemDefinition,
): Promise<void> {
  for (const version of sources.versions) {
    if (version.sector === system.sector || version.type === 'Patient') continue;
    if (version.content === null) continue;
    const { allowed, reason } = await mayDisclose(version, system);
    if (allowed) continue;
    throw new SiltaError(
      'forbidden',
      `${version.type}/${version.id} of the ${version.sector} sector may not be disclosed to ${system.name}: ${reason}`,
      { expression: [version.type], key: 'disclosure-refused' },
    );
  }
}
