/** The six operations: what each sends, and what must come back. */
import type { Task } from 'fhir/r4';
import { headerOf, type Reply } from '../load/http-connection.ts';
import { CANONICAL, carePlanBundle, idOf, response, type Sizes, storedAt, task } from './samples.ts';

export const OPERATIONS = [
  'create',
  'read',
  'search-responses',
  'search-tasks',
  'transaction',
  'update',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A server under load. */
export interface Target {
  readonly name: 'gateway' | 'bare';
  readonly port: number;
  /** Bearer token; the bare server looks at none. */
  readonly token: string;
}

/** Makes one connection's requests, one after another. */
export interface Script {
  next(): Uint8Array;
  /** Looks at the answer of the last request. @throws Error when it is not what it must be */
  check(reply: Reply): void;
}

interface ScriptParts {
  readonly target: Target;
  readonly sizes: Sizes;
  /** Place of the connection among all of them. */
  readonly connection: number;
  readonly connections: number;
  /** Versions of Tasks that earlier rounds have made, by id. */
  readonly versions: Map<string, number>;
}

/** Prepared bodies: enough that they differ, so few that they cost no memory. */
const SAMPLES = 64;
const COUNT = 50;

export function createScript(operation: Operation, parts: ScriptParts): Script {
  switch (operation) {
    case 'create':
      return posting(parts, '/fhir/QuestionnaireResponse', 201, (n) => response(n, parts.sizes));
    case 'transaction':
      return posting(parts, '/fhir', 200, (n) => carePlanBundle(n, parts.sizes));
    case 'read':
      return getting(
        parts,
        parts.sizes.responses,
        (n) => `/fhir/QuestionnaireResponse/${idOf('QuestionnaireResponse', n)}`,
      );
    case 'search-responses':
      return getting(parts, Math.max(1, parts.sizes.responses - COUNT), (n) => {
        const query = new URLSearchParams({
          questionnaire: CANONICAL,
          _lastUpdated: `gt${storedAt(n).toISOString()}`,
          _count: String(COUNT),
        });
        return `/fhir/QuestionnaireResponse?${query}`;
      });
    case 'search-tasks':
      return getting(parts, parts.sizes.patients, (n) => {
        const subject = `Patient/${idOf('Patient', n)}`;
        const query = new URLSearchParams({
          patient: subject,
          status: 'requested,in-progress',
          _count: String(COUNT),
        });
        return `/fhir/Task?${query}`;
      });
    case 'update':
      return updating(parts);
  }
}

function posting(parts: ScriptParts, path: string, status: number, body: (n: number) => object): Script {
  const requests = Array.from({ length: SAMPLES }, (_, n) =>
    requestBytes(
      parts.target,
      'POST',
      path,
      {},
      JSON.stringify(body(n * parts.connections + parts.connection)),
    ),
  );
  let n = 0;
  return {
    next: () => requests[n++ % SAMPLES] as Uint8Array,
    check: (reply) => requireStatus(reply, status),
  };
}

/** Stored resources in an order that is neither the stored one nor another on each run. */
function getting(parts: ScriptParts, size: number, path: (n: number) => string): Script {
  const random = createRandom(parts.connection + 1);
  return {
    next: () => requestBytes(parts.target, 'GET', path(Math.floor(random() * size)), {}),
    check: (reply) => requireStatus(reply, 200),
  };
}

/** Each connection writes Tasks of its own, so that every version it names is current. */
function updating({ target, sizes, connection, connections, versions }: ScriptParts): Script {
  const own = Math.floor(sizes.tasks / connections);
  if (own === 0) throw new RangeError('There are fewer Tasks than connections.');
  let n = 0;
  let id = '';
  return {
    next() {
      const place = connection + (n++ % own) * connections;
      id = idOf('Task', place);
      const known = versions.get(id) ?? 1;
      const body: Task = { ...task(place, sizes), id, description: `Version after ${known}.` };
      return requestBytes(
        target,
        'PUT',
        `/fhir/Task/${id}`,
        { 'If-Match': `W/"${known}"` },
        JSON.stringify(body),
      );
    },
    check(reply) {
      requireStatus(reply, 200);
      const version = /"(\d+)"/.exec(headerOf(reply.head, 'etag') ?? '')?.[1];
      if (version === undefined) throw new Error('The answer to an update has no ETag.');
      versions.set(id, Number(version));
    },
  };
}

function requireStatus(reply: Reply, status: number): void {
  if (reply.status === status) return;
  throw new Error(`Expected ${status}, got ${reply.status}: ${reply.body.toString('utf8').slice(0, 600)}`);
}

function requestBytes(
  { port, token }: Target,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Uint8Array {
  const all = {
    Host: `localhost:${port}`,
    Authorization: `Bearer ${token}`,
    Accept: 'application/fhir+json',
    ...headers,
    ...(body !== undefined && {
      'Content-Type': 'application/fhir+json',
      'Content-Length': String(Buffer.byteLength(body)),
    }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
}

/** A small random source with a seed (mulberry32), so that two runs ask the same. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
