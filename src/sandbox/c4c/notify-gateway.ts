/** Tells the gateway that a ticket's state has changed, as an integration flow on SAP's side would. */
import { setTimeout as wait } from 'node:timers/promises';
import type { SandboxDependencies } from '../types.ts';
import type { Ticket } from './tickets.ts';

export interface Gateway {
  /** Address the message is posted to, e.g. `http://localhost:8080/inbound/sap-c4c/ticket-status`. */
  readonly url: string;
  /** Bearer secret the gateway knows this system by. */
  readonly secret: string;
}

export interface Notification {
  readonly message: Readonly<Record<string, unknown>>;
  /** Statuses of the attempts; 0 when the gateway could not be reached. */
  readonly attempts: number[];
}

const STATUS_TEXTS: Readonly<Record<string, string>> = {
  1: 'Open',
  2: 'In Process',
  3: 'Completed',
  4: 'Closed',
};

/** The message about a ticket's state. Its shape is ours: tenants configure theirs. */
export function statusMessage(
  ticket: Ticket,
  externalIdField: string,
  dependencies: SandboxDependencies,
): Readonly<Record<string, unknown>> {
  const code = String(ticket.fields['ServiceRequestLifeCycleStatusCode']);
  return {
    messageId: dependencies.uuid(),
    objectId: ticket.ObjectID,
    ticketNumber: ticket.ID,
    externalReference: ticket.fields[externalIdField],
    lifeCycleStatusCode: code,
    lifeCycleStatusText: STATUS_TEXTS[code],
    changedAt: dependencies.now().toISOString(),
  };
}

/** Posts a message until the gateway takes or refuses it for good; the pauses are given in milliseconds. */
export async function notifyGateway(
  gateway: Gateway,
  notification: Notification,
  pauses: readonly number[],
  dependencies: SandboxDependencies,
): Promise<void> {
  for (const pause of [0, ...pauses]) {
    await wait(pause);
    const status = await post(gateway, notification.message);
    notification.attempts.push(status);
    if (status !== 0 && status < 500 && status !== 429) return;
  }
  dependencies.logger.warn(
    { attempts: notification.attempts },
    'The gateway did not take a ticket-status message.',
  );
}

async function post(gateway: Gateway, message: Readonly<Record<string, unknown>>): Promise<number> {
  try {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.secret}` },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(10_000),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    // Not reached: the attempt is recorded as status 0 and repeated.
    return 0;
  }
}
