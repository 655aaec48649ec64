/** The stored terminology that answers are judged by: the whole of it, as the Questionnaires are. */
import { GATEWAY } from './principal.ts';
import type { Resource } from './resource.ts';
import type { Store } from './store/index.ts';
import type { CanonicalSource } from './terminology/index.ts';

/** How long it may take until a new supplement is known; canonicals are remembered as long by the store. */
const FRESH_MS = 5_000;
const MOST_SUPPLEMENTS = 100;

export function createStoredCodes(
  store: Pick<Store, 'resolveCanonical' | 'search'>,
  clock: () => Date,
): CanonicalSource {
  let remembered: { readonly until: number; readonly found: Promise<readonly Resource[]> } | undefined;
  const findSupplements = async () => {
    const page = await store.search({
      type: 'CodeSystem',
      parameters: [
        ['content-mode', 'supplement'],
        ['_count', String(MOST_SUPPLEMENTS)],
      ],
      visibility: { sectors: GATEWAY.sectors },
    });
    return page.matches.map(({ content }) => JSON.parse(content ?? '{}') as Resource);
  };
  return {
    resolve: (type, canonical) => store.resolveCanonical(type, canonical),
    supplements: () => {
      const now = clock().getTime();
      if (!remembered || remembered.until <= now) {
        remembered = { until: now + FRESH_MS, found: findSupplements() };
        remembered.found.catch(() => {
          remembered = undefined;
        });
      }
      return remembered.found;
    },
  };
}
