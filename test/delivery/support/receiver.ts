import type { OutgoingMessage, SendResult, Transport } from '../../../src/systems/index.ts';

/** A connected system as seen through its transport: it has each message's effect once per idempotency key. */
export interface Receiver {
  readonly transport: Transport;
  /** Payloads in the order of their effect. */
  readonly effects: unknown[];
  /** Idempotency keys in the order of the attempts that reached it. */
  readonly attempts: string[];
  /** Decides what becomes of an attempt; `undefined` lets it have its effect. */
  behave: (
    message: OutgoingMessage,
    attempt: number,
  ) => Promise<SendResult | undefined> | SendResult | undefined;
}

export function createReceiver(): Receiver {
  const seen = new Map<string, string>();
  const receiver: Receiver = {
    effects: [],
    attempts: [],
    behave: () => undefined,
    transport: {
      async send(message) {
        receiver.attempts.push(message.idempotencyKey);
        const instead = await receiver.behave(message, receiver.attempts.length);
        if (instead) return instead;
        return takeEffect(message);
      },
    },
  };
  const takeEffect = (message: OutgoingMessage): SendResult => {
    const known = seen.get(message.idempotencyKey);
    const remoteId = known ?? `R-${seen.size + 1}`;
    if (!known) {
      seen.set(message.idempotencyKey, remoteId);
      receiver.effects.push(message.payload);
    }
    return { ok: true, remoteId, status: known ? 200 : 201 };
  };
  return receiver;
}

export const down: SendResult = {
  ok: false,
  retryable: true,
  issue: {
    severity: 'error',
    code: 'transient',
    diagnostics: 'The system answered POST with 503 and no body.',
  },
};

export const refused: SendResult = {
  ok: false,
  retryable: false,
  issue: {
    severity: 'error',
    code: 'processing',
    diagnostics: 'The system answered POST with 400: no such code.',
  },
};
