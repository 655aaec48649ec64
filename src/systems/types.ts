import type { CompiledMap } from '../mapping/index.ts';
import type { Issue } from '../outcome.ts';
import type { Sector } from '../principal.ts';

/** One connected system: `mappings/<name>/system.yaml`, checked by `mappings/system.schema.json`. */
export interface SystemDefinition {
  /** Folder name, e.g. `sap-c4c`. */
  readonly name: string;
  readonly title: string;
  readonly sector: Sector;
  readonly transport: TransportDefinition;
  readonly routes: readonly Route[];
  readonly inbound: readonly Inbound[];
}

export interface TransportDefinition {
  readonly kind: 'http-json' | 'odata' | 'fhir';
  /** Address, with `${VARIABLE}` from the environment (and a default after `:-`). */
  readonly baseUrl: string;
  readonly auth: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Route {
  readonly name: string;
  /** Resource type whose changes are looked at. */
  readonly on: string;
  /** FHIRPath over the resource; the route applies when it yields true. Absent: always. */
  readonly when?: string;
  readonly map: CompiledMap;
  /** Further source inputs of the map: input name → FHIRPath to a Reference or canonical of the routed resource. */
  readonly with: Readonly<Record<string, string>>;
  /** Transport-specific: method, path, look-up by external id … */
  readonly send: Readonly<Record<string, unknown>>;
}

export interface Inbound {
  /** Message name in `POST /inbound/{system}/{message}`. */
  readonly receive: string;
  readonly map: CompiledMap;
  /** FHIRPath to the message's own id, for deduplication. */
  readonly messageId: string;
  /** Business identifier by which the existing resource is found, e.g. `Task.identifier`. */
  readonly upsert: { readonly type: string; readonly identifierSystem: string };
  /** Elements the system owns: only these are taken over from the mapped resource. */
  readonly owns: readonly string[];
  readonly auth: Readonly<Record<string, string>>;
}

export interface OutgoingMessage {
  readonly payload: unknown;
  /** Same on every attempt of one delivery. */
  readonly idempotencyKey: string;
  /** 1 on the first attempt. */
  readonly attempt: number;
  readonly send: Route['send'];
  readonly signal: AbortSignal;
}

export type SendResult =
  | { readonly ok: true; readonly remoteId?: string; readonly status?: number }
  | {
      readonly ok: false;
      /** Whether trying again can help: network, 408, 429, 5xx. */
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
      readonly issue: Issue;
    };

export interface Transport {
  send(message: OutgoingMessage): Promise<SendResult>;
}
