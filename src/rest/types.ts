import type { Request } from 'express';
import type { Access } from '../access/index.ts';
import type { Language } from '../conformance/index.ts';
import type { Definitions } from '../definitions/index.ts';
import type { Issue } from '../outcome.ts';
import type { Principal } from '../principal.ts';
import type { Resource } from '../resource.ts';
import type { ExportStore, Store, StoreTransaction } from '../store/index.ts';
import type { BuiltInTerminology } from '../terminology/index.ts';
import type { PatchDocument } from './patch-document.ts';
import type { SubscriptionRules } from './subscription/admit-subscription.ts';
import type { MapSandbox } from './transform/map-sandbox.ts';

export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface RestLimits {
  /** Bytes of a request body, after decompression. */
  readonly bodyBytes: number;
  /** Levels of nesting in a JSON body. */
  readonly bodyDepth: number;
  /** Entries of a batch or transaction. */
  readonly bundleEntries: number;
  /** Entries of a page when the caller does not say, and at most. */
  readonly defaultCount: number;
  readonly maxCount: number;
  /** Resources that includes add to a page at most. */
  readonly maxIncluded: number;
}

export interface ExportLimits {
  /** Unfinished exports of one client. */
  readonly perClient: number;
  /** How long files are kept, in milliseconds. */
  readonly lifetimeMs: number;
  /** Lines of a file. */
  readonly rowsPerFile: number;
}

/** What the FHIR API is made of; everything it needs is passed in. */
export interface RestOptions {
  readonly definitions: Definitions;
  readonly store: Store;
  readonly access: Access;
  readonly conformance: {
    validate(resource: Resource, options?: { readonly profiles?: readonly string[] }): readonly Issue[];
    validateResponse(
      response: Resource,
      questionnaire: Resource,
      options?: { readonly language?: Language },
    ): readonly Issue[];
  };
  readonly terminology: {
    /** What comes with the gateway. */
    readonly builtIn: BuiltInTerminology;
    /** Looks up the stored value sets of a Questionnaire, before an answer is judged by it. */
    prepareFor(questionnaire: Resource): Promise<void>;
  };
  readonly forms: {
    /** Fills calculated items; pure. */
    completeResponse(
      questionnaire: Resource,
      response: Resource,
    ): { readonly response: Resource; readonly issues: readonly Issue[] };
  };
  /** @throws SiltaError `unauthenticated` or `token-expired` */
  readonly authenticate: (request: Request) => Promise<Principal>;
  /** Where maps of callers run. */
  readonly mapSandbox: MapSandbox;
  /** The content of `.well-known/smart-configuration`. */
  readonly smartConfiguration: () => object;
  /** Address of the FHIR base without a trailing slash, e.g. `https://gateway.example/fhir`. */
  readonly baseUrl: string;
  readonly clock: () => Date;
  readonly uuid: () => string;
  readonly logger: Logger;
  readonly limits: RestLimits;
  /** 32 bytes; the same on every gateway that shares a database, so that page links work on each. */
  readonly sealingKey: Uint8Array;
  /** Version of the software, for the CapabilityStatement. */
  readonly version: string;
  /** Whether a client may choose the id of a new resource by an update. */
  readonly clientIds: boolean;
  /** Whether relative references must lead to a resource; those of a caller confined to one patient always must. */
  readonly enforceReferences: boolean;
  /** Called after a committed write, to wake whoever waits for changes. */
  readonly onWritten?: () => void;
  readonly subscriptions: SubscriptionRules;
  readonly exports: ExportStore;
  readonly exportLimits: ExportLimits;
  /** Called after an export was asked for, to wake whoever runs them. */
  readonly onExport?: () => void;
}

/** What an Idempotency-Key asks for: hashes of the key and of the request. */
export interface Idempotency {
  readonly keyHash: string;
  readonly requestHash: string;
}

/** One interaction as asked for, over HTTP or as an entry of a Bundle. */
export interface FhirRequest {
  /** Type level and instance level: the resource type of the address. */
  readonly type: string;
  readonly id: string;
  readonly versionId: string;
  /** Query and form parameters, decoded, in order. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly resource?: Resource;
  readonly patch?: PatchDocument;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: string;
  readonly ifNoneExist?: string;
  readonly idempotency?: Idempotency;
  /** Whether search parameters that are not known are left aside; otherwise they are refused. */
  readonly preferHandling?: 'strict' | 'lenient';
  readonly preferReturn?: 'minimal' | 'representation' | 'OperationOutcome';
  /** Whether the caller takes its answer later. */
  readonly respondAsync?: boolean;
  readonly acceptsGzip?: boolean;
  /** Whether the body is sent as JSON just as it is, so that it may be in pieces. */
  readonly takesPieces?: boolean;
}

/** An answer before it becomes HTTP or an entry of a response Bundle. Bodies are JSON text. */
export interface FhirResponse {
  readonly status: number;
  readonly body?: string;
  /** The body in pieces, for a request that takes them. */
  readonly pieces?: readonly string[];
  readonly etag?: string;
  /** ISO instant. */
  readonly lastModified?: string;
  /** Absolute URL. */
  readonly location?: string;
  /** References that were read and shown, for the audit; absent where the store audits the write itself. */
  readonly shown?: {
    readonly action: string;
    readonly entities: readonly string[];
    /** Names and counts, never values. */
    readonly detail?: string;
  };
  /** Whether the body is JSON and no resource, so that it has no other form. */
  readonly isPlain?: boolean;
  /** Headers beside those above. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes as they come, instead of a body; their media type is among the headers. */
  readonly stream?: AsyncIterable<Uint8Array>;
}

/** What interactions read through: the store, or the transaction they are part of. */
export type Reader = Pick<StoreTransaction, 'read' | 'search'>;

/** One caller's request at work. */
export interface Session {
  readonly rest: RestOptions;
  readonly principal: Principal;
  readonly requestId: string;
  readonly reader: Reader;
  /** Language of findings about answers; English unless the caller accepts another of ours rather. */
  readonly language?: Language;
}

export type Interact = (request: FhirRequest, session: Session) => Promise<FhirResponse>;
