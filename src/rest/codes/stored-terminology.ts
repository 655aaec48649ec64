/** The stored terminology as the caller may see it: nothing else is drawn on, and nothing else can be told apart. */
import type { CodeSystem, ConceptMap, ValueSet } from 'fhir/r4';
import { parseStored } from '../../exact-json.ts';
import { SiltaError } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import { chooseVersion, type StoredVersion } from '../../store/index.ts';
import { keepRecent, type StoredTerminology } from '../../terminology/index.ts';
import { escapeValue } from '../parse-parameters.ts';
import { referenceOf } from '../represent.ts';
import type { Session } from '../types.ts';

export interface VisibleTerminology extends StoredTerminology {
  conceptMap(canonical: string): Promise<ConceptMap | undefined>;
  /** Maps of which one group is from, or to, the system. */
  conceptMapsOf(end: 'source-system' | 'target-system', system: string): Promise<readonly ConceptMap[]>;
  /** The resource at an address. @throws SiltaError `not-found`, `gone` */
  read(type: string, id: string): Promise<Resource>;
  /** References of what was found so far. */
  readonly shown: ReadonlySet<string>;
}

/** Versions of one canonical, and maps of one system, that are looked at. */
const MOST_FOUND = 100;
/** Characters of content that is kept parsed. */
const MOST_KEPT = 8_000_000;
const parsed = keepRecent<string, { readonly resource: Resource; readonly size: number }>(
  MOST_KEPT,
  ({ size }) => size,
);

export function openVisibleTerminology(session: Session): VisibleTerminology {
  const { rest, principal, reader } = session;
  const shown = new Set<string>();
  const find = async (type: string, parameters: readonly (readonly [string, string])[]) => {
    if (!rest.access.permits(principal, 'read', type)) return [];
    const page = await reader.search({
      type,
      parameters: [...parameters, ['_count', String(MOST_FOUND)]],
      visibility: rest.access.visibility(principal),
    });
    return page.matches.filter((each) => rest.access.maySee(principal, each));
  };
  const resolve = async <T>(type: string, canonical: string): Promise<T | undefined> => {
    const [url = '', version] = canonical.split('|');
    const found = await find(type, [['url', escapeValue(url)]]);
    const chosen = chooseVersion(found.map(parseOnce), version);
    if (chosen) shown.add(`${type}/${chosen.id}`);
    return chosen as T | undefined;
  };
  return {
    shown,
    codeSystem: (canonical) => resolve<CodeSystem>('CodeSystem', canonical),
    valueSet: (canonical) => resolve<ValueSet>('ValueSet', canonical),
    conceptMap: (canonical) => resolve<ConceptMap>('ConceptMap', canonical),
    supplements: async () =>
      (await find('CodeSystem', [['content-mode', 'supplement']])).map(
        (each) => parseOnce(each) as unknown as CodeSystem,
      ),
    conceptMapsOf: async (end, system) =>
      (await find('ConceptMap', [[end, escapeValue(system)]])).map((each) => {
        shown.add(referenceOf(each));
        return parseOnce(each) as unknown as ConceptMap;
      }),
    read: async (type, id) => {
      const stored = rest.access.authorizeStored(principal, type, await reader.read(type, id));
      if (stored.content === null) throw new SiltaError('gone', `This ${type} was deleted.`);
      shown.add(referenceOf(stored));
      return parseOnce(stored);
    },
  };
}

function parseOnce(stored: StoredVersion): Resource {
  const content = stored.content ?? '{}';
  const key = `${referenceOf(stored)}/${stored.versionId}/${stored.lastUpdated}`;
  return parsed(key, () => ({ resource: parseStored(content) as Resource, size: content.length })).resource;
}
