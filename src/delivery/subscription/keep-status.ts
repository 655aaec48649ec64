// https://hl7.org/fhir/R4/valueset-subscription-status.html
import { SiltaError } from '../../outcome.ts';
import { GATEWAY } from '../../principal.ts';
import type { Resource } from '../../resource.ts';
import type { Store } from '../../store/index.ts';

const ATTEMPTS = 5;

/**
 * Writes a subscription's status, and what is wrong with it. One that was turned off meanwhile stays off.
 * @param error text for people, without anything of the endpoint's answer
 */
export async function keepStatus(
  store: Pick<Store, 'read' | 'write'>,
  id: string,
  status: 'active' | 'error' | 'off',
  error?: string,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const stored = await store.read('Subscription', id);
    if (!stored || stored.content === null) return;
    const { error: before, ...current } = JSON.parse(stored.content) as Resource & { readonly id: string };
    if (current['status'] === 'off' || (current['status'] === status && before === error)) return;
    const resource = { ...current, status, ...(error !== undefined && { error }) };
    try {
      await store.write([{ kind: 'update', resource, ifMatch: stored.versionId }], {
        principal: GATEWAY,
        requestId: `subscription-${id}`,
      });
      return;
    } catch (failure) {
      const isRace = failure instanceof SiltaError && failure.code === 'precondition-failed';
      if (!isRace || attempt >= ATTEMPTS) throw failure;
    }
  }
}
