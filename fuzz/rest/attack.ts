/** Requests as the fuzzer makes them: bytes, not objects, since what is wrong may be the bytes. */

export interface Attack {
  readonly method: string;
  /** Path and query below the FHIR base, beginning with `/` or empty; encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** A tag that every resource of a transaction carries, to see afterwards how much of it was stored. */
  readonly tag?: string;
  /** How many resources the transaction would store. */
  readonly resources?: number;
}

export const FHIR_JSON = { 'Content-Type': 'application/fhir+json' } as const;

/** A request whose body is JSON text. */
export function jsonAttack(method: string, path: string, text: string, more: Partial<Attack> = {}): Attack {
  return { method, path, headers: FHIR_JSON, body: Buffer.from(text), ...more };
}
