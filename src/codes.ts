/** What the rooms ask about codes, wired: what is built in, and the whole of what is stored, as the Questionnaires are. */
import type { CodeSystem, ValueSet } from 'fhir/r4';
import { GATEWAY } from './principal.ts';
import type { Resource } from './resource.ts';
import { createStore, type SearchTerminology, type Store } from './store/index.ts';
import {
  type BuiltInTerminology,
  type CodeJudge,
  createBuiltIn,
  createCodeJudge,
  createCodeLists,
  type StoredTerminology,
} from './terminology/index.ts';

/** How long it may take until a new supplement is known; canonicals are remembered as long by the store. */
const FRESH_MS = 5_000;
const MOST_SUPPLEMENTS = 100;

export interface StoreAndCodes {
  readonly store: Store;
  /** For searches, of exports too. */
  readonly lists: SearchTerminology;
  /** For the validation of answers. */
  readonly judge: CodeJudge;
  /** For the FHIR API. */
  readonly terminology: {
    readonly builtIn: BuiltInTerminology;
    prepareFor(questionnaire: Resource): Promise<void>;
  };
}

/** The store searches by codes, and codes are in the store: they are made together. */
export function createStoreWithCodes(
  options: Omit<Parameters<typeof createStore>[0], 'terminology'>,
): StoreAndCodes {
  const builtIn = createBuiltIn(options.definitions);
  const stored = openStored(() => store, options.clock);
  const lists = createCodeLists(builtIn, stored);
  const store: Store = createStore({ ...options, terminology: lists });
  const judge = createCodeJudge(builtIn, stored);
  return { store, lists, judge, terminology: { builtIn, prepareFor: judge.prepareFor } };
}

type CodeStore = Pick<Store, 'resolveCanonical' | 'search'>;

function openStored(store: () => CodeStore, clock: () => Date): StoredTerminology {
  let remembered: { readonly until: number; readonly found: Promise<readonly CodeSystem[]> } | undefined;
  return {
    codeSystem: async (canonical) =>
      (await store().resolveCanonical('CodeSystem', canonical)) as CodeSystem | undefined,
    valueSet: async (canonical) =>
      (await store().resolveCanonical('ValueSet', canonical)) as ValueSet | undefined,
    supplements: () => {
      const now = clock().getTime();
      if (!remembered || remembered.until <= now) {
        remembered = { until: now + FRESH_MS, found: findSupplements(store()) };
        remembered.found.catch(() => {
          remembered = undefined;
        });
      }
      return remembered.found;
    },
  };
}

async function findSupplements(store: CodeStore): Promise<readonly CodeSystem[]> {
  const page = await store.search({
    type: 'CodeSystem',
    parameters: [
      ['content-mode', 'supplement'],
      ['_count', String(MOST_SUPPLEMENTS)],
    ],
    visibility: { sectors: GATEWAY.sectors },
  });
  return page.matches.map(({ content }) => JSON.parse(content ?? '{}') as CodeSystem);
}
