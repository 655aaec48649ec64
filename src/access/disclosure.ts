import type { Consent } from 'fhir/r4';
import type { SearchPage, Store } from '../store/index.ts';
import { judgeConsents } from './consent.ts';
import type { Disclosure, DisclosureRequest } from './types.ts';
import { isSharedType } from './visibility.ts';

/**
 * Whether a resource may go from its sector to a system's. Within a sector yes; across, each patient concerned
 * must have an active Consent that permits it, and none that denies it. Looked up at the moment of use, so that
 * a withdrawal holds at once, for what is queued too.
 */
export async function judgeDisclosure(
  store: Pick<Store, 'search'>,
  clock: () => Date,
  { type, resourceSector, systemSector, patientIds }: DisclosureRequest,
): Promise<Disclosure> {
  if (resourceSector === systemSector) return { allowed: true, reason: 'same sector' };
  if (isSharedType(type)) return { allowed: true, reason: 'published content and directories are of both' };
  const across = `from ${resourceSector} to ${systemSector}`;
  if (patientIds.length === 0) {
    return { allowed: false, reason: `no patient is known who could consent ${across}` };
  }
  for (const patientId of new Set(patientIds)) {
    const consents = await readConsents(store, patientId);
    const transfer = { from: resourceSector, to: systemSector, patientId, at: clock() };
    const verdict = judgeConsents(consents, transfer);
    if (verdict === 'deny') return { allowed: false, reason: `a consent denies disclosure ${across}` };
    if (verdict === 'silent') {
      return { allowed: false, reason: `no active consent permits disclosure ${across}` };
    }
  }
  return { allowed: true, reason: `consent permits disclosure ${across}` };
}

async function readConsents(store: Pick<Store, 'search'>, patientId: string): Promise<readonly Consent[]> {
  const consents: Consent[] = [];
  let cursor: string | undefined;
  do {
    const page: SearchPage = await store.search({
      type: 'Consent',
      parameters: [
        ['patient', `Patient/${patientId}`],
        ['status', 'active'],
      ],
      visibility: { sectors: ['health', 'social'] },
      ...(cursor !== undefined && { cursor }),
    });
    for (const { content } of page.matches) {
      if (content !== null) consents.push(JSON.parse(content) as Consent);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return consents;
}
