/** Transport `http-json`: one message is one JSON request with an Idempotency-Key. */
import { addressBelow } from './address.ts';
import { connect, type TransportDependencies } from './connection.ts';
import { passing, settle } from './send-failure.ts';
import type { OutgoingMessage, SendResult, SystemDefinition, Transport } from './types.ts';

interface JsonSend {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  /** Property of the answer that holds the system's own id. */
  readonly remoteId?: string;
  /** Statuses by which the system says that it has this message already, e.g. 409 of Suomi.fi Messages. */
  readonly alreadyThere?: readonly number[];
}

/**
 * Sends JSON over HTTP.
 *
 * The idempotency key is the same on every attempt, so a system that honours it takes a message once.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function createJsonTransport(
  system: SystemDefinition,
  dependencies: TransportDependencies,
): Transport {
  const connection = connect(system.transport, dependencies);

  async function send(message: OutgoingMessage): Promise<SendResult> {
    const how = message.send as unknown as JsonSend;
    const answer = await connection.request({
      method: how.method,
      url: addressBelow(connection.base, how.path, message.payload),
      headers: {
        'content-type': 'application/json; charset=utf-8',
        accept: 'application/json',
        'idempotency-key': message.idempotencyKey,
      },
      body: JSON.stringify(message.payload),
      signal: message.signal,
    });
    const there = how.alreadyThere?.includes(answer.status) ?? false;
    if (!there && (answer.status < 200 || answer.status > 299)) throw connection.refusal(how.method, answer);
    return { ok: true, status: answer.status, ...readRemoteId(answer.body, how.remoteId) };
  }

  return { send: (message) => settle(() => send(message)) };
}

function readRemoteId(body: string, property: string | undefined): { remoteId?: string } {
  if (property === undefined) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw passing(
      'structure',
      `The system answered with success, but not with JSON that holds '${property}'.`,
    );
  }
  const value = (parsed as Record<string, unknown> | null)?.[property];
  if (typeof value === 'string' || typeof value === 'number') return { remoteId: String(value) };
  throw passing('structure', `The system answered with success, but without '${property}'.`);
}
