/** The pathways in force, as the store holds them. */
import type { PlanDefinition } from 'fhir/r4';
import type { Store } from './store/index.ts';

/** Plans change rarely and are asked for with every change of a resource. */
const FRESH_MS = 5_000;

/** Reads the active plans, at most every five seconds: a changed plan is followed that soon. */
export function createPlanReader(store: Store, clock: () => Date): () => Promise<readonly PlanDefinition[]> {
  return keepFresh(clock, () => readActivePlans(store));
}

function keepFresh<T>(clock: () => Date, read: () => Promise<T>): () => Promise<T> {
  let kept: { readonly until: number; readonly value: Promise<T> } | undefined;
  return () => {
    const now = clock().getTime();
    if (kept && now < kept.until) return kept.value;
    const value = read();
    kept = { until: now + FRESH_MS, value };
    value.catch(() => {
      kept = undefined;
    });
    return value;
  };
}

async function readActivePlans(store: Store): Promise<PlanDefinition[]> {
  const found: PlanDefinition[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.search({
      type: 'PlanDefinition',
      parameters: [
        ['status', 'active'],
        ['_count', '500'],
      ],
      visibility: { sectors: ['health', 'social'] },
      ...(cursor !== undefined && { cursor }),
    });
    found.push(...page.matches.map(({ content }) => JSON.parse(content ?? '{}') as PlanDefinition));
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}
