/**
 * Brings together what a value set draws on, so that the engine can work on it without waiting: what is stored where it
 * is stored, what is built in otherwise.
 */
import type { CodeSystem, ValueSet, ValueSetComposeInclude, ValueSetExpansionContains } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import type { BuiltInTerminology } from './built-in.ts';
import { openCodeSystem } from './code-system.ts';
import { keepRecent } from './keep-recent.ts';
import type { CodeSystemView, TerminologySource } from './types.ts';
import { type VersionPolicy, versionFor } from './version-policy.ts';

/** The stored terminology as one caller may see it. */
export interface StoredTerminology {
  codeSystem(canonical: string): Promise<CodeSystem | undefined>;
  valueSet(canonical: string): Promise<ValueSet | undefined>;
  /** Every stored CodeSystem that supplements another. */
  supplements(): Promise<readonly CodeSystem[]>;
}

/** What is drawn on, directly or through others. */
const MOST_DRAWN_ON = 200;
/** Regular expressions in all of it: each may take its whole time, and no other request is served meanwhile. */
const MOST_PATTERNS = 10;

export interface Roots {
  readonly valueSets?: readonly (string | ValueSet)[];
  /** Code systems by URL, with the version that is asked for. */
  readonly codeSystems?: readonly { readonly url: string; readonly version?: string }[];
  /** CodeSystems and ValueSets of the request itself; they come before all others. */
  readonly given?: readonly (CodeSystem | ValueSet)[];
}

/** Concepts in the code systems that are kept open. */
const MOST_CONCEPTS = 60_000;

/** Opened code systems by what they were made of, so that one version is opened once. */
const opened = keepRecent<string, CodeSystemView | undefined>(
  MOST_CONCEPTS,
  (view) => 100 + (view?.concepts?.length ?? 0),
);

/** @throws SiltaError `too-costly` when too much is drawn on */
export async function gatherTerminology(
  roots: Roots,
  stored: StoredTerminology,
  builtIn: BuiltInTerminology,
  policy: VersionPolicy = {},
): Promise<TerminologySource> {
  const gathering = new Gathering(stored, builtIn, policy, roots.given ?? []);
  for (const each of roots.codeSystems ?? []) await gathering.addCodeSystem(each.url, each.version);
  for (const each of roots.valueSets ?? []) {
    if (typeof each === 'string') await gathering.addValueSet(each);
    else await gathering.follow(each);
  }
  return gathering.source();
}

class Gathering {
  readonly #views = new Map<string, CodeSystemView | undefined>();
  readonly #valueSets = new Map<string, ValueSet | undefined>();
  readonly #stored: StoredTerminology;
  readonly #builtIn: BuiltInTerminology;
  readonly #policy: VersionPolicy;
  readonly #given: readonly (CodeSystem | ValueSet)[];
  #supplements: Promise<readonly CodeSystem[]> | undefined;
  #patterns = 0;

  constructor(
    stored: StoredTerminology,
    builtIn: BuiltInTerminology,
    policy: VersionPolicy,
    given: readonly (CodeSystem | ValueSet)[],
  ) {
    this.#stored = stored;
    this.#builtIn = builtIn;
    this.#policy = policy;
    this.#given = given;
  }

  source(): TerminologySource {
    return {
      codeSystem: (url, version) => {
        const canonical = nameOf(url, versionFor(this.#policy, url, version));
        const view = this.#views.get(canonical);
        requireChecked(this.#policy, url, view);
        return view;
      },
      valueSet: (canonical) => this.#valueSets.get(canonical),
    };
  }

  async addValueSet(canonical: string): Promise<void> {
    if (this.#valueSets.has(canonical)) return;
    this.#valueSets.set(canonical, undefined);
    this.#requireFew();
    const valueSet =
      (findGiven(this.#given, 'ValueSet', canonical) as ValueSet | undefined) ??
      (await this.#stored.valueSet(canonical)) ??
      this.#builtIn.valueSet(canonical);
    if (!valueSet) return;
    this.#valueSets.set(canonical, valueSet);
    await this.follow(valueSet);
  }

  async follow(valueSet: ValueSet): Promise<void> {
    const parts: readonly ValueSetComposeInclude[] = [
      ...(valueSet.compose?.include ?? []),
      ...(valueSet.compose?.exclude ?? []),
    ];
    const filters = parts.flatMap(({ filter = [] }) => filter);
    this.#patterns += filters.filter(({ op }) => op === 'regex').length;
    if (this.#patterns > MOST_PATTERNS) {
      throw new SiltaError('too-costly', 'This value set draws on too many regular expressions.');
    }
    for (const { system, version, valueSet: imported } of parts) {
      if (system !== undefined) await this.addCodeSystem(system, version);
      for (const canonical of imported ?? []) await this.addValueSet(canonical);
    }
    if (valueSet.compose) return;
    const systems = listSystems(valueSet.expansion?.contains ?? []);
    for (const { url, version } of systems) await this.addCodeSystem(url, version);
  }

  async addCodeSystem(url: string, version: string | undefined): Promise<void> {
    const canonical = nameOf(url, versionFor(this.#policy, url, version));
    if (this.#views.has(canonical)) return;
    this.#views.set(canonical, undefined);
    this.#requireFew();
    const given = findGiven(this.#given, 'CodeSystem', canonical) as CodeSystem | undefined;
    if (given) {
      this.#views.set(canonical, openCodeSystem(given));
      return;
    }
    const found = await this.#stored.codeSystem(canonical);
    const supplements = await this.#supplementsOf(url);
    const base = found ?? (supplements.length > 0 ? this.#published(canonical) : undefined);
    this.#views.set(
      canonical,
      base ? openOnce(base, supplements) : this.#builtIn.codeSystem(url, canonical.split('|')[1]),
    );
  }

  #published(canonical: string): CodeSystem | undefined {
    const [url = '', version] = canonical.split('|');
    return this.#builtIn.codeSystemResource(url, version);
  }

  async #supplementsOf(url: string): Promise<readonly CodeSystem[]> {
    this.#supplements ??= this.#stored.supplements();
    const all = await this.#supplements;
    return all.filter(({ supplements }) => supplements?.split('|', 1)[0] === url);
  }

  #requireFew(): void {
    if (this.#views.size + this.#valueSets.size <= MOST_DRAWN_ON) return;
    throw new SiltaError('too-costly', 'This value set draws on too many others.');
  }
}

const nameOf = (url: string, version: string | undefined): string =>
  version === undefined ? url : `${url}|${version}`;

function findGiven(given: readonly (CodeSystem | ValueSet)[], type: string, canonical: string) {
  const [url, version] = canonical.split('|');
  return given.find(
    (each) =>
      each.resourceType === type && each.url === url && (version === undefined || each.version === version),
  );
}

function listSystems(
  contains: readonly ValueSetExpansionContains[],
): readonly { readonly url: string; readonly version: string | undefined }[] {
  return contains.flatMap(({ system, version, contains: inner }) => [
    ...(system === undefined ? [] : [{ url: system, version }]),
    ...listSystems(inner ?? []),
  ]);
}

/** Stored and published resources only: what a request brings may claim to be any version of anything. */
function openOnce(resource: CodeSystem, supplements: readonly CodeSystem[]): CodeSystemView | undefined {
  const key = [resource, ...supplements].map(({ url, id, version, meta }) =>
    [url, id, version, meta?.versionId, meta?.lastUpdated].join(' '),
  );
  return opened(key.join('\n'), () => openCodeSystem(resource, supplements));
}

/** @throws SiltaError `unsupported-content` when the version at hand is not the one that the caller relies on */
function requireChecked(policy: VersionPolicy, url: string, view: CodeSystemView | undefined): void {
  const wanted = policy.check?.get(url);
  if (wanted === undefined || !view || view.version === wanted) return;
  throw new SiltaError('unsupported-content', `The version of ${url} here is not the one to be checked for.`);
}
