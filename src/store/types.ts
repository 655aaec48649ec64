import type { SearchParameter } from '../definitions/index.ts';
import type { Principal, Sector } from '../principal.ts';
import type { Coding, Resource } from '../resource.ts';
import type { Transaction } from './transaction.ts';

/** One version of a resource as stored. `content` is the exact JSON text that is served. */
export interface StoredVersion {
  readonly type: string;
  readonly id: string;
  readonly versionId: number;
  /** ISO instant with milliseconds. */
  readonly lastUpdated: string;
  readonly method: 'create' | 'update' | 'delete';
  /** JSON text with `id` and `meta` filled; null for a deletion. */
  readonly content: string | null;
  /** Patients whose compartment the resource is in. */
  readonly patients: readonly string[];
  readonly sector: Sector;
}

/** One change to write. Ids of creates are chosen by the caller, so that references can be resolved before. */
export type Write =
  | { readonly kind: 'create'; readonly resource: Resource & { readonly id: string } }
  | {
      readonly kind: 'update';
      readonly resource: Resource & { readonly id: string };
      /** Version the caller saw; a mismatch is `precondition-failed`. */
      readonly ifMatch?: number;
      /** Whether the resource may be created by this update (client-given id). Default false → not-found. */
      readonly orCreate?: boolean;
    }
  | { readonly kind: 'delete'; readonly type: string; readonly id: string; readonly ifMatch?: number };

/** Who writes and why; stored with the change and the audit row of the same transaction. */
export interface WriteContext {
  readonly principal: Principal;
  readonly requestId: string;
  /** Name of the connected system the change came from; a route never sends it back there. */
  readonly origin?: string;
  /** A cause that must have an effect only once; a second write with the same key is `conflict` (key `once`). */
  readonly once?: string;
}

export interface AuditEntry {
  readonly principal: Principal;
  readonly requestId: string;
  /** A FHIR restful-interaction code or our own for deliveries and sign-ins, e.g. `read`, `delivery`, `sign-in`. */
  readonly action: string;
  readonly outcome: 'success' | 'refused' | 'failed';
  /** References touched, e.g. `Task/123`; never a personal identity code. */
  readonly entities: readonly string[];
  readonly detail?: string;
}

/** Which resources a caller may see; compiled into every search so that totals and pages leak nothing. */
export interface Visibility {
  /** Confines to one patient's compartment (and to resources that are in no compartment, such as Questionnaire). */
  readonly patientId?: string;
  readonly sectors: readonly Sector[];
  /** Types in no compartment that a confined caller may see, through includes and chains too; absent: all of them. */
  readonly sharedTypes?: ReadonlySet<string>;
}

export interface SearchQuery {
  readonly type: string;
  /** Parameters as received, decoded: `[['status', 'requested,accepted'], ['_lastUpdated', 'gt2026-01-01']]`. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly visibility: Visibility;
  /** `next` of the page before; the parameters are those of the first page. */
  readonly cursor?: string;
  /** The types of a search of several; `type` is empty then. */
  readonly types?: readonly string[];
  /** Types that included resources may be of, by whether they are referred to or refer themselves; absent: all. */
  readonly includable?: {
    readonly referred: ReadonlySet<string>;
    readonly referring: ReadonlySet<string>;
  };
  /** Included resources of a page at most; 1000 when absent. */
  readonly mostIncluded?: number;
}

export interface SearchPage {
  readonly matches: readonly StoredVersion[];
  readonly included: readonly StoredVersion[];
  /** Whether more would be included than a page takes. */
  readonly includedCut?: true;
  /** Present when `_total=accurate` or the page shows it for free. */
  readonly total?: number;
  /** Opaque continuation for the next page; absent on the last one. */
  readonly next?: string;
}

/** A page without includes, as what goes into a Bundle. */
export interface SearchPageText {
  /** JSON text of the matches' entries with full URL, resource and mode, with commas between; empty without any. */
  readonly entries: string;
  /** References of the matches, in their order. */
  readonly shown: readonly string[];
  readonly total?: number;
  readonly next?: string;
}

/** Which versions a history shows; times in milliseconds since 1970. */
export interface HistoryQuery {
  /** Resource types; of no others is anything shown. */
  readonly types: readonly string[];
  readonly id?: string;
  /** Versions made at this time or later. */
  readonly since?: number;
  /** Versions that were current at some time in this span. */
  readonly at?: { readonly low: number; readonly high: number };
  /** The last version of the page before. */
  readonly before?: Pick<StoredVersion, 'lastUpdated' | 'type' | 'id' | 'versionId'>;
  readonly count: number;
  readonly visibility: Visibility;
}

/** What of a patient's compartment is asked for. */
export interface CompartmentQuery {
  readonly patientId: string;
  /** Types inside the compartment, and outside of it for what members refer to. */
  readonly types: readonly string[];
  /** Milliseconds since 1970; only members written then or later. */
  readonly since?: number;
  /** Only members whose care was in this span, or that say no time of it; infinite where it is open. */
  readonly during?: { readonly low: number; readonly high: number };
  /** `next` of the page before. */
  readonly after?: number;
  readonly count: number;
  readonly visibility: Visibility;
}

export interface CompartmentPage {
  readonly members: readonly StoredVersion[];
  readonly supporting: readonly StoredVersion[];
  readonly next?: number;
}

/** A search as the conditions it puts on one resource. */
export type MatchQuery = Pick<SearchQuery, 'parameters' | 'visibility'>;

export interface MetaQuery {
  readonly types: readonly string[];
  readonly visibility: Visibility;
}

/** Profiles by canonical, labels and tags without their displays. */
export interface MetaInUse {
  readonly profile: readonly string[];
  readonly security: readonly Coding[];
  readonly tag: readonly Coding[];
}

/** Reads and writes inside one SQL transaction. */
export interface StoreTransaction {
  /** The SQL transaction itself, for the statements kept in this room's other files (`delivery-*.ts`). */
  readonly sql: Transaction;
  /** Serialises everyone who asks for the same key until the transaction ends. */
  lock(key: string): Promise<void>;
  read(type: string, id: string): Promise<StoredVersion | undefined>;
  search(query: SearchQuery): Promise<SearchPage>;
  /** For each search whether it finds this version, if it is current; undefined where the search itself is wrong. */
  match(
    version: Pick<StoredVersion, 'type' | 'id' | 'versionId'>,
    searches: readonly MatchQuery[],
  ): Promise<readonly (boolean | undefined)[]>;
  write(writes: readonly Write[], context: WriteContext): Promise<readonly StoredVersion[]>;
}

export interface Store {
  /** The current version, a deletion included; undefined when the id was never used. */
  read(type: string, id: string): Promise<StoredVersion | undefined>;
  readVersion(type: string, id: string, versionId: number): Promise<StoredVersion | undefined>;
  /** Versions of one resource, newest first. */
  history(
    type: string,
    id: string,
    options: { count: number; before?: number },
  ): Promise<readonly StoredVersion[]>;
  /** Versions of a type or of several, newest first. */
  changes(query: HistoryQuery): Promise<readonly StoredVersion[]>;
  /**
   * @throws SiltaError `invalid-parameter` naming the parameter when it is unknown or malformed
   */
  search(query: SearchQuery): Promise<SearchPage>;
  /**
   * The same without includes, for callers that show the page as it is.
   * @param base address of the FHIR base, without a trailing slash
   * @throws SiltaError `invalid-parameter` as `search` does
   */
  searchText(query: SearchQuery, base: string): Promise<SearchPageText>;
  /** Resources of one patient's compartment, page by page. */
  compartment(query: CompartmentQuery): Promise<CompartmentPage>;
  /** What resources of the type are found by. */
  searchParameters(type: string): readonly SearchParameter[];
  /** Profiles, labels and tags that visible resources have. It looks at every one of them. */
  meta(query: MetaQuery): Promise<MetaInUse>;
  /** Whether a search of the type knows a parameter of this name, whatever its modifier and value. */
  knowsParameter(type: string, name: string): boolean;
  /** Types that a parameter's chain goes through, its last one too: a search by it tells something of them. */
  typesReached(type: string, name: string): ReadonlySet<string>;
  /** All writes in one SQL transaction and one round trip; in the order given. */
  write(writes: readonly Write[], context: WriteContext): Promise<readonly StoredVersion[]>;
  transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  /** The current resource a canonical means (`url` or `url|version`); the newest version without a version. */
  resolveCanonical(type: string, canonical: string): Promise<Resource | undefined>;
  audit(entries: readonly AuditEntry[]): Promise<void>;
}
