/** HTTP servers on free ports for the tests of this room, and the definition of a system behind one. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutgoingMessage, SystemDefinition, TransportDefinition } from '../../src/systems/index.ts';

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function listen(handler: RequestListener): Promise<RunningServer> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that records what it is sent and answers what it is told. */
export async function listenAndRecord(
  answer: (seen: SeenRequest, response: ServerResponse, count: number) => void,
): Promise<RunningServer & { readonly seen: readonly SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const entry = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    seen.push(entry);
    answer(entry, response, seen.length);
  });
  return { ...server, seen };
}

export function systemAt(
  transport: Partial<TransportDefinition> & { readonly baseUrl: string },
): SystemDefinition {
  return {
    name: 'test-system',
    title: 'Test system',
    sector: 'health',
    transport: { kind: 'http-json', auth: { kind: 'none' }, timeoutMs: 2_000, options: {}, ...transport },
    routes: [],
    inbound: [],
  };
}

export function message(
  payload: unknown,
  send: OutgoingMessage['send'],
  more: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  return {
    payload,
    send,
    idempotencyKey: 'delivery-7f3a',
    attempt: 1,
    signal: new AbortController().signal,
    ...more,
  };
}

export const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
