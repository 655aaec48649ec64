import type { OperationOutcome } from 'fhir/r4';
import type { StoredVersion, Visibility } from './types.ts';

/** Which resources of one type an export holds. */
export interface ExportQuery {
  readonly type: string;
  readonly visibility: Visibility;
  /** ISO instant; only what was written later. */
  readonly since?: string;
  /** Confines to compartments: of some patients, or of any. */
  readonly patients?: readonly string[] | 'any';
  /** Searches of which one must match; each a list of parameters that must all hold. Empty: no search. */
  readonly filters: readonly (readonly (readonly [name: string, value: string])[])[];
}

/** Deletions of several types. */
export interface DeletionQuery {
  readonly types: readonly string[];
  readonly visibility: Visibility;
  readonly since: string;
  readonly patients?: readonly string[] | 'any';
}

/** Rows of one statement, fetched as they are wanted. */
export interface RowSource<T> {
  /** The next rows, at most so many; fewer only at the end. */
  fetch(most: number): Promise<readonly T[]>;
}

/** Reads of one moment: what is committed later, is not seen. */
export interface Snapshot {
  /** ISO instant; every write with this `meta.lastUpdated` or an earlier one is in the snapshot. */
  readonly transactionTime: string;
  read(type: string, id: string): Promise<StoredVersion | undefined>;
  /** JSON texts of the resources. One source at a time: opening one closes the one before. */
  resources(query: ExportQuery): Promise<RowSource<string>>;
  /** References such as `Task/1`. */
  deletions(query: DeletionQuery): Promise<RowSource<string>>;
}

export interface ExportJob {
  readonly id: string;
  readonly client: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  /** As it was given to {@link ExportStore.addJob}. */
  readonly request: unknown;
  readonly ageSeconds: number;
  readonly progress: string | null;
  /** ISO instants. */
  readonly transactionTime: string | null;
  readonly expires: string | null;
  readonly outcome: OperationOutcome | null;
}

/** A job held by one run until its lease ends. */
export interface ClaimedExport {
  readonly id: string;
  readonly request: unknown;
  readonly lease: string;
  /** This run included: 1 on the first. */
  readonly attempts: number;
}

export interface ExportFile {
  /** Number of the file in its job, from 1. */
  readonly file: number;
  readonly kind: 'output' | 'deleted' | 'error';
  readonly type: string;
  /** Lines. */
  readonly count: number;
}

/** Export jobs and their files. Every write of a run says whether the run still holds its job. */
export interface ExportStore {
  /** Compiles a query without running it. @throws SiltaError `invalid-parameter` */
  check(query: ExportQuery): Promise<void>;
  /** Adds a job unless the client has `most` unfinished ones; false then. */
  addJob(
    job: { readonly id: string; readonly client: string; readonly request: object },
    most: number,
  ): Promise<boolean>;
  readJob(id: string): Promise<ExportJob | undefined>;
  listFiles(id: string): Promise<readonly ExportFile[]>;
  /** The n-th part (from 0) of a file's gzip stream; undefined after the last. */
  readChunk(id: string, file: number, n: number): Promise<Uint8Array | undefined>;
  /** Removes a job and its files; a run that holds it ends at its next write. */
  removeJob(id: string): Promise<void>;
  /** Takes the oldest job that waits or whose run has gone quiet, with what that run had written removed. */
  claim(lease: string, leaseMs: number): Promise<ClaimedExport | undefined>;
  extendLease(job: ClaimedExport, leaseMs: number, progress?: string): Promise<boolean>;
  addChunk(
    job: ClaimedExport,
    chunk: { readonly file: number; readonly n: number; readonly data: Uint8Array },
  ): Promise<boolean>;
  addFile(job: ClaimedExport, file: ExportFile): Promise<boolean>;
  finish(job: ClaimedExport, transactionTime: string, lifetimeMs: number): Promise<boolean>;
  fail(job: ClaimedExport, outcome: OperationOutcome, lifetimeMs: number): Promise<boolean>;
  /** Puts a job back, for another run to begin afresh. */
  release(job: ClaimedExport): Promise<void>;
  /** Removes what has expired. */
  sweep(): Promise<void>;
  /** Runs `work` on one moment of the database, holding a connection for so long. */
  snapshot<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T>;
}
